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
	return add(o, "Activate", x.Shape(), func(out []float32, in [][]float32) {
		pointwise.Activate(out, in[0], act)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *ActivateOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	of := in[0]
	if o.Act.OfResult() {
		of = out
	}
	return only(addGradient("ActivateGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		pointwise.ActivateBackward(out, v[0], v[1], o.Act)
	}, grad, of))
}
