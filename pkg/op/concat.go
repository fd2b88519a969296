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
	return add(o, "Concat", shape, func(out []float32, v [][]float32) {
		pointwise.Concat(out, v[0], v[1], x.n, ca, cb, x.hw())
	}, a, b)
}

// SymDiff implements gorgonia.SDOp.
func (o *ConcatOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	a, err := imageOf("Concat", in[0])
	if err != nil {
		return nil, err
	}
	cb := grad.Shape()[1] - a.c
	first, err := addGradient("Channels", in[0].Shape(), func(out []float32, v [][]float32) {
		pointwise.Split(out, nil, v[0], a.n, a.c, cb, a.hw())
	}, grad)
	if err != nil {
		return nil, err
	}
	second, err := addGradient("Channels", in[1].Shape(), func(out []float32, v [][]float32) {
		pointwise.Split(nil, out, v[0], a.n, a.c, cb, a.hw())
	}, grad)
	return gorgonia.Nodes{first, second}, err
}
