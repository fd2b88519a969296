package allocation

import (
	"fmt"
	"slices"

	"multiscale/pkg/mge"
)

// Method is a way to choose the batches of the terms. All methods spend the same work units in an
// iteration. The cost of pilots is additional.
type Method string

// The methods.
const (
	// Fixed keeps the batches of the plan: the paper's doubling.
	Fixed Method = "fixed"
	// Optimal measures variances once, before the first iteration.
	Optimal Method = "optimal"
	// Adaptive measures variances again during training: at the start of every stage with a
	// difference, after FirstPilot iterations, and then whenever the number of iterations of the
	// stage has doubled. Variances change most at first, and long stages have few pilots.
	Adaptive Method = "adaptive"
)

// Methods returns all methods.
func Methods() []Method { return []Method{Fixed, Optimal, Adaptive} }

// FirstPilot is the number of iterations between the first two pilots of a stage.
const FirstPilot = 16

// Decision is the result of a pilot, from which batches follow.
type Decision struct {
	Iteration int // number of iterations before the pilot
	Variances Variances
	// Covariances are by level and layer, if the estimator has coefficients.
	Covariances []mge.Covariance   `json:",omitempty"`
	Halves      [][]mge.Covariance `json:",omitempty"` // see Controlled
}

// Allocation adds pilots to plans and applies their decisions.
type Allocation struct {
	Method       Method
	Coefficients mge.Coefficients
	// Cost returns the work units of a pilot that measures the terms of a stage.
	Cost func(terms mge.Stage) float64
}

// Plan returns a strategy's plan with its pilots and with the batches that follow from the
// decisions so far. Stages without a decision have the batches of the strategy. It is an error if
// the plan has no pilot for a decision.
func (a Allocation) Plan(strategy mge.Plan, decisions []Decision) (mge.Plan, error) {
	p := a.piloted(strategy)
	for _, d := range decisions {
		terms, due := a.Due(p, d.Iteration)
		if !due || !a.covers(d, terms) {
			return p, fmt.Errorf("a pilot before iteration %d, which the plan does not have", d.Iteration+1)
		}
		first := 0
		for i, s := range p.Stages {
			if first == d.Iteration || a.Method == Optimal {
				p.Stages[i] = a.allocate(d, s)
			}
			first += s.Iterations
		}
	}
	return p, nil
}

// covers reports whether a decision has the variances or covariances of all terms of a stage.
func (a Allocation) covers(d Decision, terms mge.Stage) bool {
	if a.Coefficients != mge.NoCoefficients {
		return len(d.Covariances) > terms.Coarsest()
	}
	return len(d.Variances.Single) > terms.Coarsest() && len(d.Variances.Difference) >= terms.Coarsest()
}

// allocate returns a stage with the batches that follow from a decision.
func (a Allocation) allocate(d Decision, s mge.Stage) mge.Stage {
	if a.Coefficients != mge.NoCoefficients {
		return a.controlled(d).Allocate(s)
	}
	return d.Variances.Allocate(s)
}

func (a Allocation) controlled(d Decision) Controlled {
	return Controlled{a.Coefficients, d.Covariances, d.Halves}
}

// Variances returns the variances of the terms of a stage for one sample that follow from a decision.
// With coefficients, they are in the norm of the decision and for the best coefficients of the stage's
// batches.
func (a Allocation) Variances(d Decision, s mge.Stage) []float64 {
	if a.Coefficients != mge.NoCoefficients {
		return a.controlled(d).residuals(s)
	}
	return d.Variances.Terms(s)
}

// Depth returns the number of coarser meshes, from 0 to max, for which the estimator on the finest mesh
// has the smallest product of variance and work units, according to a decision. stage returns the stage
// with a number of coarser meshes. The decision then determines its batches, unless the method is
// Fixed.
func (a Allocation) Depth(d Decision, max int, stage func(levels int) mge.Stage) int {
	chosen := func(levels int) mge.Stage {
		s := stage(levels)
		if a.Method != Fixed {
			s = a.allocate(d, s)
		}
		return s
	}
	if a.Coefficients != mge.NoCoefficients {
		return depth(max, chosen, a.controlled(d).Of)
	}
	return depth(max, chosen, d.Variances.Of)
}

// piloted returns the plan with the cost of pilots in a copy of its stages. Adaptive cuts stages
// at the pilots.
func (a Allocation) piloted(p mge.Plan) mge.Plan {
	stages := slices.Clone(p.Stages)
	switch a.Method {
	case Optimal:
		if all := a.measured(p, 0); all.Allocates() { // otherwise there is nothing to choose
			stages[0].Pilot = a.Cost(all)
		}
	case Adaptive:
		stages = nil
		for _, s := range p.Stages {
			if !s.Allocates() {
				stages = append(stages, s)
				continue
			}
			rest := s.Iterations
			for part := FirstPilot; rest > 0; part = s.Iterations - rest { // as many as all parts before
				next := s
				next.Iterations = min(part, rest)
				next.Pilot = a.Cost(s)
				next.Continues = rest < s.Iterations
				stages = append(stages, next)
				rest -= next.Iterations
			}
		}
	}
	p.Stages = stages
	return p
}

// measured returns a stage with the terms that the pilot before a stage measures.
func (a Allocation) measured(p mge.Plan, stage int) mge.Stage {
	if a.Method != Optimal {
		return p.Stages[stage]
	}
	// The stage with the most terms has the terms of all other stages.
	return slices.MaxFunc(p.Stages, func(x, y mge.Stage) int { return len(x.Batches) - len(y.Batches) })
}

// Due returns the stage whose terms the pilot before an iteration measures. due is false if there
// is no pilot. p must be a result of Plan.
func (a Allocation) Due(p mge.Plan, iteration int) (terms mge.Stage, due bool) {
	first := 0
	for i := range p.Stages {
		if first == iteration && p.Stages[i].Pilot > 0 {
			return a.measured(p, i), true
		}
		first += p.Stages[i].Iterations
	}
	return mge.Stage{}, false
}

// Until returns the part of a plan whose batches are known: the stages before the first pilot
// after an iteration.
func Until(p mge.Plan, iteration int) mge.Plan {
	first := 0
	for i, s := range p.Stages {
		if first > iteration && s.Pilot > 0 {
			p.Stages = p.Stages[:i]
			break
		}
		first += s.Iterations
	}
	return p
}
