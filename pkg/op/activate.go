package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
)

// ActivateOp is a pointwise non-linearity.
type ActivateOp struct {
	Base
	Act kernel.Activation
}

// Activate applies a non-linearity to every element of x, of any shape.
func Activate(x *gorgonia.Node, act kernel.Activation) (*gorgonia.Node, error) {
	o := &ActivateOp{Act: act}
	o.Define("Activate", x.Shape(), func(out []float32, in [][]float32) error {
		pointwise.Activate(out, in[0], act)
		return nil
	}, x)
	return Apply(o)
}

// SymDiff implements gorgonia.SDOp.
func (o *ActivateOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gx, err := Gradient("ActivateGradient", in[0].Shape(), func(out []float32, v [][]float32) error {
		pointwise.ActivateBackward(out, v[0], v[1], o.Act)
		return nil
	}, grad, in[0])
	return gorgonia.Nodes{gx}, err
}
