package layer

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// Eps is added to the variance in all normalisations except PixelNorm.
const Eps = 1e-5

// The non-linearities of the paper's networks.
var (
	SiLU      = kernel.Activation{Kind: kernel.SiLU}
	ReLU      = kernel.Activation{Kind: kernel.ReLU}
	Tanh      = kernel.Activation{Kind: kernel.Tanh}
	LeakyReLU = kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.2}
	Identity  = kernel.Activation{}
)

// Conv describes a convolution layer.
type Conv struct {
	Out      int // channels
	Kernel   int // side
	Stride   int // default 1
	Dilation int // distance of the kernel's taps, default 1
	Groups   int // default 1; the number of input channels for a depthwise convolution
	Padding  int // zeros at each side of the image; default Dilation*(Kernel-1)/2, -1 for none
	NoBias   bool

	Shift    *gorgonia.Node // (N,Out), added to all pixels of a channel; optional
	Residual *gorgonia.Node // (N,Out,H,W), added to the result; optional

	Weight param.Initializer // default FanIn
	Bias   param.Initializer // default FanIn
	// Flat stores the weights of a 1x1 convolution as (Out,In,1).
	Flat bool
}

// Conv adds the convolution of x (N,C,H,W), with parameters name.weight
// (Out,C/Groups,Kernel,Kernel) and, unless NoBias, name.bias (Out).
func (b *Builder) Conv(name string, x *gorgonia.Node, c Conv) *gorgonia.Node {
	in := b.channels(name, x) / max(c.Groups, 1)
	fanIn := param.FanIn(in * c.Kernel * c.Kernel)
	shape := []int{c.Out, in, c.Kernel, c.Kernel}
	if c.Flat {
		shape = shape[:3]
	}
	weight, p := b.declare(name+".weight", param.Weight, or(c.Weight, fanIn), shape...)
	var bias *gorgonia.Node
	if !c.NoBias {
		bias = b.NoDecay(name+".bias", or(c.Bias, fanIn), c.Out)
	}
	if b.err != nil {
		return nil
	}
	options := op.ConvOptions{Stride: c.Stride, Dilation: c.Dilation, Groups: c.Groups, Padding: c.Padding, Algorithm: b.Convolution,
		Shift: c.Shift, Residual: c.Residual, ConstantInput: b.constant(x)}
	if p.Tensor() != nil && options.Packed() {
		options.Filter = p.Filter()
	}
	return b.Add(op.Conv(x, weight, bias, options))
}

func or(init, otherwise param.Initializer) param.Initializer {
	if init != nil {
		return init
	}
	return otherwise
}

// Linear adds the linear layer x (N,I) -> (N,out), with parameters name.weight
// (out,I) and name.bias (out).
func (b *Builder) Linear(name string, x *gorgonia.Node, out int) *gorgonia.Node {
	in := b.channels(name, x)
	weight := b.Param(name+".weight", param.FanIn(in), out, in)
	bias := b.NoDecay(name+".bias", param.FanIn(in), out)
	return b.build(func() (*gorgonia.Node, error) { return op.Linear(x, weight, bias, b.constant(x)) })
}

// GroupNorm adds a group normalisation of x (N,C,H,W), followed by the non-linearity act, with
// parameters name.weight and name.bias (C).
func (b *Builder) GroupNorm(name string, x *gorgonia.Node, groups int, act kernel.Activation) *gorgonia.Node {
	c := b.channels(name, x)
	gamma := b.NoDecay(name+".weight", param.Constant(1), c)
	beta := b.NoDecay(name+".bias", param.Constant(0), c)
	return b.build(func() (*gorgonia.Node, error) { return op.GroupNorm(x, gamma, beta, groups, Eps, act) })
}

// LayerNorm adds a normalisation over (C,H,W) without parameters, followed by the non-linearity
// act.
func (b *Builder) LayerNorm(x *gorgonia.Node, act kernel.Activation) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.LayerNorm(x, Eps, act) })
}

// Activate adds a non-linearity.
func (b *Builder) Activate(x *gorgonia.Node, act kernel.Activation) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Activate(x, act) })
}

// Dropout drops elements with probability p in training graphs. In other graphs it returns x.
func (b *Builder) Dropout(x *gorgonia.Node, p float32) *gorgonia.Node {
	site := b.sites
	b.sites++
	if b.err != nil || !b.Training || p == 0 {
		return x
	}
	return b.Add(op.Dropout(x, p, site, b.Sampling))
}

// Concat joins two images along the channels.
func (b *Builder) Concat(x, y *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Concat(x, y) })
}

// Resize resizes images by a factor.
func (b *Builder) Resize(x *gorgonia.Node, mode op.Interpolation, factor float64) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Resize(x, mode, factor) })
}

// PixelShuffle turns r*r channels into one channel with sides r times as long; see op.PixelShuffle.
func (b *Builder) PixelShuffle(x *gorgonia.Node, r int) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.PixelShuffle(x, r) })
}

// Sum adds images of equal shape.
func (b *Builder) Sum(xs ...*gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Sum(xs...) })
}

// Fork returns k nodes with the value of x, one for each of its uses; see op.Fork.
func (b *Builder) Fork(x *gorgonia.Node, k int) gorgonia.Nodes {
	if b.err != nil {
		return make(gorgonia.Nodes, k)
	}
	nodes, err := op.Fork(x, k)
	if err != nil {
		b.Fail(err)
		return make(gorgonia.Nodes, k)
	}
	return nodes
}

// Fork2 is Fork for two uses.
func (b *Builder) Fork2(x *gorgonia.Node) (*gorgonia.Node, *gorgonia.Node) {
	n := b.Fork(x, 2)
	return n[0], n[1]
}
