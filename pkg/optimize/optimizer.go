package optimize

import (
	"fmt"
	"slices"

	"multiscale/pkg/kernel"
	"multiscale/pkg/param"
)

// Rule is an optimization method. It defines how one step changes values.
type Rule interface {
	// Name identifies the method in checkpoints and errors.
	Name() string
	// Moments is the number of running values that the method keeps for each parameter. They
	// are 0 at first.
	Moments() int
	// Update does one step for a range of the parameters, in place. gradient and each of the
	// moments are as long as values. Update must not change gradient. The new values at index
	// i may depend only on the slices at i, because a step calls Update for many ranges, on
	// several cores at once.
	Update(values, gradient []float32, moments [][]float32, s Step)
}

// Scaling is a Rule that divides steps by the root of a second moment of gradients. One of its
// moments is this second moment, up to a factor that is the same for all values.
type Scaling interface {
	Rule
	// SecondMoment returns that one of the moments.
	SecondMoment(moments [][]float32) []float32
}

// Step describes a step to a Rule.
type Step struct {
	Number       int // from 1
	LearningRate float64
	Decays       bool // whether weight decay applies to the values
}

// Optimizer applies a Rule to a flat vector of parameters. Equal steps give equal bytes,
// for any number of cores.
type Optimizer struct {
	rule   Rule
	n      int // values
	rate   float64
	steps  int
	state  [][]float32 // a vector for each moment
	chunks []chunk

	values, gradient []float32 // of the current step
}

// chunk is a range of values that one core updates at a time.
type chunk struct {
	lo, hi  int
	decays  bool
	moments [][]float32
}

// chunkSize is a number of values that is worth the cost of handing them to another core.
const chunkSize = 1 << 14

// New returns an optimizer of the groups of parameters that has not taken a step. The groups
// must be contiguous and start at 0, like those of param.Set.Groups. Values of frozen groups do
// not change.
func New(rule Rule, groups []param.Group, learningRate float64) *Optimizer {
	o := &Optimizer{rule: rule, rate: learningRate}
	if len(groups) > 0 {
		o.n = groups[len(groups)-1].To
	}
	for range rule.Moments() {
		o.state = append(o.state, make([]float32, o.n))
	}
	for _, g := range groups {
		if g.Frozen {
			continue
		}
		for lo := g.From; lo < g.To; lo += chunkSize {
			c := chunk{lo: lo, hi: min(lo+chunkSize, g.To), decays: g.Decays}
			for _, moment := range o.state {
				c.moments = append(c.moments, moment[c.lo:c.hi])
			}
			o.chunks = append(o.chunks, c)
		}
	}
	return o
}

// Step changes the values by one step against their gradient. It is an error, and nothing
// changes, if one of them does not have the total length of the groups.
func (o *Optimizer) Step(values, gradient []float32) error {
	if len(values) != o.n || len(gradient) != o.n {
		return fmt.Errorf("%s: %d values with a gradient of %d, the groups have %d", o.Name(), len(values), len(gradient), o.n)
	}
	o.steps++
	o.values, o.gradient = values, gradient
	kernel.Run(len(o.chunks), (*pass)(o))
	o.values, o.gradient = nil, nil
	return nil
}

// pass is a step in progress.
type pass Optimizer

// Do implements kernel.Job.
func (p *pass) Do(i int) {
	c := &p.chunks[i]
	p.rule.Update(p.values[c.lo:c.hi], p.gradient[c.lo:c.hi], c.moments, Step{Number: p.steps, LearningRate: p.rate, Decays: c.decays})
}

// SetLearningRate sets the learning rate of the following steps.
func (o *Optimizer) SetLearningRate(rate float64) { o.rate = rate }

// Name is the name of the rule.
func (o *Optimizer) Name() string { return o.rule.Name() }

// Steps is the number of steps so far.
func (o *Optimizer) Steps() int { return o.steps }

// State returns the moments, each a vector with the total length of the groups. They belong to
// the optimizer and change with the next step.
func (o *Optimizer) State() [][]float32 { return o.state }

// SecondMoment is the second moment of gradients, up to a factor, by the root of which the rule
// divides steps. It changes with the next step. It is nil before the first step, and for rules
// that are not Scaling.
func (o *Optimizer) SecondMoment() []float32 {
	if s, ok := o.rule.(Scaling); ok && o.steps > 0 {
		return s.SecondMoment(o.state)
	}
	return nil
}

// Restore sets the number of steps and the moments to what Steps and State returned. state may
// also have the moments in shorter pieces, in their order. For 0 steps it may be empty; the
// moments are then zeros. On an error nothing changes.
func (o *Optimizer) Restore(steps int, state [][]float32) error {
	if steps < 0 {
		return fmt.Errorf("%s: cannot restore %d steps", o.Name(), steps)
	}
	all := slices.Concat(state...)
	if len(all) == 0 && steps == 0 {
		all = make([]float32, len(o.state)*o.n)
	}
	if len(all) != len(o.state)*o.n {
		return fmt.Errorf("%s: the state has %d numbers, want %d for each of %d parameters", o.Name(), len(all), len(o.state), o.n)
	}
	o.steps = steps
	for i, moment := range o.state {
		copy(moment, all[i*o.n:])
	}
	return nil
}
