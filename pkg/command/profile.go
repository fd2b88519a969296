package command

import (
	"slices"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
)

// Profile is a size of the work, under a name.
type Profile struct {
	Name       string
	Side       int // pixels of the finest mesh
	Levels     int // L: meshes coarser than the finest
	Batch      int // N_0, pictures on the finest level; doubles per coarser one
	Iterations int // of single-scale and MGE, and of the first stage
}

// Profiles are the three sizes of the project: for a first try in a minute, for
// an evening on a CPU, and the paper's own.
var Profiles = []Profile{
	{"quick", 32, 2, 8, 60},
	{"cpu", 64, 3, 16, 100},
	{"paper", 128, 3, 16, 2000},
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

// The names of the strategies of pkg/mge.
var (
	Single         = mge.Single.Name
	MGE            = mge.MGE.Name
	FullMultiscale = mge.FullMultiscale.Name
	Progressive    = mge.Progressive.Name
)

// Strategies returns the names of all strategies in the order in which tables show them.
func Strategies() (names []string) {
	for _, s := range mge.Strategies() {
		names = append(names, s.Name)
	}
	return names
}

// Network is a backbone that a task offers.
type Network struct {
	Name string
	// Multiple must divide the side of the coarsest mesh: 2 for every time
	// that the network halves its input.
	Multiple int
}

// Task is what the flags need to know of one experiment.
type Task struct {
	Name         string // denoising
	Does         string // "trains a network to ...", for -h
	Networks     []Network
	LearningRate float64
	Restriction  string  // the default
	BatchFactor  float64 // of the profiles' batch
	MinSide      int     // of the coarsest mesh, pixels

	Formats      []dataset.Format
	Restrictions []string
	Optimizers   optimize.Methods
	// Pending lists, flag by flag, the values that are part of the project but
	// that this version cannot do yet; "*" stands for all. They are left out
	// of the help and refused with a clear error.
	Pending map[string][]string

	// For commands that take some of the flags of training, and others:
	Command string         // its name; that of the task where it is empty
	Without []string       // flags of training that it does not have
	Extra   func(f *Flags) // defines those of its own; they come first in the help
}

func (t Task) command() string {
	if t.Command == "" {
		return t.Name
	}
	return t.Command
}

// folder is the beginning of the names of its run folders.
func (t Task) folder() string {
	if t.Command == "" {
		return t.Name
	}
	return t.Command + "-" + t.Name
}

// available returns the choices of a flag that this version can do.
func (t Task) available(name string, choices []string) (now []string) {
	for _, c := range choices {
		if !t.pending(name, c) {
			now = append(now, c)
		}
	}
	return now
}

func (t Task) pending(name, value string) bool {
	return slices.Contains(t.Pending[name], value) || slices.Contains(t.Pending[name], "*")
}
