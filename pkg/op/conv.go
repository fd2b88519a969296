package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/kernel/groupconv"
)

// ConvOptions are the options of a convolution.
type ConvOptions struct {
	Stride   int // default 1
	Dilation int // distance of the kernel's taps in pixels, default 1
	Groups   int // number of groups of channels, default 1
	// Padding is the number of zeros at each side of the image, or -1 for none. The default,
	// Dilation*(Kernel-1)/2, keeps the size with stride 1 and an odd kernel.
	Padding int

	// Algorithm computes the convolution and its gradients.
	Algorithm conv.Algorithm

	// Shift (N,O) is added to every pixel: an embedding of t.
	Shift *gorgonia.Node
	// Residual (N,O,H',W') is added to the result.
	Residual *gorgonia.Node

	// Filter keeps the packed weights of a Packed convolution. Its owner must call Load when
	// the weights change. If Filter is nil, the operation packs them in every run.
	Filter *conv.Filter
	// ConstantInput states that x needs no gradient.
	ConstantInput bool
}

// Packed reports whether the convolution has kernels that work on packed weights.
func (o ConvOptions) Packed() bool { return o.Dilation <= 1 && o.Groups <= 1 }

// ConvOp is a 2-D cross-correlation with zero padding:
//
//	y[n,o,i,j] = bias[o] + shift[n,o] + residual[n,o,i,j] + sum over c in the group of o, u, v of
//	             weight[o,c,u,v] x[n,c,i*Stride+u*Dilation-Padding,j*Stride+v*Dilation-Padding]
//
// Inputs are x and weight, followed by those of bias, shift and residual that exist.
type ConvOp struct {
	Base
	Kernel, Stride, Padding, Dilation, Groups int
	HasBias, HasShift, HasResidual            bool

	size          conv.Shape
	filter        *conv.Filter     // nil if general is set
	general       *groupconv.Shape // of a convolution without packed weights
	shared        bool             // whether the filter's owner loads it
	constantInput bool
}

// Conv returns the convolution of x (N,C,H,W) with weight (O,C/Groups,K,K), or (O,C/Groups,1)
// for K = 1, and bias (O), which may be nil.
func Conv(x, weight, bias *gorgonia.Node, options ConvOptions) (*gorgonia.Node, error) {
	in, err := imageOf("Conv", x)
	if err != nil {
		return nil, err
	}
	o := &ConvOp{Stride: max(options.Stride, 1), Dilation: max(options.Dilation, 1), Groups: max(options.Groups, 1), constantInput: options.ConstantInput}
	w := weight.Shape()
	o.Kernel = 1
	if len(w) == 4 {
		o.Kernel = w[2]
	}
	if in.c%o.Groups != 0 {
		return nil, fmt.Errorf("Conv: %d channels cannot be cut into %d groups", in.c, o.Groups)
	}
	if len(w) < 3 || len(w) > 4 || w[0]%o.Groups != 0 || w[1] != in.c/o.Groups || w[len(w)-1] != o.Kernel {
		return nil, fmt.Errorf("Conv: weight %s has shape %v, want (O,%d,K,K) with O a multiple of %d", weight.Name(), w, in.c/o.Groups, o.Groups)
	}
	switch {
	case options.Padding == 0:
		o.Padding = o.Dilation * (o.Kernel - 1) / 2
	case options.Padding > 0:
		o.Padding = options.Padding
	}
	side := func(side int) int { return groupconv.Out(side, o.Kernel, o.Stride, o.Padding, o.Dilation) }
	out := image{in.n, w[0], side(in.h), side(in.w)}
	if reach := o.Dilation*(o.Kernel-1) + 1; in.h+2*o.Padding < reach || in.w+2*o.Padding < reach {
		return nil, fmt.Errorf("Conv: a %dx%d image is smaller than the %dx%d kernel", in.h, in.w, reach, reach)
	}
	o.size = conv.Shape{N: in.n, C: in.c, H: in.h, W: in.w, O: w[0], Kernel: o.Kernel, Stride: o.Stride, Padding: o.Padding, Algorithm: options.Algorithm}
	if options.Packed() && o.Padding < o.Kernel {
		if err := o.size.Check(); err != nil {
			return nil, fmt.Errorf("Conv: %w", err)
		}
		o.filter, o.shared = options.Filter, options.Filter != nil
		if !o.shared {
			o.filter = conv.NewFilter(w[0], in.c, o.Kernel)
		}
	} else {
		o.general = &groupconv.Shape{N: in.n, C: in.c, H: in.h, W: in.w, O: w[0], OutH: out.h, OutW: out.w,
			Kernel: o.Kernel, Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation, Groups: o.Groups}
	}
	inputs := gorgonia.Nodes{x, weight}
	if bias != nil {
		if err := want("Conv", "bias", bias, w[0]); err != nil {
			return nil, err
		}
		o.HasBias, inputs = true, append(inputs, bias)
	}
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
	o.Define("Conv", out.shape(), o.forward, inputs...)
	return Apply(o)
}

// Bias is the position of the operand bias, or -1.
func (o *ConvOp) Bias() int { return position(o.HasBias, 2) }

// Shift is the position of the operand shift, or -1.
func (o *ConvOp) Shift() int { return position(o.HasShift, 2+count(o.HasBias)) }

// Residual is the position of the operand residual, or -1.
func (o *ConvOp) Residual() int { return position(o.HasResidual, 2+count(o.HasBias, o.HasShift)) }

func position(given bool, at int) int {
	if given {
		return at
	}
	return -1
}

func count(given ...bool) (n int) {
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}

// operand returns the values of the operand at a position, or nil for -1.
func operand(in [][]float32, at int) []float32 {
	if at < 0 {
		return nil
	}
	return in[at]
}

func (o *ConvOp) forward(out []float32, in [][]float32) error {
	e := conv.Epilogue{Bias: operand(in, o.Bias()), Shift: operand(in, o.Shift()), Residual: operand(in, o.Residual())}
	if o.general != nil {
		generalForward(out, in[0], in[1], e, *o.general)
		return nil
	}
	if !o.shared {
		o.filter.Load(in[1])
	}
	conv.Forward(out, in[0], o.filter, o.size, e)
	return nil
}

// DiffWRT implements gorgonia.SDOp.
func (o *ConvOp) DiffWRT(n int) []bool {
	wrt := o.Base.DiffWRT(n)
	wrt[0] = !o.constantInput
	return wrt
}

// SymDiff implements gorgonia.SDOp.
func (o *ConvOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	grads = make(gorgonia.Nodes, len(in))
	if o.HasResidual {
		grads[o.Residual()] = grad
	}
	if o.general != nil {
		return grads, o.generalGradients(grads, in, grad)
	}
	var gShift []float32
	if o.HasShift {
		gShift = make([]float32, o.size.N*o.size.O)
	}
	weight := &ConvWeightGradient{size: o.size, gShift: gShift}
	if o.HasBias {
		weight.bias = newExtraGradient(o.size.O)
	}
	weight.Define("ConvWeightGradient", in[1].Shape(), weight.backward, grad, in[0])
	if grads[1], err = Apply(weight); err != nil {
		return nil, err
	}
	if o.HasBias {
		if grads[o.Bias()], err = weight.bias.addTo(grads[1]); err != nil {
			return nil, err
		}
	}
	if o.HasShift {
		if grads[o.Shift()], err = Extra(grads[1], tensor.Shape{o.size.N, o.size.O}, gShift); err != nil {
			return nil, err
		}
	}
	if o.constantInput {
		return grads, nil
	}
	grads[0], err = addGradient("ConvInputGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		conv.InputGradient(out, v[0], o.filter, o.size)
	}, grad, in[1], out)
	if err == nil {
		OrderOnly(grads[0], 2) // the forward pass has loaded the weights
	}
	return grads, err
}

// ConvWeightGradient computes the gradients of a convolution's weights, bias and shift.
type ConvWeightGradient struct {
	Base
	sink
	size    conv.Shape
	bias    *extraGradient // nil without a bias
	gShift  []float32      // nil without a shift
	started conv.Started
}

func (o *ConvWeightGradient) backward([]float32, [][]float32) error {
	o.start().Wait()
	return nil
}

// start completes the gradients of all targets except the last one, which it starts.
func (o *ConvWeightGradient) start() (last conv.Started) {
	all := [1]Target{{Samples: o.size.N}}
	targets := all[:]
	switch {
	case o.targets != nil:
		targets = o.targets
	case o.bias != nil && o.bias.targets != nil:
		targets = o.bias.targets
	}
	lo := 0
	for i, t := range targets {
		if i > 0 {
			last.Wait()
		}
		hi, s := lo+t.Samples, o.size
		s.N = t.Samples
		dst, add := o.out, false
		if o.targets != nil {
			dst, add = t.Dst, t.Add
		}
		var gShift []float32
		if o.gShift != nil {
			gShift = samples(o.gShift, lo, hi, o.size.N)
		}
		last = conv.StartWeightGradient(dst, o.bias.memory(), gShift, samples(o.in[0], lo, hi, o.size.N), samples(o.in[1], lo, hi, o.size.N), s, add)
		o.bias.put(i)
		lo = hi
	}
	return last
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
