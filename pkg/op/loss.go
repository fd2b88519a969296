package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/ssim"
)

// Loss is a scalar cost of a result y against a target. Only y has a gradient.
type Loss struct {
	operation
	symDiff func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error)
}

// MSE is the mean of (y-target)^2 over all elements.
func MSE(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	if err := want("MSE", "target", target, y.Shape()...); err != nil {
		return nil, err
	}
	o := &Loss{}
	o.define("MSE", nil, func(v [][]float32) error {
		o.setScalar(pointwise.MSE(v[0], v[1]))
		return nil
	}, y, target)
	o.symDiff = func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error) {
		var back *backward
		gy, back, err := gradient("MSEGradient", y.Shape(), func(v [][]float32) error {
			pointwise.MSEBackward(back.out, v[0], v[1], v[2][0])
			return nil
		}, y, target, grad)
		return gy, err
	}
	return apply(o)
}

// NegativeSSIM is minus the mean over the batch of the structural similarity of
// y and target (N,C,H,W): window 11, sigma 1.5, L = 1, zero padding.
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
	o.define("NegativeSSIM", nil, func(v [][]float32) error {
		ssim.Forward(values, v[0], v[1], size)
		var sum float64
		for _, s := range values {
			sum += s
		}
		o.setScalar(-sum / float64(in.n))
		return nil
	}, y, target)
	o.symDiff = func(y, target, grad *gorgonia.Node) (*gorgonia.Node, error) {
		var back *backward
		gy, back, err := gradient("NegativeSSIMGradient", y.Shape(), func(v [][]float32) error {
			for i := range weights {
				weights[i] = -v[2][0] / float32(in.n)
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
