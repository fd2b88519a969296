package network

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// ResNet is the paper's residual network: a 1x1 convolution, residual blocks
//
//	x + Conv2(LeakyReLU(LayerNorm(Conv1(x) + embedding(t))))
//
// and another 1x1 convolution.
type ResNet struct {
	Plain
	Out    int  // output channels; 0 for the number of input channels
	Hidden int  // channels of the hidden layers
	Blocks int  // number of residual blocks
	Time   bool // whether each block embeds t
}

// NewResNet returns the paper's ResNet for denoising, deblurring and inpainting, with 597,699
// parameters for colour pictures.
func NewResNet() ResNet { return ResNet{Hidden: 128, Blocks: 2, Time: true} }

// Options implements Configurable.
func (r *ResNet) Options() []Option {
	return []Option{
		Whole("hidden", "channels inside", &r.Hidden, 1, maxWidth),
		Whole("blocks", "residual blocks", &r.Blocks, 1, maxBlocks),
		Switch("time", "whether each block sees t", &r.Time),
	}
}

// Check returns an error if the number of channels is out of bounds.
func (r ResNet) Check() error { return within("resnet", "Out", r.Out, 0, maxWidth) }

// Name implements Network.
func (ResNet) Name() string { return "resnet" }

// Conditions implements Network.
func (r ResNet) Conditions() int {
	if r.Time {
		return 1
	}
	return 0
}

// Build implements Network.
func (r ResNet) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(r.Out, x)
	x = b.Conv("Open", x, layer.Conv{Out: r.Hidden, Kernel: 1})
	for i := range r.Blocks {
		h, skip := b.Fork2(x)
		x = b.NormBlock(fmt.Sprintf("blocks.%d", i), h, skip, r.time(t), r.Hidden)
	}
	small := param.Scaled(1e-3, param.FanIn(r.Hidden))
	return b.Conv("Close", x, layer.Conv{Out: out, Kernel: 1, Weight: small})
}

// time returns the input of the blocks' embedding: t, or nil in a network without Time.
func (r ResNet) time(t *gorgonia.Node) *gorgonia.Node {
	if r.Time {
		return t
	}
	return nil
}
