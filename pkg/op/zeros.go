package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ZerosOp makes zeros.
type ZerosOp struct {
	constant
	K int // zeros for each image
}

// Zeros returns k zeros for each image of x (N,...): shape (N) for k = 1, otherwise (N,k). It
// has no gradient.
func Zeros(x *gorgonia.Node, k int) (*gorgonia.Node, error) {
	if len(x.Shape()) == 0 || k < 1 {
		return nil, fmt.Errorf("Zeros: %d for each image of shape %v, want 1 at least of (N,...)", k, x.Shape())
	}
	shape := tensor.Shape{x.Shape()[0]}
	if k > 1 {
		shape = append(shape, k)
	}
	o := &ZerosOp{K: k}
	return add(o, "Zeros", shape, func(out []float32, _ [][]float32) {
		clear(out)
	}, x)
}
