package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// Addition is the sum of operands of one shape.
type Addition struct{ operation }

// Sum returns x_1 + ... + x_k, added from left to right.
func Sum(xs ...*gorgonia.Node) (*gorgonia.Node, error) {
	if len(xs) == 0 {
		return nil, fmt.Errorf("Sum: no operands")
	}
	o := &Addition{}
	for _, x := range xs[1:] {
		if err := want("Sum", "operand", x, xs[0].Shape()...); err != nil {
			return nil, err
		}
	}
	o.define("Sum", xs[0].Shape(), func(in [][]float32) error {
		pointwise.Sum(o.out, in...)
		return nil
	}, xs...)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Addition) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *Addition) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	for i := range grads {
		grads[i] = grad
	}
	return grads, nil
}
