package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// AddChannelOp adds one number to all pixels of each channel of each sample.
type AddChannelOp struct {
	Base
	in image
}

// AddChannel returns x + e with x (N,C,H,W) and e (N,C).
func AddChannel(x, e *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("AddChannel", x)
	if err != nil {
		return nil, err
	}
	if err := want("AddChannel", "embedding", e, in.n, in.c); err != nil {
		return nil, err
	}
	o := &AddChannelOp{in: in}
	return add(o, "AddChannel", x.Shape(), func(out []float32, v [][]float32) {
		pointwise.AddChannel(out, v[0], v[1], in.n, in.c, in.hw())
	}, x, e)
}

// SymDiff implements gorgonia.SDOp.
func (o *AddChannelOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size := o.in
	ge, err := addGradient("ChannelSums", in[1].Shape(), func(out []float32, v [][]float32) {
		pointwise.ChannelSums(out, v[0], size.n, size.c, size.hw())
	}, grad)
	return gorgonia.Nodes{grad, ge}, err
}
