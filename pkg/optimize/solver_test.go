package optimize

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/param"
)

// parameter is a value with a gradient, as Gorgonia's solvers take them.
type parameter struct {
	value, grad gorgonia.Value
	err         error
}

func (p parameter) Value() gorgonia.Value         { return p.value }
func (p parameter) Grad() (gorgonia.Value, error) { return p.grad, p.err }

func newParameter(p, g []float32) parameter {
	return parameter{value: dense(p), grad: dense(g)}
}

func dense(x []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))
}

// TestSolver: separate tensors take the same steps as one flat vector.
func TestSolver(t *testing.T) {
	const n = 30
	flat := gradient(100, n)
	one, two := slices.Clone(flat[:20]), slices.Clone(flat[20:])
	o := New(AdamW{WeightDecay: 0.1}, []param.Group{{To: n, Decays: true}}, 0.01)
	s := &Solver{Rule: AdamW{WeightDecay: 0.1}, LearningRate: 0.01}
	if err := s.Step(nil); err != nil { // has no effect, also on later steps
		t.Fatal(err)
	}
	for step := range 5 {
		g := gradient(step, n)
		if err := o.Step(flat, g); err != nil {
			t.Fatal(err)
		}
		if err := s.Step([]gorgonia.ValueGrad{newParameter(one, g[:20]), newParameter(two, g[20:])}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(flat, slices.Concat(one, two)) {
		t.Error("other values")
	}
}

// TestAgreesWithGorgonia runs Gorgonia's own Adam beside ours.
func TestAgreesWithGorgonia(t *testing.T) {
	const n = 33
	p, q := gradient(100, n), gradient(100, n)
	ours, theirs := &Solver{Rule: Adam{}, LearningRate: 1e-2}, gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-2))
	for step := range 5 {
		for solver, x := range map[gorgonia.Solver][]float32{ours: p, theirs: q} {
			if err := solver.Step([]gorgonia.ValueGrad{newParameter(x, gradient(step, n))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range p {
		if math.Abs(float64(p[i]-q[i])) > 5*rounding*max(1, math.Abs(float64(q[i]))) {
			t.Errorf("element %d: %v, Gorgonia's %v", i, p[i], q[i])
		}
	}
}

func TestSolverErrors(t *testing.T) {
	doubles := tensor.New(tensor.WithBacking([]float64{1}))
	for name, c := range map[string]struct {
		model []gorgonia.ValueGrad
		says  string
	}{
		"gradient of another length": {[]gorgonia.ValueGrad{newParameter(make([]float32, 2), make([]float32, 3))}, "its gradient 3"},
		"float64":                    {[]gorgonia.ValueGrad{parameter{value: doubles, grad: doubles}}, "float32"},
		"no gradient":                {[]gorgonia.ValueGrad{parameter{value: doubles, err: errors.New("none yet")}}, "none yet"},
		"other parameters":           {[]gorgonia.ValueGrad{newParameter(make([]float32, 2), make([]float32, 2))}, "2 values"},
	} {
		s := &Solver{Rule: Adam{}}
		if err := s.Step([]gorgonia.ValueGrad{newParameter(make([]float32, 1), make([]float32, 1))}); err != nil {
			t.Fatal(err)
		}
		err := s.Step(c.model)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "adam: ") {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
	}
}
