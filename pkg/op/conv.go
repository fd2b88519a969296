package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
)

// ConvOptions are the parts of a convolution that have defaults.
type ConvOptions struct {
	Stride  int // default 1
	Padding int // zeros around the image; -1 for none, default Kernel/2

	// Algorithm computes the convolution and its gradients.
	Algorithm conv.Algorithm

	// Shift (N,O) is added to every pixel: an embedding of t.
	Shift *gorgonia.Node
	// Residual (N,O,H',W') is added to the result.
	Residual *gorgonia.Node

	// Filter keeps the weights' packed forms; with nil the operation packs
	// them anew in every run. Whoever changes the weights calls its Load.
	Filter *conv.Filter
	// ConstantInput says that x needs no gradient.
	ConstantInput bool
}

// Conv is a 2-D cross-correlation with zero padding:
//
//	y[n,o,i,j] = bias[o] + shift[n,o] + residual[n,o,i,j]
//	           + sum_{c,u,v} weight[o,c,u,v] x[n,c,i*Stride+u-Padding,j*Stride+v-Padding]
//
// Inputs are x, weight, bias, then shift and residual where they are given.
type Conv struct {
	operation
	Kernel, Stride, Padding int
	HasShift, HasResidual   bool

	size          conv.Shape
	filter        *conv.Filter
	shared        bool // the filter's owner loads it
	constantInput bool
}

// Convolve returns the convolution of x (N,C,H,W) with weight (O,C,K,K), K odd,
// or (O,C,1), and bias (O).
func Convolve(x, weight, bias *gorgonia.Node, options ConvOptions) (*gorgonia.Node, error) {
	in, err := imageOf("Conv", x)
	if err != nil {
		return nil, err
	}
	w := weight.Shape()
	k := 1
	if len(w) == 4 {
		k = w[2]
	}
	if len(w) < 3 || len(w) > 4 || w[1] != in.c || w[len(w)-1] != k || k%2 == 0 {
		return nil, fmt.Errorf("Conv: weight %s has shape %v, want (O,%d,K,K) with odd K", weight.Name(), w, in.c)
	}
	if err := want("Conv", "bias", bias, w[0]); err != nil {
		return nil, err
	}
	stride, padding := max(options.Stride, 1), options.Padding
	switch {
	case padding == 0:
		padding = k / 2
	case padding < 0:
		padding = 0
	}
	o := &Conv{Kernel: k, Stride: stride, Padding: padding, filter: options.Filter, shared: options.Filter != nil, constantInput: options.ConstantInput}
	o.size = conv.Shape{N: in.n, C: in.c, H: in.h, W: in.w, O: w[0], Kernel: k, Stride: stride, Padding: padding, Algorithm: options.Algorithm}
	if o.filter == nil {
		o.filter = conv.NewFilter(w[0], in.c, k)
	}
	out := image{in.n, w[0], o.size.OutH(), o.size.OutW()}
	if out.h < 1 || out.w < 1 {
		return nil, fmt.Errorf("Conv: a %dx%d image is smaller than the %dx%d kernel", in.h, in.w, k, k)
	}
	if err := o.size.Check(); err != nil {
		return nil, fmt.Errorf("Conv: %w", err)
	}
	inputs := gorgonia.Nodes{x, weight, bias}
	if s := options.Shift; s != nil {
		if err := want("Conv", "shift", s, in.n, out.c); err != nil {
			return nil, err
		}
		o.HasShift, inputs = true, append(inputs, s)
	}
	if r := options.Residual; r != nil {
		if err := want("Conv", "residual", r, out.shape()...); err != nil {
			return nil, err
		}
		o.HasResidual, inputs = true, append(inputs, r)
	}
	o.define("Conv", out.shape(), o.forward, inputs...)
	return apply(o)
}

func (o *Conv) forward(in [][]float32) error {
	if !o.shared {
		o.filter.Load(in[1])
	}
	e := conv.Epilogue{Bias: in[2]}
	if o.HasShift {
		e.Shift = in[3]
	}
	if o.HasResidual {
		e.Residual = in[len(in)-1]
	}
	conv.Forward(o.out, in[0], o.filter, o.size, e)
	return nil
}

// DiffWRT implements gorgonia.SDOp.
func (o *Conv) DiffWRT(n int) []bool {
	wrt := all(n)
	wrt[0] = !o.constantInput
	return wrt
}

// SymDiff implements gorgonia.SDOp.
func (o *Conv) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	gBias := make([]float32, o.size.O)
	var gShift []float32
	if o.HasShift {
		gShift = make([]float32, o.size.N*o.size.O)
	}
	weight := &ConvWeightGradient{size: o.size, gBias: gBias, gShift: gShift}
	weight.define("ConvWeightGradient", in[1].Shape(), weight.backward, grad, in[0])
	var err error
	if grads[1], err = apply(weight); err != nil {
		return nil, err
	}
	if grads[2], err = second(grads[1], tensor.Shape{o.size.O}, gBias); err != nil {
		return nil, err
	}
	if o.HasShift {
		if grads[3], err = second(grads[1], tensor.Shape{o.size.N, o.size.O}, gShift); err != nil {
			return nil, err
		}
	}
	if o.HasResidual {
		grads[len(in)-1] = grad
	}
	if o.constantInput {
		return grads, nil
	}
	var input *backward
	grads[0], input, err = gradient("ConvInputGradient", in[0].Shape(), func(v [][]float32) error {
		conv.InputGradient(input.out, v[0], o.filter, o.size)
		return nil
	}, grad, in[1], out)
	if err == nil {
		// The forward pass has packed the weights.
		input.output.OrderOnly = []int{2}
	}
	return grads, err
}

// ConvWeightGradient computes the gradients of a convolution's weights, bias and shift.
type ConvWeightGradient struct {
	operation
	size          conv.Shape
	gBias, gShift []float32
	dst           []float32 // nil: the operation's own result
	add           bool
	started       conv.Started
}

// Into implements Accumulator.
func (o *ConvWeightGradient) Into(dst []float32, add bool) { o.dst, o.add = dst, add }

func (o *ConvWeightGradient) backward([][]float32) error {
	o.start().Wait()
	return nil
}

func (o *ConvWeightGradient) start() conv.Started {
	dst, add := o.dst, o.add
	if dst == nil {
		dst, add = o.out, false
	}
	return conv.StartWeightGradient(dst, o.gBias, o.gShift, o.in[0], o.in[1], o.size, add)
}

// Start implements Deferrer.
func (o *ConvWeightGradient) Start() (err error) {
	defer o.caught(&err)
	o.started = o.start()
	return nil
}

// Wait implements Deferrer.
func (o *ConvWeightGradient) Wait() (err error) {
	defer o.caught(&err)
	o.started.Wait()
	return nil
}
