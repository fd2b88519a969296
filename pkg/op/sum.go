package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// SumOp is the sum of operands of equal shape.
type SumOp struct{ Base }

// Sum returns x_1 + ... + x_k, added from left to right.
func Sum(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	if len(xs) == 0 {
		return nil, fmt.Errorf("Sum: no operands")
	}
	o := &SumOp{}
	for _, x := range xs[1:] {
		if err := want("Sum", "operand", x, xs[0].Shape()...); err != nil {
			return nil, err
		}
	}
	return add(o, "Sum", xs[0].Shape(), func(out []float32, in [][]float32) {
		pointwise.Sum(out, in...)
	}, xs...)
}

// SymDiff implements gorgonia.SDOp.
func (o *SumOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	for i := range grads {
		grads[i] = grad
	}
	return grads, nil
}
