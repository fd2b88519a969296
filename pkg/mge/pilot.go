package mge

import "slices"

// Allocation names a way to choose the batches of the terms. All spend the same
// work units in an iteration; what pilots cost comes on top.
type Allocation string

// The allocations.
const (
	// Fixed keeps the batches of the plan: the paper's doubling.
	Fixed Allocation = "fixed"
	// Optimal measures variances once, before the first iteration.
	Optimal Allocation = "optimal"
	// Adaptive measures them again while training: at the start of every stage with
	// a difference in it, after FirstPilot iterations, and then each time that as
	// many have passed as before. So much happens at first, little later, and
	// long stages have few pilots.
	Adaptive Allocation = "adaptive"
)

// FirstPilot is the number of iterations between the first two pilots of a stage.
const FirstPilot = 16

// Piloted returns the plan with the pilots of an allocation: stages that begin
// with one have the work units that it takes in Pilot, by cost of the terms that
// it measures. It is a plan that can be counted; batches follow from what the
// pilots measure, see Allocated.
func (p Plan) Piloted(a Allocation, cost func(measured Stage) float64) Plan {
	stages := slices.Clone(p.Stages)
	switch a {
	case Optimal:
		if all := p.measured(a, 0); len(all.Batches) > 1 { // else there is nothing to choose
			stages[0].Pilot = cost(all)
		}
	case Adaptive:
		stages = nil
		for _, s := range p.Stages {
			if len(s.Batches) < 2 {
				stages = append(stages, s)
				continue
			}
			rest := s.Iterations
			for part := FirstPilot; rest > 0; part = s.Iterations - rest { // doubles all iterations so far
				next := s
				next.Iterations = min(part, rest)
				next.Pilot = cost(s)
				next.Continues = rest < s.Iterations
				stages = append(stages, next)
				rest -= next.Iterations
			}
		}
	}
	p.Stages = stages
	return p
}

// measured returns the terms that the pilot before a stage measures.
func (p Plan) measured(a Allocation, stage int) Stage {
	if a != Optimal {
		return p.Stages[stage]
	}
	// The stage with the most terms has all others' among them.
	return slices.MaxFunc(p.Stages, func(x, y Stage) int { return len(x.Batches) - len(y.Batches) })
}

// Measured returns the stage whose terms the pilot before an iteration measures;
// ok is false where there is none. p is a plan that Piloted returned.
func (p Plan) Measured(a Allocation, iteration int) (s Stage, ok bool) {
	first := 0
	for i := range p.Stages {
		if first == iteration && p.Stages[i].Pilot > 0 {
			return p.measured(a, i), true
		}
		first += p.Stages[i].Iterations
	}
	return Stage{}, false
}

// Allocated returns the plan with the batches that follow from what the pilot
// before an iteration measured: of the stage that begins there, or, with Optimal,
// of all.
func (p Plan) Allocated(a Allocation, iteration int, v Variances) Plan {
	stages, first := slices.Clone(p.Stages), 0
	for i, s := range stages {
		if first == iteration || a == Optimal {
			stages[i] = s.Allocate(v)
		}
		first += s.Iterations
	}
	p.Stages = stages
	return p
}

// Until returns the part of the plan before the next pilot after an iteration:
// what is known of it.
func (p Plan) Until(iteration int) Plan {
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
