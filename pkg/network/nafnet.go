package network

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// NAFNet is the network of Chen et al. (2022), "Simple Baselines for Image Restoration", without dropout: an
// encoder-decoder of blocks with depthwise convolutions, gates and channel attention. It adds a correction to its input,
// if both have the same number of channels. Parameters have the names of the authors' code.
type NAFNet struct {
	Plain
	Out    int   // output channels; 0 for the number of input channels
	Width  int   // channels of the first convolution; doubled when the sides are halved
	Blocks []int // of the encoder, at each size from the finest
	Middle int   // blocks at the bottom
	Up     []int // blocks of the decoder, at each size from the coarsest; as long as Blocks
}

// NewNAFNet returns the authors' smallest network for denoising, with width 32 and 29.2 million parameters for colour
// pictures.
func NewNAFNet() NAFNet {
	return NAFNet{Width: 32, Blocks: []int{2, 2, 4, 8}, Middle: 12, Up: []int{2, 2, 2, 2}}
}

// Name implements Network.
func (NAFNet) Name() string { return "nafnet" }

// Multiple implements Network.
func (n NAFNet) Multiple() int { return 1 << len(n.Blocks) }

// Options implements Configurable.
func (n *NAFNet) Options() []Option {
	const usual = 2 // blocks of the decoder at each size
	return []Option{
		Whole("width", "channels at the finest size; twice as many at each smaller one", &n.Width, 1, maxWidth),
		List("blocks", "blocks of the encoder at each size from the finest", &n.Blocks, 0, maxLevels, 0, maxBlocks).Then(func() {
			if len(n.Up) != len(n.Blocks) {
				n.Up = slices.Repeat([]int{usual}, len(n.Blocks))
			}
		}),
		Whole("middle", "blocks at the bottom", &n.Middle, 0, maxBlocks),
		List("up", "blocks of the decoder at each size from the coarsest, as many numbers as of blocks", &n.Up, 0, maxLevels, 0, maxBlocks),
	}
}

// Check returns an error if options are out of bounds or incompatible.
func (n NAFNet) Check() error {
	if err := within("nafnet", "Out", n.Out, 0, maxWidth); err != nil {
		return err
	}
	if len(n.Up) != len(n.Blocks) {
		return fmt.Errorf("nafnet: up has %d numbers, blocks %d; give as many", len(n.Up), len(n.Blocks))
	}
	if n.Width<<len(n.Blocks) > maxWidth {
		return fmt.Errorf("nafnet: %d channels at the bottom, want %d at most", n.Width<<len(n.Blocks), maxWidth)
	}
	return nil
}

// Build implements Network.
func (n NAFNet) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(n.Out, x)
	adds := x != nil && x.Shape()[1] == out
	var input *gorgonia.Node
	if adds {
		x, input = b.Fork2(x)
	}
	blocks := func(name string, h *gorgonia.Node, count int) *gorgonia.Node {
		for i := range count {
			h = b.NAFBlock(fmt.Sprintf("%s.%d", name, i), h, layer.NAF{})
		}
		return h
	}
	width := n.Width
	h := b.Conv("intro", x, layer.Conv{Out: width, Kernel: 3})
	skips := make(gorgonia.Nodes, len(n.Blocks))
	for i, count := range n.Blocks {
		h, skips[i] = b.Fork2(blocks(fmt.Sprintf("encoders.%d", i), h, count))
		width *= 2
		h = b.Conv(fmt.Sprintf("downs.%d", i), h, layer.Conv{Out: width, Kernel: 2, Stride: 2})
	}
	h = blocks("middle_blks", h, n.Middle)
	for i, count := range n.Up {
		h = b.PixelShuffle(b.Conv(fmt.Sprintf("ups.%d.0", i), h, layer.Conv{Out: 2 * width, Kernel: 1, NoBias: true}), 2)
		width /= 2
		h = blocks(fmt.Sprintf("decoders.%d", i), b.Sum(h, skips[len(skips)-1-i]), count)
	}
	// Small, so that training starts from the input.
	small := param.Scaled(1e-3, param.FanIn(9*width))
	y := b.Conv("ending", h, layer.Conv{Out: out, Kernel: 3, Weight: small})
	if adds {
		y = b.Sum(y, input)
	}
	return y
}
