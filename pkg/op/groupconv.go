package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/channel"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/kernel/groupconv"
	"multiscale/pkg/kernel/pointwise"
)

// generalForward is the forward pass of a convolution without packed weights.
func generalForward(y, x, w []float32, e conv.Epilogue, s groupconv.Shape) {
	groupconv.Forward(y, x, w, s)
	pixels := s.OutH * s.OutW
	if e.Bias != nil {
		channel.AddBias(y, e.Bias, s.N, s.O, pixels)
	}
	if e.Shift != nil {
		pointwise.AddChannel(y, y, e.Shift, s.N, s.O, pixels)
	}
	if e.Residual != nil {
		pointwise.Axpy(y, 1, e.Residual)
	}
}

// generalGradients sets grads to the gradients of a convolution without packed weights.
func (o *ConvOp) generalGradients(grads, in gorgonia.Nodes, grad *gorgonia.Node) (err error) {
	s := *o.general
	if grads[1], err = addWeightGradient("ConvWeightGradient", in[1].Shape(), s, grad, in[0]); err != nil {
		return err
	}
	if o.HasBias {
		if grads[o.Bias()], err = addBiasGradient(grad, s.N, s.O, s.OutH*s.OutW); err != nil {
			return err
		}
	}
	if o.HasShift {
		grads[o.Shift()], err = addGradient("ChannelSums", tensor.Shape{s.N, s.O}, func(out []float32, v [][]float32) {
			pointwise.ChannelSums(out, v[0], s.N, s.O, s.OutH*s.OutW)
		}, grad)
		if err != nil {
			return err
		}
	}
	if o.constantInput {
		return nil
	}
	grads[0], err = addGradient("ConvInputGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		groupconv.InputGradient(out, v[0], v[1], s)
	}, grad, in[1])
	return err
}

// addBiasGradient adds the sum of grad (N,C,H,W) over all axes except the channels.
func addBiasGradient(grad *gorgonia.Node, n, c, hw int) (*gorgonia.Node, error) {
	return addParameterGradient("BiasGradient", tensor.Shape{c}, n, func(out []float32, v [][]float32, count int) {
		channel.BiasGradient(out, v[0], count, c, hw)
	}, grad)
}

// weightGradient computes the gradient of the weights of a convolution from gy and x.
type weightGradient struct {
	Base
	sink
}

func addWeightGradient(kind string, shape tensor.Shape, s groupconv.Shape, gy, x *gorgonia.Node) (*gorgonia.Node, error) {
	o := &weightGradient{}
	return add(o, kind, shape, func(out []float32, v [][]float32) {
		if o.targets == nil {
			groupconv.WeightGradient(out, v[0], v[1], s, false)
		}
		lo := 0
		for _, t := range o.targets {
			hi, part := lo+t.Samples, s
			part.N = t.Samples
			groupconv.WeightGradient(t.Dst, samples(v[0], lo, hi, s.N), samples(v[1], lo, hi, s.N), part, t.Add)
			lo = hi
		}
	}, gy, x)
}

// TransposedConvOptions are the options of a transposed convolution.
type TransposedConvOptions struct {
	Stride        int  // default 1
	Padding       int  // padding of the adjoint convolution; it makes the result smaller
	OutputPadding int  // additional pixels at the right and the bottom; less than the larger of Stride and Dilation
	Dilation      int  // default 1
	Groups        int  // default 1
	ConstantInput bool // whether x needs no gradient
}

// TransposedConvOp is the adjoint of the convolution with the same weights, stride, padding, dilation and
// groups, plus a bias. Inputs are x, weight and, with HasBias, bias.
type TransposedConvOp struct {
	Base
	Kernel, Stride, Padding, OutputPadding, Dilation, Groups int
	HasBias                                                  bool

	adjoint       groupconv.Shape
	constantInput bool
}

// TransposedConv returns the transposed convolution of x (N,C,H,W) with weight (C,O/Groups,K,K) and bias (O), which
// may be nil: (N,O,H',W') with H' = (H-1)*Stride - 2*Padding + Dilation*(K-1) + 1 + OutputPadding.
func TransposedConv(x, weight, bias *gorgonia.Node, options TransposedConvOptions) (*gorgonia.Node, error) {
	const kind = "TransposedConv"
	in, err := imageOf(kind, x)
	if err != nil {
		return nil, err
	}
	o := &TransposedConvOp{Stride: max(options.Stride, 1), Padding: options.Padding, OutputPadding: options.OutputPadding,
		Dilation: max(options.Dilation, 1), Groups: max(options.Groups, 1), HasBias: bias != nil, constantInput: options.ConstantInput}
	w := weight.Shape()
	if in.c%o.Groups != 0 || len(w) != 4 || w[0] != in.c || w[2] != w[3] {
		return nil, fmt.Errorf("%s: weight %s has shape %v, want (%d,O,K,K), in %d groups", kind, weight.Name(), w, in.c, o.Groups)
	}
	if o.Padding < 0 || o.OutputPadding < 0 || o.OutputPadding >= max(o.Stride, o.Dilation) {
		return nil, fmt.Errorf("%s: padding %d and output padding %d: want output padding less than stride or dilation", kind, o.Padding, o.OutputPadding)
	}
	o.Kernel = w[2]
	side := func(side int) int {
		return groupconv.TransposedOut(side, o.Kernel, o.Stride, o.Padding, o.OutputPadding, o.Dilation)
	}
	out := image{in.n, w[1] * o.Groups, side(in.h), side(in.w)}
	if out.h < 1 || out.w < 1 {
		return nil, fmt.Errorf("%s: %dx%d pixels have no result with padding %d", kind, in.h, in.w, o.Padding)
	}
	o.adjoint = groupconv.Shape{N: in.n, C: out.c, H: out.h, W: out.w, O: in.c, OutH: in.h, OutW: in.w,
		Kernel: o.Kernel, Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation, Groups: o.Groups}
	inputs := gorgonia.Nodes{x, weight}
	if bias != nil {
		if err := want(kind, "bias", bias, out.c); err != nil {
			return nil, err
		}
		inputs = append(inputs, bias)
	}
	return add(o, kind, out.shape(), func(y []float32, v [][]float32) {
		groupconv.InputGradient(y, v[0], v[1], o.adjoint)
		if o.HasBias {
			channel.AddBias(y, v[2], out.n, out.c, out.hw())
		}
	}, inputs...)
}

// DiffWRT implements gorgonia.SDOp.
func (o *TransposedConvOp) DiffWRT(n int) []bool {
	wrt := o.Base.DiffWRT(n)
	wrt[0] = !o.constantInput
	return wrt
}

// SymDiff implements gorgonia.SDOp.
func (o *TransposedConvOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	grads, s := make(gorgonia.Nodes, len(in)), o.adjoint
	if grads[1], err = addWeightGradient("TransposedConvWeightGradient", in[1].Shape(), s, in[0], grad); err != nil {
		return nil, err
	}
	if o.HasBias {
		if grads[2], err = addBiasGradient(grad, s.N, s.C, s.H*s.W); err != nil {
			return nil, err
		}
	}
	if o.constantInput {
		return grads, nil
	}
	grads[0], err = addGradient("TransposedConvInputGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		groupconv.Forward(out, v[0], v[1], s)
	}, grad, in[1])
	return grads, err
}
