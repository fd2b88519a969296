package setting

import "multiscale/pkg/task"

// Profile is a named size of the work.
type Profile struct {
	Name       string
	Side       int // of the finest mesh, in pixels
	Levels     int // L: meshes coarser than the finest
	Batch      int // N_0, images on the finest level; doubles with every coarser level
	Iterations int // of single-scale and MGE, and of the first stage
}

// For returns the profile for a task: with the batch times the task's BatchFactor, at least 1.
func (p Profile) For(t task.Task) Profile {
	p.Batch = max(1, int(float64(p.Batch)*t.BatchFactor))
	return p
}

// Profiles returns the three profiles, the default first: a first try in minutes, an
// evening on a CPU, and the size of the paper.
func Profiles() []Profile {
	return []Profile{
		{"quick", 32, 2, 8, 160},
		{"cpu", 64, 3, 16, 100},
		{"paper", 128, 3, 16, 2000},
	}
}

// Halved returns the default iterations of Full-Multiscale's stages, coarse to fine:
// iterations/2^j, rounded up, such as 100, 50, 25, 13.
func Halved(iterations, levels int) []int {
	stages := make([]int, levels+1)
	for j := range stages {
		stages[j] = (iterations + 1<<j - 1) >> j
	}
	return stages
}
