package network

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// EDSR is the network of Lim et al. (2017), "Enhanced Deep Residual Networks for Single Image Super-Resolution": residual
// blocks without normalisation on the low-resolution picture, and a pixel shuffle. An output pixel depends only on its
// neighbourhood. Unlike the authors' network, it adds a correction to the bilinear enlargement, and the pixel shuffle
// directly gives the channels of the result.
type EDSR struct {
	Plain
	Width  int // channels of the hidden layers
	Blocks int
	Factor int // of enlargement
}

// NewEDSR returns an EDSR for enlargement by two, with 1,227,340 parameters for colour pictures.
func NewEDSR() EDSR { return EDSR{Width: 64, Blocks: 16, Factor: 2} }

// Name implements Network.
func (EDSR) Name() string { return "edsr" }

// Scale implements Network.
func (e EDSR) Scale() int { return e.Factor }

// Options implements Configurable.
func (e *EDSR) Options() []Option {
	return []Option{
		Whole("width", "channels inside", &e.Width, 1, maxWidth),
		Whole("blocks", "residual blocks", &e.Blocks, 1, maxBlocks),
	}
}

// Check returns an error if the factor is out of bounds.
func (e EDSR) Check() error { return within("edsr", "Factor", e.Factor, 1, maxFactor) }

// Build implements Network.
func (e EDSR) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	channels := channelsOr(0, x)
	x, low := b.Fork2(x)
	h, skip := b.Fork2(b.Conv("head", x, layer.Conv{Out: e.Width, Kernel: 3}))
	for i := range e.Blocks {
		h = b.ReLUBlock(fmt.Sprintf("body.%d", i), h, nil)
	}
	h = b.Conv("merge", h, layer.Conv{Out: e.Width, Kernel: 3, Residual: skip})
	// Small, so that training starts from the enlarged picture.
	small := param.Scaled(1e-3, param.FanIn(9*e.Width))
	h = b.Conv("tail", h, layer.Conv{Out: e.Factor * e.Factor * channels, Kernel: 3, Weight: small, Bias: param.Constant(0)})
	return b.Sum(b.PixelShuffle(h, e.Factor), b.Resize(low, op.Bilinear, float64(e.Factor)))
}
