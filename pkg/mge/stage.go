package mge

import (
	"slices"

	"multiscale/pkg/mesh"
	"multiscale/pkg/share"
)

// Stage is a number of iterations with one gradient estimator. It uses the meshes of levels
// Finest, Finest+1, ..., with Batches[i] samples for the term of level Finest+i. Level 0 is the
// finest mesh of the hierarchy.
type Stage struct {
	Finest     int
	Batches    []int
	Iterations int
	// Fraction, in [0,1), is added to the batch of the stage's finest mesh. The fractions of
	// successive iterations add up to whole samples; see At.
	Fraction float64
	// Crops is the fraction of samples that are crops of the image on the finest mesh of the
	// hierarchy, with the sides of their term's mesh, instead of whole images on that mesh. With
	// Resized, crops have random sizes and are resized to these sides. See mesh.Request.
	Crops   float64
	Resized bool
	// Mixed takes the plain mean over the samples of all terms, each on its own mesh, without
	// differences between meshes.
	Mixed bool

	// Pilot is the cost in work units of a measurement before the first iteration, which
	// determines the batches; see pkg/allocation.
	Pilot float64
	// Continues is true if the stage continues the previous one with other batches. Both have
	// the same number.
	Continues bool
}

// request asks for a share of the batch of term i in an iteration. The share is empty or has at
// least `least` samples, if the batch has that many.
func (s Stage) request(iteration, i int, of share.Share, least int) mesh.Request {
	level := s.Finest + i
	r := mesh.Request{
		Iteration: iteration, Level: level, Size: s.Batches[i], Coarse: s.Differs(i),
		Crops: s.Crops, Resized: s.Resized,
	}
	r.From, r.To = of.Range(r.Size, least)
	return r
}

// Coarsest is the level of the coarsest mesh. It is Finest if the stage takes the plain gradient
// of one mesh.
func (s Stage) Coarsest() int { return s.Finest + len(s.Batches) - 1 }

// Differs reports whether term i is a difference, whose samples are also evaluated on the next coarser
// mesh.
func (s Stage) Differs(i int) bool { return !s.Mixed && i < len(s.Batches)-1 }

// Evaluated is the number of samples that are evaluated on the mesh of term i if the terms have the given
// batches. It includes the samples of the next finer term.
func (s Stage) Evaluated(i int, batches []int) int {
	n := batches[i]
	if i > 0 && s.Differs(i-1) {
		n += batches[i-1]
	}
	return n
}

// Allocates reports whether the stage's variance depends on the distribution of work among meshes.
func (s Stage) Allocates() bool { return len(s.Batches) > 1 && !s.Mixed }

// At returns the stage with the batches of its iteration i, from 0. If the stage has n samples
// and a fraction f on its finest mesh, iteration i has floor((i+1)(n+f)) - floor(i(n+f)) of them.
// The total so far differs from the exact number by less than one sample.
func (s Stage) At(i int) Stage {
	if more := s.carried(i+1) - s.carried(i); more > 0 {
		s.Batches = slices.Clone(s.Batches)
		s.Batches[0] += more
	}
	s.Fraction = 0
	return s
}

// carried is the number of whole samples of the fractions of the first iterations.
func (s Stage) carried(iterations int) int { return int(float64(iterations) * s.Fraction) }

// Max returns the largest batches that an iteration can have.
func (s Stage) Max() []int {
	if s.Fraction == 0 {
		return s.Batches
	}
	largest := slices.Clone(s.Batches)
	largest[0]++
	return largest
}

// Costs returns the work units of one sample of each term. Every sample of a difference is
// evaluated on two meshes (the paper's section on computational cost).
func (s Stage) Costs() []float64 {
	costs := make([]float64, len(s.Batches))
	for i := range costs {
		level := s.Finest + i
		costs[i] = mesh.Cost(level)
		if s.Differs(i) {
			costs[i] += mesh.Cost(level + 1)
		}
	}
	return costs
}

// WorkUnits is the cost in work units of one iteration, including the fraction of a sample.
func (s Stage) WorkUnits() float64 {
	var sum float64
	for i, cost := range s.Costs() {
		n := float64(s.Batches[i])
		if i == 0 {
			n += s.Fraction
		}
		sum += float64(n * cost)
	}
	return sum
}

// workUnits is the cost of the first iterations, with whole samples.
func (s Stage) workUnits(iterations int) float64 {
	whole := s
	whole.Fraction = 0
	return float64(float64(iterations)*whole.WorkUnits()) + float64(float64(s.carried(iterations))*s.Costs()[0])
}

// Images is the number of evaluations of the network in one iteration, on all meshes.
func (s Stage) Images() int {
	sum := 0
	for i := range s.Batches {
		sum += s.Evaluated(i, s.Batches)
	}
	return sum
}

// Plan is the sequence of stages of a strategy. A plan is immutable.
type Plan struct {
	Strategy string
	Stages   []Stage
	// Pilot is the cost in work units of a measurement before the first iteration, which
	// determines the number of meshes; see allocation.Variances.Depth.
	Pilot float64
}

// Iterations is the number of optimizer steps of the whole plan.
func (p Plan) Iterations() int {
	n := 0
	for _, s := range p.Stages {
		n += s.Iterations
	}
	return n
}

// WorkUnits is the cost in work units of the first iterations of the plan, including the pilots
// before them. WorkUnits(p.Iterations()) is the cost of the whole plan.
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
		sum += s.workUnits(n)
		iterations -= n
	}
	return sum
}

// Pilots is the cost in work units of all pilots.
func (p Plan) Pilots() float64 {
	sum := p.Pilot
	for _, s := range p.Stages {
		sum += s.Pilot
	}
	return sum
}

// At returns the index of an iteration's stage, the stage with the batches of that iteration, and whether
// the iteration is the last one with its stage number. Iterations are counted from 0 over all stages.
func (p Plan) At(iteration int) (index int, stage Stage, last bool) {
	for i, s := range p.Stages {
		if iteration < s.Iterations {
			continued := i+1 < len(p.Stages) && p.Stages[i+1].Continues
			return i, s.At(iteration), iteration == s.Iterations-1 && !continued
		}
		iteration -= s.Iterations
	}
	return len(p.Stages), Stage{}, false
}

// Number is the number, from 0, of the stage with the given index. A stage that continues the
// previous one has the same number.
func (p Plan) Number(index int) int {
	n := -1
	for _, s := range p.Stages[:min(index+1, len(p.Stages))] {
		if !s.Continues {
			n++
		}
	}
	return n
}

// Numbers is the number of different stage numbers.
func (p Plan) Numbers() int { return p.Number(len(p.Stages)-1) + 1 }
