package optimize

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/param"
)

// Solver adapts a Rule to gorgonia.Solver, for programs whose parameters are nodes of a graph.
// If the rule has weight decay, it applies to all of them. Step must get the same parameters in
// the same order each time. It does not zero the gradients.
type Solver struct {
	Rule         Rule
	LearningRate float64

	optimizer        *Optimizer
	values, gradient []float32
}

var _ gorgonia.Solver = (*Solver)(nil)

// Step implements gorgonia.Solver for dense tensors of float32. On an error nothing changes.
func (s *Solver) Step(model []gorgonia.ValueGrad) error {
	if len(model) == 0 {
		return nil
	}
	s.values, s.gradient = s.values[:0], s.gradient[:0]
	var groups []param.Group
	for i, x := range model {
		p, g, err := data(x)
		if err != nil {
			return fmt.Errorf("%s: parameter %d: %w", s.Rule.Name(), i, err)
		}
		if len(p) != len(g) {
			return fmt.Errorf("%s: parameter %d has %d elements, its gradient %d", s.Rule.Name(), i, len(p), len(g))
		}
		groups = append(groups, param.Group{From: len(s.values), To: len(s.values) + len(p), Decays: true})
		s.values, s.gradient = append(s.values, p...), append(s.gradient, g...)
	}
	if s.optimizer == nil {
		s.optimizer = New(s.Rule, groups, s.LearningRate)
	}
	s.optimizer.SetLearningRate(s.LearningRate)
	if err := s.optimizer.Step(s.values, s.gradient); err != nil {
		return err
	}
	for i, x := range model {
		copy(x.Value().Data().([]float32), s.values[groups[i].From:groups[i].To])
	}
	return nil
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
