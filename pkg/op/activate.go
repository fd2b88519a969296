package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
)

// Activation is a pointwise non-linearity.
type Activation struct {
	operation
	Act kernel.Activation
}

// Activate applies a non-linearity to every element of x, of any shape.
func Activate(x *gorgonia.Node, act kernel.Activation) (*gorgonia.Node, error) {
	o := &Activation{Act: act}
	o.define("Activate", x.Shape(), func(in [][]float32) error {
		pointwise.Activate(o.out, in[0], act)
		return nil
	}, x)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Activation) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *Activation) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	var back *backward
	gx, back, err := gradient("ActivateGradient", in[0].Shape(), func(v [][]float32) error {
		pointwise.ActivateBackward(back.out, v[0], v[1], o.Act)
		return nil
	}, grad, in[0])
	return gorgonia.Nodes{gx}, err
}
