package mge

import (
	"fmt"
	"math"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
)

// Work is the size of a training run, from which strategies make plans.
type Work struct {
	// Batches are N_0, ..., N_L, from the finest to the coarsest mesh.
	Batches []int
	// Iterations is the number of iterations of Single, MGE and Mixed.
	Iterations int
	// Stages are the L+1 numbers of iterations of the stages of FullMultiscale, Progressive and the
	// strategies with crops, from the coarsest mesh to the finest.
	Stages []int
	// Budget scales the plan to a cost in work units, see Plan.Within. 0 does not scale it.
	Budget float64
	// Crops is the fraction of crops in MeshPatch; 0 stands for DefaultCrops.
	Crops float64
	// Against is the name of the strategy whose steps and cost SmallBatch has; "" stands for
	// FullMultiscale.
	Against string
}

// Doubling returns N_l = n0 * 2^l for l = 0..levels, the paper's batch sizes.
func Doubling(n0, levels int) []int {
	batches := make([]int, levels+1)
	for l := range batches {
		batches[l] = n0 << l
	}
	return batches
}

// Strategy is a way to train. It makes plans for work of any size.
type Strategy struct {
	Name string
	// Stages returns the stages of a plan, or an error if the work does not fit the
	// strategy.
	Stages func(w Work) ([]Stage, error)
}

// The strategies.
var (
	// Single takes the plain gradient on the finest mesh. Its batch is as large as those of all
	// terms of MGE together.
	Single = Strategy{"single", single}
	// MGE estimates the gradient on the finest mesh by the telescoping sum over all meshes.
	MGE = Strategy{"mge", multiscale}
	// FullMultiscale trains on the coarsest mesh first and then on finer and finer meshes. On
	// each mesh it uses MGE over that mesh and all coarser ones.
	FullMultiscale = Strategy{"fullmultiscale", coarseToFine}
	// Progressive is FullMultiscale with the plain gradient of each stage's mesh, at equal cost.
	// It shows what the telescoping sum contributes.
	Progressive = Strategy{"progressive", plainCoarseToFine}
)

// Strategies returns all strategies, in the order of tables.
func Strategies() []Strategy {
	return []Strategy{Single, MGE, FullMultiscale, Progressive, SmallBatch, Patches, ResizedCrops, MeshPatch, Mixed}
}

// ParseStrategy returns the strategy with the given name.
func ParseStrategy(name string) (Strategy, error) {
	of := func(s Strategy) string { return s.Name }
	if s, ok := lists.Find(Strategies(), of, name); ok {
		return s, nil
	}
	return Strategy{}, fmt.Errorf("unknown strategy %q: use one of %s", name, strings.Join(lists.Of(Strategies(), of), ", "))
}

// Plan returns the strategy's plan for work.
func (s Strategy) Plan(w Work) (Plan, error) {
	stages, err := s.Stages(w)
	if err != nil {
		return Plan{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	p := Plan{Strategy: s.Name, Stages: stages}
	if w.Budget > 0 {
		if p, err = p.Within(w.Budget); err != nil {
			return Plan{}, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return p, nil
}

func single(w Work) ([]Stage, error) {
	return []Stage{{Batches: []int{lists.Sum(w.Batches)}, Iterations: w.Iterations}}, nil
}

func multiscale(w Work) ([]Stage, error) {
	return []Stage{{Batches: w.Batches, Iterations: w.Iterations}}, nil
}

func coarseToFine(w Work) (stages []Stage, err error) {
	if len(w.Stages) != len(w.Batches) {
		return nil, fmt.Errorf("%d stages for %d meshes", len(w.Stages), len(w.Batches))
	}
	for j, iterations := range w.Stages {
		finest := len(w.Batches) - 1 - j
		stages = append(stages, Stage{Finest: finest, Batches: w.Batches[finest:], Iterations: iterations})
	}
	return stages, nil
}

func plainCoarseToFine(w Work) ([]Stage, error) {
	stages, err := coarseToFine(w)
	for i, s := range stages {
		// The same work per iteration, all of it on the stage's own mesh.
		whole, fraction := math.Modf(s.WorkUnits() / mesh.Cost(s.Finest))
		stages[i].Batches, stages[i].Fraction = []int{int(whole)}, fraction
	}
	return stages, err
}
