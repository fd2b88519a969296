package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// SoftmaxOp is the softmax over the last axis.
type SoftmaxOp struct{ Base }

// Softmax returns exp(x)/sum(exp(x)) over the last axis of x.
func Softmax(x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	if s.Dims() == 0 {
		return nil, fmt.Errorf("Softmax: operand %s is a scalar", x.Name())
	}
	cols := s[len(s)-1]
	o := &SoftmaxOp{}
	return add(o, "Softmax", s, func(out []float32, v [][]float32) {
		pointwise.Softmax(out, v[0], len(v[0])/cols, cols)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *SoftmaxOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	s := in[0].Shape()
	cols := s[len(s)-1]
	return only(addGradient("SoftmaxGradient", s, func(out []float32, v [][]float32) {
		pointwise.SoftmaxBackward(out, v[0], v[1], len(v[0])/cols, cols)
	}, grad, out))
}
