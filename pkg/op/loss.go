package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/ssim"
)

// LossOp is a cost of a result y against a target. Only y has a gradient.
type LossOp struct {
	Base
	gradient Run
}

// Loss adds a cost of a kind for each sample: from y and target, both (N,...), forward
// computes N numbers, and gradient computes that with respect to y (N,...) from y, target and
// the factor of each sample (N):
//
//	gradient[n,...] = factor[n] * dforward[n]/dy[n,...]
func Loss(kind string, y, target *gorgonia.Node, forward, gradient Run) (*gorgonia.Node, error) {
	if y.IsScalar() {
		return nil, fmt.Errorf("%s: operand %s is a scalar, want (N,...)", kind, y.Name())
	}
	if err := want(kind, "target", target, y.Shape()...); err != nil {
		return nil, err
	}
	return loss(kind, tensor.Shape{y.Shape()[0]}, y, target, forward, gradient)
}

func loss(kind string, shape tensor.Shape, y, target *gorgonia.Node, forward, gradient Run) (*gorgonia.Node, error) {
	o := &LossOp{gradient: gradient}
	o.Define(kind, shape, forward, y, target)
	return Apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *LossOp) DiffWRT(int) []bool { return []bool{true, false} }

// SymDiff implements gorgonia.SDOp.
func (o *LossOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gy, err := Gradient(o.kind+"Gradient", in[0].Shape(), o.gradient, in[0], in[1], grad)
	return gorgonia.Nodes{gy, nil}, err
}

// MSE is the cost of each sample (N): the mean of (y-target)^2 over the
// sample's elements. y and target have shape (N,...).
func MSE(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return Loss("MSE", y, target, func(out []float32, v [][]float32) error {
		pointwise.MSE(out, v[0], v[1])
		return nil
	}, func(out []float32, v [][]float32) error {
		pointwise.MSEBackward(out, v[0], v[1], v[2])
		return nil
	})
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
	return Loss("NegativeSSIM", y, target, func(out []float32, v [][]float32) error {
		ssim.Forward(values, v[0], v[1], size)
		for i, s := range values {
			out[i] = float32(-s)
		}
		return nil
	}, func(out []float32, v [][]float32) error {
		for i, g := range v[2] {
			weights[i] = -g
		}
		ssim.Backward(out, v[0], v[1], size, weights)
		return nil
	})
}
