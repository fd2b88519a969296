package network

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// DnCNN is the network of Zhang et al. (2017), "Beyond a Gaussian Denoiser": a chain of convolutions
// that adds a correction to its input. Group normalisation replaces the authors' batch
// normalisation. It treats every picture separately, in training and afterwards, in batches of any
// size and on any mesh.
type DnCNN struct {
	Plain
	Out    int // output channels; 0 for the number of input channels
	Width  int // channels of the hidden layers
	Layers int // convolutions, the first and the last included
	Groups int // of each normalisation; a divisor of Width
}

// NewDnCNN returns a DnCNN with 18 layers and 595,395 parameters for colour pictures.
func NewDnCNN() DnCNN { return DnCNN{Width: 64, Layers: 18, Groups: 8} }

// Name implements Network.
func (DnCNN) Name() string { return "dncnn" }

// Options implements Configurable.
func (d *DnCNN) Options() []Option {
	return []Option{
		Whole("width", "channels inside", &d.Width, 1, maxWidth),
		Whole("layers", "convolutions, the first and the last included", &d.Layers, 2, maxBlocks),
		Whole("groups", "groups of the normalisations, which divide the width", &d.Groups, 1, maxWidth),
	}
}

// Check returns an error if the number of groups or of channels is out of bounds.
func (d DnCNN) Check() error {
	if d.Groups < 1 || d.Width%d.Groups != 0 {
		return fmt.Errorf("dncnn: %d groups do not divide a width of %d", d.Groups, d.Width)
	}
	return within("dncnn", "Out", d.Out, 0, maxWidth)
}

// Build implements Network.
func (d DnCNN) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(d.Out, x)
	x, residual := b.Fork2(x)
	x = b.Activate(b.Conv("layers.0", x, layer.Conv{Out: d.Width, Kernel: 3}), layer.ReLU)
	for i := 1; i < d.Layers-1; i++ {
		name := fmt.Sprintf("layers.%d", i)
		x = b.Conv(name, x, layer.Conv{Out: d.Width, Kernel: 3, NoBias: true})
		x = b.GroupNorm(fmt.Sprintf("norms.%d", i), x, d.Groups, layer.ReLU)
	}
	// Small, so that training starts from the input.
	last := layer.Conv{Out: out, Kernel: 3, Weight: param.Scaled(1e-3, param.FanIn(9*d.Width)), Residual: residual}
	return b.Conv(fmt.Sprintf("layers.%d", d.Layers-1), x, last)
}
