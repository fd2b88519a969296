package layer

import (
	"cmp"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// TransposedConv describes a transposed convolution layer; see op.TransposedConv.
type TransposedConv struct {
	Out           int // channels
	Kernel        int // side
	Stride        int // default 1
	Padding       int
	OutputPadding int
	Dilation      int // default 1
	Groups        int // default 1
	NoBias        bool

	Weight param.Initializer // default FanIn
	Bias   param.Initializer // default FanIn
}

// TransposedConv adds the transposed convolution of x (N,C,H,W), with parameters name.weight
// (C,Out/Groups,Kernel,Kernel) and, unless NoBias, name.bias (Out).
func (b *Builder) TransposedConv(name string, x *gorgonia.Node, c TransposedConv) *gorgonia.Node {
	groups := max(c.Groups, 1)
	fanIn := param.FanIn(c.Out / groups * c.Kernel * c.Kernel) // as in PyTorch
	weight := b.Param(name+".weight", or(c.Weight, fanIn), b.channels(name, x), c.Out/groups, c.Kernel, c.Kernel)
	var bias *gorgonia.Node
	if !c.NoBias {
		bias = b.NoDecay(name+".bias", or(c.Bias, fanIn), c.Out)
	}
	return b.build(func() (*gorgonia.Node, error) {
		return op.TransposedConv(x, weight, bias, op.TransposedConvOptions{Stride: c.Stride, Padding: c.Padding,
			OutputPadding: c.OutputPadding, Dilation: c.Dilation, Groups: c.Groups, ConstantInput: b.constant(x)})
	})
}

// MaxPool adds maxima over windows; see op.MaxPool.
func (b *Builder) MaxPool(x *gorgonia.Node, kernel, stride, padding int) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.MaxPool(x, kernel, stride, padding) })
}

// GlobalAveragePool adds the mean over the pixels of each channel: (N,C,1,1).
func (b *Builder) GlobalAveragePool(x *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.GlobalAveragePool(x) })
}

// GELU adds the Gaussian error linear unit, or with tanh its approximation; see op.GELU.
func (b *Builder) GELU(x *gorgonia.Node, tanh bool) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.GELU(x, tanh) })
}

// Sigmoid adds the logistic function.
func (b *Builder) Sigmoid(x *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Sigmoid(x) })
}

// PReLU adds a ReLU with learned slopes for negative elements. The parameter name.weight (slopes) is 0.25
// at first; slopes is 1 or the number of channels.
func (b *Builder) PReLU(name string, x *gorgonia.Node, slopes int) *gorgonia.Node {
	slope := b.NoDecay(name+".weight", param.Constant(0.25), slopes)
	return b.build(func() (*gorgonia.Node, error) { return op.PReLU(x, slope) })
}

// Gate multiplies the two halves of the channels with each other; see op.Gate.
func (b *Builder) Gate(x *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Gate(x) })
}

// Scale multiplies x by factors for its channels; see op.Scale.
func (b *Builder) Scale(x, factor *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Scale(x, factor) })
}

// Pad adds a border of reflected or replicated pixels; see op.Pad.
func (b *Builder) Pad(x *gorgonia.Node, mode pad.Mode, border op.Border) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Pad(x, mode, border) })
}

// PixelUnshuffle turns each square of r x r pixels into r*r channels; see op.PixelUnshuffle.
func (b *Builder) PixelUnshuffle(x *gorgonia.Node, r int) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.PixelUnshuffle(x, r) })
}

// InstanceNorm adds a normalisation of each channel of each image, with parameters name.weight and
// name.bias (C). With an empty name it has no parameters, like PyTorch's by default.
func (b *Builder) InstanceNorm(name string, x *gorgonia.Node) *gorgonia.Node {
	if name == "" {
		return b.build(func() (*gorgonia.Node, error) {
			return op.GroupNorm(x, nil, nil, b.channels("instance norm", x), Eps, Identity)
		})
	}
	return b.GroupNorm(name, x, b.channels(name, x), Identity)
}

// PixelNormEps is the number that PixelNorm adds to the variance, as in NAFNet.
const PixelNormEps = 1e-6

// PixelNorm adds a normalisation of each pixel over its channels, with parameters name.weight and
// name.bias (C). eps 0 stands for PixelNormEps.
func (b *Builder) PixelNorm(name string, x *gorgonia.Node, eps float32) *gorgonia.Node {
	c := b.channels(name, x)
	gamma := b.NoDecay(name+".weight", param.Constant(1), c)
	beta := b.NoDecay(name+".bias", param.Constant(0), c)
	return b.build(func() (*gorgonia.Node, error) {
		return op.PixelNorm(x, gamma, beta, cmp.Or(eps, PixelNormEps))
	})
}

// BatchNormMomentum is the weight of a batch's statistics in an update of the running statistics, PyTorch's default.
const BatchNormMomentum = 0.1

// BatchNorm adds a normalisation of each channel of x (N,C,H,W), with parameters name.weight and name.bias (C) and
// buffers name.running_mean and name.running_var (C). A training graph uses the statistics of its batch, one mesh.Part;
// other graphs use the buffers.
func (b *Builder) BatchNorm(name string, x *gorgonia.Node) *gorgonia.Node {
	c := b.channels(name, x)
	gamma := b.NoDecay(name+".weight", param.Constant(1), c)
	beta := b.NoDecay(name+".bias", param.Constant(0), c)
	mean, m := b.declare(name+".running_mean", param.Buffer, param.Constant(0), c)
	variance, v := b.declare(name+".running_var", param.Buffer, param.Constant(1), c)
	y := b.build(func() (*gorgonia.Node, error) {
		return op.BatchNorm(x, gamma, beta, mean, variance, Eps, b.Training)
	})
	if y != nil && b.Training {
		b.statistics = append(b.statistics, statistics{y.Op().(*op.BatchNormOp), m, v})
	}
	return y
}

// statistics is a batch normalisation of a training graph with its running statistics.
type statistics struct {
	of             *op.BatchNormOp
	mean, variance *param.Param
}

// WholeBatches reports whether the result for a sample depends on the other samples of its batch. A batch must then be
// evaluated in one run.
func (b *Builder) WholeBatches() bool { return len(b.statistics) > 0 }

// FollowStatistics moves the running statistics of all batch normalisations towards the statistics of the graph's last
// run. Frozen buffers do not change.
func (b *Builder) FollowStatistics() error {
	for _, s := range b.statistics {
		if s.mean.Frozen() || s.variance.Frozen() {
			continue
		}
		if err := s.of.Follow(s.mean.Values(), s.variance.Values(), BatchNormMomentum); err != nil {
			return err
		}
	}
	return nil
}

// ChannelAttention multiplies the channels of x (N,C,H,W) by factors in (0,1) that depend on the channels' means. It is
// the channel attention of RCAN (Zhang et al. 2018),
//
//	x * sigmoid(conv_du.2(ReLU(conv_du.0(mean(x)))))
//
// with 1x1 convolutions to C/reduction channels and back.
func (b *Builder) ChannelAttention(name string, x *gorgonia.Node, reduction int) *gorgonia.Node {
	c := b.channels(name, x)
	x, mean := b.Fork2(x)
	h := b.Conv(join(name, "conv_du.0"), b.GlobalAveragePool(mean), Conv{Out: c / reduction, Kernel: 1})
	h = b.Conv(join(name, "conv_du.2"), b.Activate(h, ReLU), Conv{Out: c, Kernel: 1})
	return b.Scale(x, b.Sigmoid(h))
}

// SimpleChannelAttention multiplies the channels of x (N,C,H,W) by factors that the 1x1 convolution name.1 computes from
// the channels' means. It is the simplified channel attention of NAFNet (Chen et al. 2022).
func (b *Builder) SimpleChannelAttention(name string, x *gorgonia.Node) *gorgonia.Node {
	c := b.channels(name, x)
	x, mean := b.Fork2(x)
	return b.Scale(x, b.Conv(join(name, "1"), b.GlobalAveragePool(mean), Conv{Out: c, Kernel: 1}))
}

// NAF describes a block of NAFNet.
type NAF struct {
	Depthwise   int     // channels of the depthwise convolution as a multiple of the block's channels; default 2
	FeedForward int     // channels of conv4 as a multiple of the block's channels; default 2
	Eps         float32 // added to the variance in its norms; default PixelNormEps
}

// NAFBlock is the block of NAFNet (Chen et al. 2022) without dropout, for x (N,C,H,W). Parameters have the names of the
// authors' code:
//
//	y   = x + beta*conv3(sca(gate(conv2(conv1(norm1(x))))))
//	out = y + gamma*conv5(gate(conv4(norm2(y))))
//
// conv2 is a depthwise 3x3 convolution, the others are 1x1. beta and gamma (1,C,1,1) are 0 at first.
func (b *Builder) NAFBlock(name string, x *gorgonia.Node, o NAF) *gorgonia.Node {
	c := b.channels(name, x)
	o.Depthwise, o.FeedForward = cmp.Or(o.Depthwise, 2), cmp.Or(o.FeedForward, 2)
	wide := o.Depthwise * c
	x, skip := b.Fork2(x)
	h := b.Conv(join(name, "conv1"), b.PixelNorm(join(name, "norm1"), x, o.Eps), Conv{Out: wide, Kernel: 1})
	h = b.Gate(b.Conv(join(name, "conv2"), h, Conv{Out: wide, Kernel: 3, Groups: wide}))
	h = b.Conv(join(name, "conv3"), b.SimpleChannelAttention(join(name, "sca"), h), Conv{Out: c, Kernel: 1})
	y := b.Sum(skip, b.Scale(h, b.NoDecay(join(name, "beta"), param.Constant(0), 1, c, 1, 1)))
	y, skip = b.Fork2(y)
	h = b.Conv(join(name, "conv4"), b.PixelNorm(join(name, "norm2"), y, o.Eps), Conv{Out: o.FeedForward * c, Kernel: 1})
	h = b.Conv(join(name, "conv5"), b.Gate(h), Conv{Out: c, Kernel: 1})
	return b.Sum(skip, b.Scale(h, b.NoDecay(join(name, "gamma"), param.Constant(0), 1, c, 1, 1)))
}
