package network

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// Folded is a residual U-Net. As in FFDNet (Zhang, Zuo and Zhang 2018), it works on half-size planes, with a quarter of
// the pixels: its first convolution has stride 2, and its last one is followed by a pixel shuffle. As in DRUNet (Zhang et
// al. 2021), residual blocks consist of two convolutions with ReLU between them and have no normalisation, so that an
// output pixel depends only on its neighbourhood. Each block shifts the channels of its first convolution by a linear map
// of t. The network adds a correction to its input.
type Folded struct {
	Widths []int // channels at each size, from the half-size planes to the smallest
	Blocks int   // at each size of the encoder, at each size of the decoder, and at the bottom
}

// fold is the ratio of the sides of one size to those of the next smaller one, from the picture on.
const fold = 2

// NewFolded returns a Folded with three sizes, two blocks at each, and 3,082,636 parameters for colour pictures.
func NewFolded() Folded { return Folded{Widths: []int{64, 128, 192}, Blocks: 2} }

// Name implements Network.
func (Folded) Name() string { return "folded" }

// Conditions implements Network.
func (Folded) Conditions() int { return 1 }

// Scale implements Network.
func (Folded) Scale() int { return 1 }

// Multiple implements Network.
func (f Folded) Multiple() int { return fold << max(len(f.Widths)-1, 0) }

// Options implements Configurable.
func (f *Folded) Options() []Option {
	return []Option{
		List("widths", "channels at each size, from the half-size planes to the smallest", &f.Widths, 1, maxLevels, 1, maxWidth),
		Whole("blocks", "blocks at each size of the encoder, at each of the decoder, and at the bottom", &f.Blocks, 1, maxBlocks),
	}
}

// Build implements Network.
func (f Folded) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	channels := channelsOr(0, x)
	x, input := b.Fork2(x)
	bottom := len(f.Widths) - 1
	levels := b.Fork(b.Column(t), f.Blocks*(2*bottom+1))
	blocks := func(name string, h *gorgonia.Node) *gorgonia.Node {
		for i := range f.Blocks {
			h = b.ReLUBlock(fmt.Sprintf("%s.%d", name, i), h, levels[0])
			levels = levels[1:]
		}
		return h
	}
	// It sees the same pixels as a 3x3 convolution of planes with one pixel of each 2x2 square.
	h := b.Conv("head", x, layer.Conv{Out: f.Widths[0], Kernel: 3 * fold, Stride: fold, Padding: fold})
	skips := make(gorgonia.Nodes, bottom)
	for i, width := range f.Widths[1:] {
		h, skips[i] = b.Fork2(blocks(fmt.Sprintf("encoder.%d", i), h))
		h = b.Conv(fmt.Sprintf("down.%d", i), h, layer.Conv{Out: width, Kernel: 2, Stride: 2})
	}
	h = blocks("bottom", h)
	for i := bottom - 1; i >= 0; i-- {
		up := layer.Conv{Out: fold * fold * f.Widths[i], Kernel: 1, NoBias: true}
		h = b.Sum(b.PixelShuffle(b.Conv(fmt.Sprintf("up.%d", i), h, up), fold), skips[i])
		h = blocks(fmt.Sprintf("decoder.%d", i), h)
	}
	// Small, so that training starts from the input.
	small := param.Scaled(1e-3, param.FanIn(9*f.Widths[0]))
	h = b.Conv("tail", h, layer.Conv{Out: fold * fold * channels, Kernel: 3, Weight: small, Bias: param.Constant(0)})
	return b.Sum(b.PixelShuffle(h, fold), input)
}
