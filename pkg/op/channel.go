package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// ChannelShift adds one number to all pixels of each sample's channel.
type ChannelShift struct{ operation }

// AddChannel returns x + e with x (N,C,H,W) and e (N,C).
func AddChannel(x, e *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("AddChannel", x)
	if err != nil {
		return nil, err
	}
	if err := want("AddChannel", "embedding", e, in.n, in.c); err != nil {
		return nil, err
	}
	o := &ChannelShift{}
	o.define("AddChannel", x.Shape(), func(v [][]float32) error {
		pointwise.AddChannel(o.out, v[0], v[1], in.n, in.c, in.hw())
		return nil
	}, x, e)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *ChannelShift) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *ChannelShift) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size, err := imageOf("AddChannel", in[0])
	if err != nil {
		return nil, err
	}
	var back *backward
	ge, back, err := gradient("ChannelSums", in[1].Shape(), func(v [][]float32) error {
		pointwise.ChannelSums(back.out, v[0], size.n, size.c, size.hw())
		return nil
	}, grad)
	return gorgonia.Nodes{grad, ge}, err
}
