package optimize

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pointwise"
)

// Optimizer is a gorgonia.Solver that a run can be stopped and resumed with.
//
// Step updates the parameters in place from their gradients. It must be given
// the same parameters in the same order every time; the state of each is made
// at the first step. Step does not zero the gradients.
type Optimizer interface {
	gorgonia.Solver
	// SetLearningRate sets the rate of the steps that follow.
	SetLearningRate(lr float64)
	// Steps returns how many steps have been taken.
	Steps() int
	// State returns the running moments in a stable order. They belong to the
	// optimizer and change with the next step. Before the first step there are
	// none.
	State() [][]float32
	// Restore puts back what Steps and State returned, from a copy.
	Restore(steps int, state [][]float32) error
	// Name identifies the method in checkpoints and reports.
	Name() string
}

// solver is what the methods share: the counting of steps, and state of some
// float32 slices for each parameter, kept as one slice of slices: all of the
// first kind, then all of the second.
type solver struct {
	rate   float64
	steps  int
	kinds  int
	state  [][]float32
	name   string
	list   *pointwise.List
	pass   []pair // the parameters of the step at hand
	update update
}

// update does a step for elements [lo,hi) of parameter i: these are p, and their gradient g.
type update func(p, g []float32, i, lo, hi int)

// pair is a parameter and its gradient.
type pair struct{ p, g []float32 }

// SetLearningRate implements Optimizer.
func (s *solver) SetLearningRate(lr float64) { s.rate = lr }

// Steps implements Optimizer.
func (s *solver) Steps() int { return s.steps }

// State implements Optimizer.
func (s *solver) State() [][]float32 { return s.state }

// Name implements Optimizer.
func (s *solver) Name() string { return s.name }

// Restore implements Optimizer.
func (s *solver) Restore(steps int, state [][]float32) error {
	switch {
	case steps < 0:
		return fmt.Errorf("%s: cannot restore %d steps", s.name, steps)
	case len(state)%s.kinds != 0:
		return fmt.Errorf("%s: cannot restore %d slices: the state has %d for each parameter", s.name, len(state), s.kinds)
	}
	params := len(state) / s.kinds
	for i, x := range state {
		if want := len(state[i%max(params, 1)]); len(x) != want {
			return fmt.Errorf("%s: slice %d of the state has length %d, its parameter %d", s.name, i, len(x), want)
		}
	}
	s.steps, s.state, s.list = steps, nil, nil
	for _, x := range state {
		s.state = append(s.state, append([]float32{}, x...))
	}
	return nil
}

// Step implements gorgonia.Solver. Nothing is changed if it fails.
func (s *solver) Step(model []gorgonia.ValueGrad) error {
	if len(s.state) != 0 && len(s.state) != s.kinds*len(model) {
		return fmt.Errorf("%s: %d parameters, but the state is for %d", s.name, len(model), len(s.state)/s.kinds)
	}
	s.pass = s.pass[:0]
	for i, x := range model {
		p, g, err := data(x)
		if err != nil {
			return fmt.Errorf("%s: parameter %d: %w", s.name, i, err)
		}
		if len(p) != len(g) {
			return fmt.Errorf("%s: parameter %d has %d elements, its gradient %d", s.name, i, len(p), len(g))
		}
		if len(s.state) != 0 && len(s.state[i]) != len(p) {
			return fmt.Errorf("%s: parameter %d has %d elements, its state %d", s.name, i, len(p), len(s.state[i]))
		}
		s.pass = append(s.pass, pair{p, g})
	}
	if len(s.state) == 0 {
		s.allocate()
		s.list = nil // a step without parameters may have been before
	}
	if s.list == nil {
		s.list = pointwise.NewList(s.lengths())
	}
	s.steps++
	s.list.Run(s)
	return nil
}

func (s *solver) allocate() {
	for range s.kinds {
		for _, n := range s.lengths() {
			s.state = append(s.state, make([]float32, n))
		}
	}
}

// lengths are those of the parameters of the step at hand.
func (s *solver) lengths() []int {
	n := make([]int, len(s.pass))
	for i, x := range s.pass {
		n[i] = len(x.p)
	}
	return n
}

// Elements implements pointwise.Pass.
func (s *solver) Elements(i, lo, hi int) {
	s.update(s.pass[i].p[lo:hi], s.pass[i].g[lo:hi], i, lo, hi)
}

// data returns the elements of a parameter and of its gradient.
func data(x gorgonia.ValueGrad) (p, g []float32, err error) {
	grad, err := x.Grad()
	if err != nil {
		return nil, nil, fmt.Errorf("no gradient: %w", err)
	}
	if p, err = floats(x.Value()); err != nil {
		return nil, nil, err
	}
	g, err = floats(grad)
	return p, g, err
}

func floats(v gorgonia.Value) ([]float32, error) {
	d, ok := v.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("the value is a %T, want a dense tensor of float32", v)
	}
	return d.Float32s(), nil
}
