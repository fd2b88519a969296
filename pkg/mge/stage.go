package mge

import (
	"fmt"

	"multiscale/pkg/mesh"
)

// Stage is a number of iterations with one gradient estimator: on the meshes of
// levels Finest, Finest+1, ..., with Batches[i] samples for the term of level
// Finest+i. Level 0 is the finest mesh of the hierarchy.
type Stage struct {
	Finest     int
	Batches    []int
	Iterations int

	// Pilot is the work units of a measurement before the first iteration, from
	// which batches follow; see Plan.Piloted.
	Pilot float64
	// Continues says that the stage goes on with the meshes of the one before, and
	// that only the batches are others: the two are one stage to whoever counts.
	Continues bool
}

// Coarsest is the level of the coarsest mesh: Finest where the stage takes the
// plain gradient of one mesh.
func (s Stage) Coarsest() int { return s.Finest + len(s.Batches) - 1 }

// WorkUnits is the cost of one iteration: every sample of a difference is seen
// on two meshes (paper, section on computational cost).
func (s Stage) WorkUnits() float64 {
	var sum float64
	for i, cost := range s.Costs() {
		sum += float64(s.Batches[i]) * cost
	}
	return sum
}

// Images is the number of evaluations of the network in one iteration, on
// whatever mesh.
func (s Stage) Images() int {
	sum := 0
	for i, n := range s.Batches {
		sum += n
		if s.Finest+i < s.Coarsest() {
			sum += n
		}
	}
	return sum
}

// Strategy names a way to train.
type Strategy string

// The strategies.
const (
	// Single takes the plain gradient on the finest mesh, with the batch of all
	// of MGE's terms together.
	Single Strategy = "single"
	// MGE estimates the gradient on the finest mesh over all meshes.
	MGE Strategy = "mge"
	// FullMultiscale trains on the coarsest mesh first and takes the weights to
	// the next finer one, with MGE over all coarser meshes on each.
	FullMultiscale Strategy = "fullmultiscale"
	// Progressive is FullMultiscale with the plain gradient of each stage's own
	// mesh, at equal cost: what MGE has to beat.
	Progressive Strategy = "progressive"
)

// Strategies lists all strategies, in the order of tables.
func Strategies() []Strategy { return []Strategy{Single, MGE, FullMultiscale, Progressive} }

// Plan is a strategy in full: what is done in which order.
type Plan struct {
	Strategy Strategy
	Stages   []Stage
	// Pilot is the work units of a measurement before the first iteration, from
	// which it follows how many meshes there are; see Variances.Depth.
	Pilot float64
}

// Work is the size of a training run, from which strategies make plans.
type Work struct {
	// Batches are N_0, ..., N_L, from the finest to the coarsest mesh.
	Batches []int
	// Iterations of Single and MGE.
	Iterations int
	// Stages are the iterations of FullMultiscale's and Progressive's stages,
	// from the coarsest mesh to the finest: L+1 of them.
	Stages []int
}

// Doubling returns N_l = n0 * 2^l for l = 0..levels, the paper's batch sizes.
func Doubling(n0, levels int) []int {
	batches := make([]int, levels+1)
	for l := range batches {
		batches[l] = n0 << l
	}
	return batches
}

// Plan returns the plan of a strategy for this work.
func (w Work) Plan(s Strategy) (Plan, error) {
	p := Plan{Strategy: s}
	switch s {
	case Single:
		all := 0
		for _, n := range w.Batches {
			all += n
		}
		p.Stages = []Stage{{Batches: []int{all}, Iterations: w.Iterations}}
	case MGE:
		p.Stages = []Stage{{Batches: w.Batches, Iterations: w.Iterations}}
	case FullMultiscale, Progressive:
		if len(w.Stages) != len(w.Batches) {
			return p, fmt.Errorf("%s: %d stages for %d meshes", s, len(w.Stages), len(w.Batches))
		}
		for j, iterations := range w.Stages {
			finest := len(w.Batches) - 1 - j
			stage := Stage{Finest: finest, Batches: w.Batches[finest:], Iterations: iterations}
			if s == Progressive {
				// The same work an iteration, all of it on the stage's own mesh.
				stage.Batches = []int{int(stage.WorkUnits() / mesh.Cost(finest))}
			}
			p.Stages = append(p.Stages, stage)
		}
	default:
		return p, fmt.Errorf("unknown strategy %q", s)
	}
	return p, nil
}

// Iterations is the number of optimizer steps of the whole plan.
func (p Plan) Iterations() int {
	n := 0
	for _, s := range p.Stages {
		n += s.Iterations
	}
	return n
}

// WorkUnits is the cost of the first iterations of the plan; of all with
// p.Iterations(). The pilots before them count.
func (p Plan) WorkUnits(iterations int) float64 {
	var sum float64
	if iterations > 0 {
		sum = p.Pilot
	}
	for _, s := range p.Stages {
		n := min(iterations, s.Iterations)
		if n > 0 {
			sum += s.Pilot
		}
		sum += float64(n) * s.WorkUnits()
		iterations -= n
	}
	return sum
}

// Pilots is the work units of all pilots.
func (p Plan) Pilots() float64 {
	sum := p.Pilot
	for _, s := range p.Stages {
		sum += s.Pilot
	}
	return sum
}

// At returns the stage of an iteration, counted from 0 over all stages, and
// whether it is that stage's last.
func (p Plan) At(iteration int) (stage int, last bool) {
	for i, s := range p.Stages {
		if iteration < s.Iterations {
			continued := i+1 < len(p.Stages) && p.Stages[i+1].Continues
			return i, iteration == s.Iterations-1 && !continued
		}
		iteration -= s.Iterations
	}
	return len(p.Stages), false
}

// Number counts stages from 0, those that continue together with the ones they
// continue.
func (p Plan) Number(stage int) int {
	n := -1
	for _, s := range p.Stages[:min(stage+1, len(p.Stages))] {
		if !s.Continues {
			n++
		}
	}
	return n
}
