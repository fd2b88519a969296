package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// ConcatOp joins two operands along the channels.
type ConcatOp struct{ Base }

// Concat joins a (N,A,H,W) and b (N,B,H,W), or (N,A) and (N,B), to (N,A+B,...).
func Concat(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := imageOf("Concat", a)
	if err != nil {
		return nil, err
	}
	shape := b.Shape()
	other := a.Shape()
	if len(shape) == len(other) {
		other[1] = shape[1]
	}
	if err := want("Concat", "operand", b, other...); err != nil {
		return nil, err
	}
	ca, cb := x.c, shape[1]
	shape[1] = ca + cb
	o := &ConcatOp{}
	o.Define("Concat", shape, func(out []float32, v [][]float32) error {
		pointwise.Concat(out, v[0], v[1], x.n, ca, cb, x.hw())
		return nil
	}, a, b)
	return Apply(o)
}

// SymDiff implements gorgonia.SDOp.
func (o *ConcatOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	a, err := imageOf("Concat", in[0])
	if err != nil {
		return nil, err
	}
	cb := grad.Shape()[1] - a.c
	first, err := Gradient("Channels", in[0].Shape(), func(out []float32, v [][]float32) error {
		pointwise.Split(out, nil, v[0], a.n, a.c, cb, a.hw())
		return nil
	}, grad)
	if err != nil {
		return nil, err
	}
	second, err := Gradient("Channels", in[1].Shape(), func(out []float32, v [][]float32) error {
		pointwise.Split(nil, out, v[0], a.n, a.c, cb, a.hw())
		return nil
	}, grad)
	return gorgonia.Nodes{first, second}, err
}
