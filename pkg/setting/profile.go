package setting

import "multiscale/pkg/task"

// Profile is a size of the work, under a name.
type Profile struct {
	Name       string
	Side       int // of the finest mesh, in pixels
	Levels     int // L: meshes coarser than the finest
	Batch      int // N_0, images on the finest level; doubles per coarser one
	Iterations int // of single-scale and MGE, and of the first stage
}

// For returns the size for a task, whose batch may be a share of the profile's.
func (p Profile) For(t task.Task) Profile {
	p.Batch = max(1, int(float64(p.Batch)*t.BatchFactor))
	return p
}

// Profiles returns the three sizes of the project, the default first: a first try in
// minutes, an evening on a CPU, and the paper's own.
func Profiles() []Profile {
	return []Profile{
		{"quick", 32, 2, 8, 160},
		{"cpu", 64, 3, 16, 100},
		{"paper", 128, 3, 16, 2000},
	}
}

// Halved returns the iterations of Full-Multiscale's stages, coarse to fine:
// each half of the one before, rounded up, as in all profiles (100, 50, 25, 13).
func Halved(iterations, levels int) []int {
	stages := make([]int, levels+1)
	for j := range stages {
		stages[j] = (iterations + 1<<j - 1) >> j
	}
	return stages
}
