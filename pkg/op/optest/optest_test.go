package optest_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// recorder records the errors of a test that should fail.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// scaled is x*factor, with the gradient of x*claimed, which is wrong if the two differ.
type scaled struct {
	op.Base
	factor, claimed float32
}

func (o *scaled) SymDiff(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gx, err := op.Gradient("ScaledGradient", grad.Shape(), times(o.claimed), grad)
	return gorgonia.Nodes{gx}, err
}

func times(factor float32) op.Run {
	return func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = factor * x
		}
		return nil
	}
}

// TestStock: a loss that ends in stock operations passes.
func TestStock(t *testing.T) {
	f := func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		n := gorgonia.Must(op.MSE(in[0], in[1]))
		n = gorgonia.Must(gorgonia.Sqrt(gorgonia.Must(gorgonia.Add(n, gorgonia.NewConstant(float32(1))))))
		return gorgonia.Exp(gorgonia.Must(gorgonia.Div(n, gorgonia.NewConstant(float32(10)))))
	}
	optest.Case{Function: f, Inputs: []tensor.Shape{{2, 3}, {2, 3}}, Constants: 1}.Check(t)
}

// TestCheck: Check finds a wrong gradient, and a result that differs between runs.
func TestCheck(t *testing.T) {
	runs := float32(0)
	for _, tc := range []struct {
		name  string
		make  func() *scaled
		run   func(o *scaled) op.Run
		wrong string
	}{
		{"right", func() *scaled { return &scaled{factor: 2, claimed: 2} }, func(o *scaled) op.Run { return times(o.factor) }, ""},
		{"wrong gradient", func() *scaled { return &scaled{factor: 2, claimed: 2.01} }, func(o *scaled) op.Run { return times(o.factor) }, "slope"},
		{"differs", func() *scaled { return &scaled{factor: 2, claimed: 2} }, func(o *scaled) op.Run {
			return func(out []float32, in [][]float32) error {
				runs += 1e-6
				return times(o.factor+runs)(out, in)
			}
		}, "another run"},
	} {
		r := &recorder{TB: t}
		optest.Check(r, func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			o := tc.make()
			o.Define("Scaled", in[0].Shape(), tc.run(o), in[0])
			return op.Apply(o)
		}, tensor.Shape{2, 3})
		if got := strings.Join(r.errors, "\n"); (got == "") != (tc.wrong == "") || !strings.Contains(got, tc.wrong) {
			t.Errorf("%s: errors %q, want %q", tc.name, got, tc.wrong)
		}
	}
}
