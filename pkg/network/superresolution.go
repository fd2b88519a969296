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

// SRNet is the paper's network for super-resolution: convolutions with
// LayerNorm and LeakyReLU, orthogonal at first. It sees the picture that
// Enlarged has brought to its final size.
type SRNet struct {
	Plain
	Out    int // channels of the result; 0 for as many as the input has
	Hidden int // channels of the first two layers
}

// NewSRNet returns the paper's SRNet, of 69,603 parameters for pictures in colour.
func NewSRNet() SRNet { return SRNet{Hidden: 64} }

// Options implements Configurable.
func (s *SRNet) Options() []Option {
	return []Option{Whole("hidden", "channels of the first two layers", &s.Hidden, 1, maxWidth)}
}

// Check says whether the number of channels is out of bounds.
func (s SRNet) Check() error { return within("srnet", "Out", s.Out, 0, maxWidth) }

// srTail is the number of channels of SRNet's last two hidden layers.
const srTail = 32

// Name implements Network.
func (SRNet) Name() string { return "srnet" }

// Build implements Network.
func (s SRNet) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := orAsMany(s.Out, x)
	relu := param.Orthogonal(math.Sqrt2) // the gain of a ReLU
	for i, c := range []layer.Conv{
		{Out: s.Hidden, Kernel: 5, Weight: relu},
		{Out: s.Hidden, Kernel: 3, Weight: relu},
		{Out: srTail, Kernel: 3, Weight: relu},
		{Out: srTail, Kernel: 3, Weight: relu},
	} {
		x = b.LayerNorm(b.Conv(fmt.Sprintf("conv_layers.%d", i), x, c), layer.LeakyReLU)
	}
	// Small, so that training starts from the enlarged picture: with a gain of 1,
	// the paper's, some seeds train to the picture's negative, for -SSIM has a
	// second minimum there.
	last := param.Scaled(1e-3, param.Orthogonal(1))
	return b.Conv("output_conv", x, layer.Conv{Out: out, Kernel: 1, Weight: last})
}

// ESPCN is the sub-pixel network of Shi et al. (2016): convolutions on the
// low-resolution picture, the last of which makes the pixels in between.
type ESPCN struct {
	Plain
	Channels         int // of the result; 0 for as many as the input has
	Hidden1, Hidden2 int
	Factor           int // of enlargement
}

// NewESPCN returns the ESPCN for enlargement by two, of 26,796 parameters for
// pictures in colour.
func NewESPCN() ESPCN { return ESPCN{Hidden1: 64, Hidden2: 32, Factor: 2} }

// Options implements Configurable.
func (e *ESPCN) Options() []Option {
	return []Option{
		Whole("hidden1", "channels of the first layer", &e.Hidden1, 1, maxWidth),
		Whole("hidden2", "channels of the second layer", &e.Hidden2, 1, maxWidth),
	}
}

// Check says whether the number of channels or the factor is out of bounds.
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

// Build implements Network. Training starts from bilinear enlargement, as that of the other networks
// does: from weights that are random throughout, the mean of the picture may begin below 0, from where
// -SSIM leads to the picture's negative, a second minimum.
func (e ESPCN) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := orAsMany(e.Channels, x)
	if out > min(e.Hidden1, e.Hidden2) { // too narrow to hold the picture
		x = b.Activate(b.Conv("conv1", x, layer.Conv{Out: e.Hidden1, Kernel: 5}), layer.Tanh)
		x = b.Activate(b.Conv("conv2", x, layer.Conv{Out: e.Hidden2, Kernel: 3}), layer.Tanh)
		return b.PixelShuffle(b.Conv("conv3", x, layer.Conv{Out: out * e.Factor * e.Factor, Kernel: 3}), e.Factor)
	}
	x = b.Activate(b.Conv("conv1", x, layer.Conv{Out: e.Hidden1, Kernel: 5, Weight: passing(out, carried), Bias: first(out, -carried/2)}), layer.Tanh)
	x = b.Activate(b.Conv("conv2", x, layer.Conv{Out: e.Hidden2, Kernel: 3, Weight: passing(out, 1), Bias: first(out, 0)}), layer.Tanh)
	x = b.Conv("conv3", x, layer.Conv{Out: out * e.Factor * e.Factor, Kernel: 3, Weight: enlarging(e.Factor), Bias: param.Constant(0.5)})
	return b.PixelShuffle(x, e.Factor)
}

// carried is the contrast with which the first channels of ESPCN hold the picture at first: little,
// so that tanh is nearly linear. Pixels from 0 to 1 come back to within 0.01.
const carried = 0.3

// passing draws the usual weights (O,C,K,K), of which the first channels then pass on those of the
// input, times gain.
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

// first draws the usual biases, of which the first channels then have a value.
func first(channels int, value float32) param.Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		param.FanIn(len(v))(v, s, r)
		for c := range channels {
			v[c] = value
		}
	}
}

// enlarging makes weights (C*factor*factor,I,3,3) before a pixel shuffle bilinear interpolation of the
// first C of I channels; those of the others are small.
func enlarging(factor int) param.Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		param.Scaled(1e-3, param.FanIn(len(v)/s[0]))(v, s, r)
		line := make([][3]float32, factor) // weights of three pixels in a row, for each place between
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

// Enlarged makes a network of scale 1 one for super-resolution: it corrects
// the picture that bilinear interpolation has enlarged.
//
//	y = Body(up(x)) + up(x)
type Enlarged struct {
	Body   Network
	Factor int
}

// NewSRResNet returns the paper's ResNet for super-resolution: 100 channels, 9
// blocks and no t.
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
