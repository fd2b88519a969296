package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	kernel "multiscale/pkg/kernel/loss"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/ssim"
)

// LossOp is a loss of a result y against a target. Only y has a gradient.
type LossOp struct {
	Base
	gradient Run
}

// Loss adds a loss for each sample and returns a node of shape (N). forward computes the N
// losses from y and target, both (N,...). gradient computes the gradient with respect to y
// (N,...) from y, target and a factor for each sample (N):
//
//	gradient[n,...] = factor[n] * dforward[n]/dy[n,...]
//
// kind names the operation.
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
	gy, err := Gradient(o.Kind()+"Gradient", in[0].Shape(), o.gradient, in[0], in[1], grad)
	return gorgonia.Nodes{gy, nil}, err
}

// MSE is the loss of each sample (N): the mean of (y-target)^2 over the sample's elements. y
// and target have shape (N,...).
func MSE(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return Loss("MSE", y, target, func(out []float32, v [][]float32) error {
		pointwise.MSE(out, v[0], v[1])
		return nil
	}, func(out []float32, v [][]float32) error {
		pointwise.MSEBackward(out, v[0], v[1], v[2])
		return nil
	})
}

// L1 is the loss of each sample (N): the mean of |y-target| over the sample's elements. y and target have
// shape (N,...).
func L1(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return difference("L1", y, target, kernel.L1, 0)
}

// Charbonnier is the loss of each sample (N): the mean of sqrt((y-target)^2 + eps^2) over the sample's elements. y and
// target have shape (N,...).
func Charbonnier(y, target *gorgonia.Node, eps float64) (*gorgonia.Node, error) {
	return difference("Charbonnier", y, target, kernel.Charbonnier, eps)
}

// Huber is the loss of each sample (N): the mean over the sample's elements of d^2/2 if |d| <= delta, otherwise of
// delta*(|d|-delta/2), with d = y-target. y and target have shape (N,...).
func Huber(y, target *gorgonia.Node, delta float64) (*gorgonia.Node, error) {
	return difference("Huber", y, target, kernel.Huber, delta)
}

// difference is the mean of a function of y-target over each sample.
func difference(kind string, y, target *gorgonia.Node, f kernel.Function, p float64) (*gorgonia.Node, error) {
	return Loss(kind, y, target, func(out []float32, v [][]float32) error {
		kernel.Forward(out, v[0], v[1], f, p)
		return nil
	}, func(out []float32, v [][]float32) error {
		kernel.Backward(out, v[0], v[1], v[2], f, p)
		return nil
	})
}

// Dissimilarity is the loss of each sample (N): one minus the structural similarity of y and
// target (N,C,H,W), with a window of 11 pixels, sigma 1.5, L = 1 and zero padding.
func Dissimilarity(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return similarity("Dissimilarity", 1, y, target)
}

// NegativeSSIM is the loss of each sample (N): minus the structural similarity of y and
// target (N,C,H,W), with a window of 11 pixels, sigma 1.5, L = 1 and zero padding.
func NegativeSSIM(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return similarity("NegativeSSIM", 0, y, target)
}

// similarity is offset - SSIM.
func similarity(kind string, offset float64, y, target *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf(kind, y)
	if err != nil {
		return nil, err
	}
	if err := want(kind, "target", target, in.shape()...); err != nil {
		return nil, err
	}
	size := ssim.Shape{N: in.n, C: in.c, H: in.h, W: in.w}
	values := make([]float64, in.n)
	weights := make([]float32, in.n)
	return Loss(kind, y, target, func(out []float32, v [][]float32) error {
		ssim.Forward(values, v[0], v[1], size)
		for i, s := range values {
			out[i] = float32(offset - s)
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

// Weighted is a loss with its factor in a WeightedSum.
type Weighted struct {
	Factor float32
	Loss   func(y, target *gorgonia.Node) (*gorgonia.Node, error)
}

// WeightedSum is the loss of each sample (N): the sum of the terms' losses of y and target, each of shape (N), times their
// factors. It is an error if there are no terms.
func WeightedSum(y, target *gorgonia.Node, terms ...Weighted) (*gorgonia.Node, error) {
	if len(terms) == 0 {
		return nil, fmt.Errorf("WeightedSum: no losses")
	}
	ys, err := Fork(y, len(terms))
	if err != nil {
		return nil, err
	}
	o := &weightedSum{}
	losses := make(gorgonia.Nodes, len(terms))
	for i, term := range terms {
		if losses[i], err = term.Loss(ys[i], target); err != nil {
			return nil, err
		}
		if err := want("WeightedSum", "loss", losses[i], losses[0].Shape()...); err != nil {
			return nil, err
		}
		o.factors = append(o.factors, term.Factor)
	}
	return add(o, "WeightedSum", losses[0].Shape(), func(out []float32, v [][]float32) {
		for n := range out {
			var sum float64
			for i, f := range o.factors {
				sum += float64(float64(f) * float64(v[i][n]))
			}
			out[n] = float32(sum)
		}
	}, losses...)
}

type weightedSum struct {
	Base
	factors []float32
}

// SymDiff implements gorgonia.SDOp.
func (o *weightedSum) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	grads = make(gorgonia.Nodes, len(in))
	for i, f := range o.factors {
		grads[i], err = addGradient("WeightedSumGradient", grad.Shape(), func(out []float32, v [][]float32) {
			pointwise.Scale(out, f, v[0])
		}, grad)
		if err != nil {
			return nil, err
		}
	}
	return grads, nil
}
