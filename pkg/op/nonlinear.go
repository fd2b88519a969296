package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/nonlinear"
)

// elementwise is a function of every element.
type elementwise struct {
	Base
	gradient func(gx, gy, v []float32) // v is the operand or, with ofResult, the result
	ofResult bool
}

func (o *elementwise) define(kind string, x *gorgonia.Node, f func(y, x []float32)) {
	o.Define(kind, x.Shape(), func(out []float32, in [][]float32) error {
		f(out, in[0])
		return nil
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *elementwise) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	of := in[0]
	if o.ofResult {
		of = out
	}
	return only(addGradient(o.Kind()+"Gradient", in[0].Shape(), func(out []float32, v [][]float32) {
		o.gradient(out, v[0], v[1])
	}, grad, of))
}

// GELUOp is the Gaussian error linear unit, either exact or approximated with tanh.
type GELUOp struct {
	elementwise
	Tanh bool
}

// GELU returns x*(1+erf(x/sqrt(2)))/2 for x of any shape, or with tanh the approximation
// x/2*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3))).
func GELU(x *gorgonia.Node, tanh bool) (*gorgonia.Node, error) {
	o := &GELUOp{Tanh: tanh}
	f := nonlinear.GELU
	o.gradient = nonlinear.GELUGradient
	if tanh {
		f, o.gradient = nonlinear.GELUTanh, nonlinear.GELUTanhGradient
	}
	o.define("GELU", x, f)
	return Apply(o)
}

// SigmoidOp is the logistic function.
type SigmoidOp struct{ elementwise }

// Sigmoid returns 1/(1+exp(-x)) for x of any shape.
func Sigmoid(x *gorgonia.Node) (*gorgonia.Node, error) {
	o := &SigmoidOp{elementwise{gradient: nonlinear.SigmoidGradient, ofResult: true}}
	o.define("Sigmoid", x, nonlinear.Sigmoid)
	return Apply(o)
}

// PReLUOp is a ReLU with learned slopes for negative elements.
type PReLUOp struct {
	Base
	in image
}

// PReLU returns x where x > 0, else slope*x, for x (N,C,H,W). slope has the shape (1), or (C) for one slope for each
// channel.
func PReLU(x, slope *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("PReLU", x)
	if err != nil {
		return nil, err
	}
	if s := slope.Shape(); len(s) != 1 || s[0] != 1 && s[0] != in.c {
		return nil, fmt.Errorf("PReLU: slope %s has shape %v, want (1) or (%d)", slope.Name(), s, in.c)
	}
	o := &PReLUOp{in: in}
	return add(o, "PReLU", x.Shape(), func(out []float32, v [][]float32) {
		nonlinear.PReLU(out, v[0], v[1], in.n, in.c, in.hw())
	}, x, slope)
}

// SymDiff implements gorgonia.SDOp.
func (o *PReLUOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	s := o.in
	gx, err := addGradient("PReLUGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		nonlinear.PReLUGradient(out, v[0], v[1], v[2], s.n, s.c, s.hw())
	}, grad, in[0], in[1])
	if err != nil {
		return nil, err
	}
	gSlope, err := addGradient("SlopeGradient", in[1].Shape(), func(out []float32, v [][]float32) {
		nonlinear.SlopeGradient(out, v[0], v[1], s.n, s.c, s.hw())
	}, grad, in[0])
	return gorgonia.Nodes{gx, gSlope}, err
}
