package optimize

import (
	"fmt"
	"slices"

	"multiscale/pkg/kernel"
	"multiscale/pkg/param"
)

// Rule is an optimization method: how one step changes values.
type Rule interface {
	// Name identifies the method in checkpoints and errors.
	Name() string
	// Moments is how many running numbers the method keeps for each value. They begin
	// at 0.
	Moments() int
	// Update does one step for a stretch of values, in place. gradient and each of the
	// moments are as long as values; gradient is not to be changed. The new value at i
	// may follow only from what the slices hold at i: a step calls Update for many
	// stretches, on several cores at once.
	Update(values, gradient []float32, moments [][]float32, s Step)
}

// Scaling is a Rule that divides by the root of a second moment of gradients, which one of its
// moments is, up to a factor that all values share.
type Scaling interface {
	Rule
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

// chunk is a stretch of values that one core updates at a time.
type chunk struct {
	lo, hi  int
	decays  bool
	moments [][]float32
}

// chunkSize is how many values are worth handing to another core.
const chunkSize = 1 << 14

// New returns an optimizer of the groups of parameters that has not taken a step. The
// groups follow one another from 0 on, as those of param.Set.Groups do; frozen ones stay
// as they are.
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

// Step changes the values by one step against their gradient. Both have the length of
// the groups; nothing is changed if they have not.
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

// SetLearningRate sets the rate of the steps that follow.
func (o *Optimizer) SetLearningRate(rate float64) { o.rate = rate }

// Name is the rule's.
func (o *Optimizer) Name() string { return o.rule.Name() }

// Steps is the number of steps so far.
func (o *Optimizer) Steps() int { return o.steps }

// State returns the moments: for each a vector as long as the groups. They belong to the
// optimizer and change with the next step.
func (o *Optimizer) State() [][]float32 { return o.state }

// SecondMoment is the second moment of gradients that steps are divided by the root of, up to a
// factor. It changes with the next step, and is nil before the first one and for rules that are
// not Scaling.
func (o *Optimizer) SecondMoment() []float32 {
	if s, ok := o.rule.(Scaling); ok && o.steps > 0 {
		return s.SecondMoment(o.state)
	}
	return nil
}

// Restore takes back what Steps and State returned. The moments may come in shorter
// pieces, in their order; without any they are zeros. Nothing is changed on an error.
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
