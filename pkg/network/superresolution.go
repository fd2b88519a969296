package network

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/layer"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/random"
)

// SRNet is the paper's network for super-resolution: convolutions with orthogonal initial
// weights, LayerNorm and LeakyReLU. Its input is the picture that Enlarged has brought to its
// final size.
type SRNet struct {
	Plain
	Out    int // output channels; 0 for the number of input channels
	Hidden int // channels of the first two layers
}

// NewSRNet returns the paper's SRNet, with 69,603 parameters for colour pictures.
func NewSRNet() SRNet { return SRNet{Hidden: 64} }

// Options implements Configurable.
func (s *SRNet) Options() []Option {
	return []Option{Whole("hidden", "channels of the first two layers", &s.Hidden, 1, maxWidth)}
}

// Check returns an error if the number of channels is out of bounds.
func (s SRNet) Check() error { return within("srnet", "Out", s.Out, 0, maxWidth) }

// srTail is the number of channels of SRNet's last two hidden layers.
const srTail = 32

// Name implements Network.
func (SRNet) Name() string { return "srnet" }

// Build implements Network.
func (s SRNet) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(s.Out, x)
	relu := param.Orthogonal(math.Sqrt2) // the gain of a ReLU
	for i, c := range []layer.Conv{
		{Out: s.Hidden, Kernel: 5, Weight: relu},
		{Out: s.Hidden, Kernel: 3, Weight: relu},
		{Out: srTail, Kernel: 3, Weight: relu},
		{Out: srTail, Kernel: 3, Weight: relu},
	} {
		x = b.LayerNorm(b.Conv(fmt.Sprintf("conv_layers.%d", i), x, c), layer.LeakyReLU)
	}
	// The weights are small, so that training starts from the enlarged picture. With the
	// paper's gain of 1, some seeds train to the picture's negative, where -SSIM has a second
	// minimum.
	last := param.Scaled(1e-3, param.Orthogonal(1))
	return b.Conv("output_conv", x, layer.Conv{Out: out, Kernel: 1, Weight: last})
}

// ESPCN is the sub-pixel network of Shi et al. (2016): convolutions on the low-resolution
// picture, followed by a pixel shuffle.
type ESPCN struct {
	Plain
	Channels         int // output channels; 0 for the number of input channels
	Hidden1, Hidden2 int // channels of the first and of the second layer
	Factor           int // of enlargement
}

// NewESPCN returns the ESPCN for enlargement by two, with 26,796 parameters for colour pictures.
func NewESPCN() ESPCN { return ESPCN{Hidden1: 64, Hidden2: 32, Factor: 2} }

// Options implements Configurable.
func (e *ESPCN) Options() []Option {
	return []Option{
		Whole("hidden1", "channels of the first layer", &e.Hidden1, 1, maxWidth),
		Whole("hidden2", "channels of the second layer", &e.Hidden2, 1, maxWidth),
	}
}

// Check returns an error if the number of channels or the factor is out of bounds.
func (e ESPCN) Check() error {
	if err := within("espcn", "Channels", e.Channels, 0, maxWidth); err != nil {
		return err
	}
	return within("espcn", "Factor", e.Factor, 1, maxFactor)
}

// Name implements Network.
func (ESPCN) Name() string { return "espcn" }

// Scale implements Network.
func (e ESPCN) Scale() int { return e.Factor }

// Build implements Network. Like the other networks, ESPCN starts from bilinear enlargement. With only
// random weights, the mean of the initial result may be below 0. From there -SSIM leads to a second
// minimum, the picture's negative.
func (e ESPCN) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(e.Channels, x)
	if out > min(e.Hidden1, e.Hidden2) { // the hidden layers cannot pass on all channels of the picture
		x = b.Activate(b.Conv("conv1", x, layer.Conv{Out: e.Hidden1, Kernel: 5}), layer.Tanh)
		x = b.Activate(b.Conv("conv2", x, layer.Conv{Out: e.Hidden2, Kernel: 3}), layer.Tanh)
		return b.PixelShuffle(b.Conv("conv3", x, layer.Conv{Out: out * e.Factor * e.Factor, Kernel: 3}), e.Factor)
	}
	x = b.Activate(b.Conv("conv1", x, layer.Conv{Out: e.Hidden1, Kernel: 5, Weight: passing(out, carried), Bias: first(out, -carried/2)}), layer.Tanh)
	x = b.Activate(b.Conv("conv2", x, layer.Conv{Out: e.Hidden2, Kernel: 3, Weight: passing(out, 1), Bias: first(out, 0)}), layer.Tanh)
	x = b.Conv("conv3", x, layer.Conv{Out: out * e.Factor * e.Factor, Kernel: 3, Weight: enlarging(e.Factor), Bias: param.Constant(0.5)})
	return b.PixelShuffle(x, e.Factor)
}

// carried is the initial gain of the channels that pass the picture through ESPCN's hidden layers. It
// is small, so that tanh is nearly linear: pixels from 0 to 1 are reproduced to within 0.01.
const carried = 0.3

// passing draws the default weights (O,C,K,K) and replaces the first channels: they pass on the
// channels of the input, times gain.
func passing(channels int, gain float32) param.Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		per := len(v) / s[0]
		param.FanIn(per)(v, s, r)
		clear(v[:channels*per])
		for c := range channels {
			v[c*per+c*s[2]*s[3]+s[2]/2*s[3]+s[3]/2] = gain
		}
	}
}

// first draws the default biases and sets those of the first channels to value.
func first(channels int, value float32) param.Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		param.FanIn(len(v))(v, s, r)
		for c := range channels {
			v[c] = value
		}
	}
}

// enlarging initialises the weights (C*factor*factor,I,3,3) of a convolution before a pixel shuffle to
// bilinear interpolation of the first C of I channels. All other weights are small.
func enlarging(factor int) param.Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		param.Scaled(1e-3, param.FanIn(len(v)/s[0]))(v, s, r)
		line := make([][3]float32, factor) // weights of three pixels in a row, for each of the new pixels
		for d := range line {
			offset := (float32(d)+0.5)/float32(factor) - 0.5
			line[d] = [3]float32{max(-offset, 0), 1 - max(offset, -offset), max(offset, 0)}
		}
		for o := range s[0] {
			c, dy, dx := o/(factor*factor), o/factor%factor, o%factor
			for k := range 9 {
				v[(o*s[1]+c)*9+k] = line[dy][k/3] * line[dx][k%3] / carried
			}
		}
	}
}

// Enlarged turns a network of scale 1 into one for super-resolution. The body computes a correction
// of the bilinear enlargement up(x):
//
//	y = Body(up(x)) + up(x)
type Enlarged struct {
	Body   Network
	Factor int
}

// NewSRResNet returns the paper's ResNet for super-resolution, with 100 channels and 9 blocks and
// without t.
func NewSRResNet() ResNet { return ResNet{Hidden: 100, Blocks: 9} }

// Name implements Network.
func (e Enlarged) Name() string { return e.Body.Name() }

// Conditions implements Network.
func (e Enlarged) Conditions() int { return e.Body.Conditions() }

// Scale implements Network.
func (e Enlarged) Scale() int { return e.Factor }

// Multiple implements Network.
func (e Enlarged) Multiple() int { return e.Body.Multiple() }

// Build implements Network.
func (e Enlarged) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	up := b.Resize(x, op.Bilinear, float64(e.Factor))
	up, residual := b.Fork2(up)
	return b.Sum(e.Body.Build(b, up, t), residual)
}
