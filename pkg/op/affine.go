package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/channel"
)

// AffineOp is x*Factor[c] + Offset[c] with constant factors and offsets.
type AffineOp struct {
	Base
	Factor, Offset []float32
	in             image
}

// Affine returns x*factor[c] + offset[c] for x (N,C,H,W), with C constant factors and offsets: a normalisation of
// channels, or its inverse.
func Affine(x *gorgonia.Node, factor, offset []float32) (*gorgonia.Node, error) {
	in, err := imageOf("Affine", x)
	if err != nil {
		return nil, err
	}
	if len(factor) != in.c || len(offset) != in.c {
		return nil, fmt.Errorf("Affine: %d factors and %d offsets for %d channels", len(factor), len(offset), in.c)
	}
	o := &AffineOp{Factor: factor, Offset: offset, in: in}
	return add(o, "Affine", x.Shape(), func(out []float32, v [][]float32) {
		channel.Scale(out, v[0], factor, in.n, in.c, in.hw())
		channel.AddBias(out, offset, in.n, in.c, in.hw())
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *AffineOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("AffineGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		channel.Scale(out, v[0], o.Factor, o.in.n, o.in.c, o.in.hw())
	}, grad))
}
