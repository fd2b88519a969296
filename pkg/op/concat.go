package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// Concatenation joins two operands along the channels.
type Concatenation struct{ operation }

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
	o := &Concatenation{}
	o.define("Concat", shape, func(v [][]float32) error {
		pointwise.Concat(o.out, v[0], v[1], x.n, ca, cb, x.hw())
		return nil
	}, a, b)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Concatenation) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *Concatenation) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	a, err := imageOf("Concat", in[0])
	if err != nil {
		return nil, err
	}
	cb := grad.Shape()[1] - a.c
	var ga, gb *backward
	first, ga, err := gradient("Channels", in[0].Shape(), func(v [][]float32) error {
		pointwise.Split(ga.out, nil, v[0], a.n, a.c, cb, a.hw())
		return nil
	}, grad)
	if err != nil {
		return nil, err
	}
	second, gb, err := gradient("Channels", in[1].Shape(), func(v [][]float32) error {
		pointwise.Split(nil, gb.out, v[0], a.n, a.c, cb, a.hw())
		return nil
	}, grad)
	return gorgonia.Nodes{first, second}, err
}
