package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// SoftmaxOp is the softmax over the last axis.
type SoftmaxOp struct{ operation }

// Softmax returns exp(x)/sum(exp(x)) over the last axis of x.
func Softmax(x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	if s.Dims() == 0 {
		return nil, fmt.Errorf("Softmax: operand %s is a scalar", x.Name())
	}
	cols := s[len(s)-1]
	o := &SoftmaxOp{}
	o.define("Softmax", s, func(v [][]float32) error {
		pointwise.Softmax(o.out, v[0], len(v[0])/cols, cols)
		return nil
	}, x)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *SoftmaxOp) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *SoftmaxOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	s := in[0].Shape()
	cols := s[len(s)-1]
	var back *backward
	gx, back, err := gradient("SoftmaxGradient", s, func(v [][]float32) error {
		pointwise.SoftmaxBackward(back.out, v[0], v[1], len(v[0])/cols, cols)
		return nil
	}, grad, out)
	return gorgonia.Nodes{gx}, err
}
