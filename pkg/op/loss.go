package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/ssim"
)

// Loss is a cost of a result y against a target. Only y has a gradient.
type Loss struct {
	operation
	symDiff func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error)
}

// MSE is the cost of each sample (N): the mean of (y-target)^2 over the
// sample's elements. y and target have shape (N,...).
func MSE(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	if y.IsScalar() {
		return nil, fmt.Errorf("MSE: operand %s is a scalar, want (N,...)", y.Name())
	}
	if err := want("MSE", "target", target, y.Shape()...); err != nil {
		return nil, err
	}
	o := &Loss{}
	o.define("MSE", tensor.Shape{y.Shape()[0]}, func(v [][]float32) error {
		pointwise.MSE(o.out, v[0], v[1])
		return nil
	}, y, target)
	o.symDiff = func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error) {
		var back *backward
		gy, back, err := gradient("MSEGradient", y.Shape(), func(v [][]float32) error {
			pointwise.MSEBackward(back.out, v[0], v[1], v[2])
			return nil
		}, y, target, grad)
		return gy, err
	}
	return apply(o)
}

// NegativeSSIM is the cost of each sample (N): minus the structural similarity
// of y and target (N,C,H,W), with window 11, sigma 1.5, L = 1 and zero padding.
func NegativeSSIM(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("NegativeSSIM", y)
	if err != nil {
		return nil, err
	}
	if err := want("NegativeSSIM", "target", target, in.shape()...); err != nil {
		return nil, err
	}
	size := ssim.Shape{N: in.n, C: in.c, H: in.h, W: in.w}
	values := make([]float64, in.n)
	weights := make([]float32, in.n)
	o := &Loss{}
	o.define("NegativeSSIM", tensor.Shape{in.n}, func(v [][]float32) error {
		ssim.Forward(values, v[0], v[1], size)
		for i, s := range values {
			o.out[i] = float32(-s)
		}
		return nil
	}, y, target)
	o.symDiff = func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error) {
		var back *backward
		gy, back, err := gradient("NegativeSSIMGradient", y.Shape(), func(v [][]float32) error {
			for i, g := range v[2] {
				weights[i] = -g
			}
			ssim.Backward(back.out, v[0], v[1], size, weights)
			return nil
		}, y, target, grad)
		return gy, err
	}
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Loss) DiffWRT(int) []bool { return []bool{true, false} }

// SymDiff implements gorgonia.SDOp.
func (o *Loss) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gy, err := o.symDiff(in[0], in[1], grad)
	return gorgonia.Nodes{gy, nil}, err
}
