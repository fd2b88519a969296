package network

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/op"
)

// UNet is the paper's encoder-decoder with skip connections, after the network of the "guided
// diffusion" code. It has residual blocks with GroupNorm and SiLU, strided convolutions in the
// encoder, nearest upsampling and convolutions in the decoder, attention at the bottom, and an
// embedding of t in every block.
type UNet struct {
	Out         int     // output channels; 0 for the number of input channels
	Base        int     // channels that a multiplier of 1 stands for
	Multipliers []int   // channels at each size from the finest, in units of Base
	Blocks      int     // residual blocks at each size of the encoder; the decoder has one more
	Attention   []int   // downsampling factors at which attention follows each block
	Heads       int     // of attention
	Groups      int     // of GroupNorm
	Dropout     float32 // probability
}

// NewUNet returns the paper's UNet, with 2,537,187 parameters for colour pictures.
func NewUNet() UNet {
	return UNet{Base: 32, Multipliers: []int{1, 2, 4}, Blocks: 1, Heads: 1, Groups: 16, Dropout: 0.5}
}

// Options implements Configurable.
func (u *UNet) Options() []Option {
	return []Option{
		Whole("base", "channels of the first convolution, times the first multiplier", &u.Base, 1, maxWidth),
		List("multipliers", "channels at each size from the finest, in units of base", &u.Multipliers, 1, maxLevels, 1, maxWidth),
		Whole("blocks", "residual blocks at each size on the way down; one more on the way up", &u.Blocks, 1, maxBlocks),
		List("attention", "how many times smaller the sides are where blocks are followed by attention, beside the bottom", &u.Attention, 0, maxLevels, 1, 1<<maxLevels),
		Whole("heads", "heads of attention", &u.Heads, 1, maxWidth),
		Whole("groups", "groups of each normalisation; they divide all channels", &u.Groups, 1, maxWidth),
		Number("dropout", "share of units that dropout switches off", &u.Dropout, 0, 1),
	}
}

// Check returns an error if options are out of bounds or incompatible.
func (u UNet) Check() error {
	if err := within("unet", "Out", u.Out, 0, maxWidth); err != nil {
		return err
	}
	for _, m := range u.Multipliers {
		if c := m * u.Base; c > maxWidth || c%u.Groups != 0 {
			return fmt.Errorf("unet: base times %d is %d channels, want %d at most and a multiple of groups, %d", m, c, maxWidth, u.Groups)
		}
	}
	return nil
}

// Name implements Network.
func (UNet) Name() string { return "unet" }

// Conditions implements Network.
func (UNet) Conditions() int { return 1 }

// Scale implements Network.
func (UNet) Scale() int { return 1 }

// Multiple implements Network.
func (u UNet) Multiple() int { return 1 << (len(u.Multipliers) - 1) }

// Build implements Network.
func (u UNet) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	out := channelsOr(u.Out, x)
	embeddings := u.embed(b, t)
	next := func() *gorgonia.Node {
		e := embeddings[0]
		embeddings = embeddings[1:]
		return e
	}
	attends := func(level int) bool { return slices.Contains(u.Attention, 1<<level) }

	// Down: the decoder uses every result again.
	var skips gorgonia.Nodes
	keep := func(h *gorgonia.Node) *gorgonia.Node {
		h, skip := b.Fork2(h)
		skips = append(skips, skip)
		return h
	}
	block := 0
	name := func(side string) string {
		block++
		return fmt.Sprintf("%s_blocks.%d", side, block-1)
	}
	h := keep(b.Conv(name("input")+".0", x, layer.Conv{Out: u.Base * u.Multipliers[0], Kernel: 3}))
	for level, m := range u.Multipliers {
		for range u.Blocks {
			n := name("input")
			h = u.residual(b, n+".0", h, next(), m*u.Base)
			if attends(level) {
				h = b.Attention(n+".1", h, u.Groups, u.Heads)
			}
			h = keep(h)
		}
		if level < len(u.Multipliers)-1 {
			h = keep(b.Conv(name("input")+".0.op", h, layer.Conv{Out: m * u.Base, Kernel: 3, Stride: 2}))
		}
	}

	// The bottom.
	bottom := u.Base * u.Multipliers[len(u.Multipliers)-1]
	h = u.residual(b, "middle_block.0", h, next(), bottom)
	h = b.Attention("middle_block.1", h, u.Groups, u.Heads)
	h = u.residual(b, "middle_block.2", h, next(), bottom)

	// Up.
	block = 0
	for level, m := range slices.Backward(u.Multipliers) {
		for i := range u.Blocks + 1 {
			n := name("output")
			last := len(skips) - 1
			h = b.Concat(h, skips[last])
			skips = skips[:last]
			h = u.residual(b, n+".0", h, next(), m*u.Base)
			part := 1
			if attends(level) {
				h = b.Attention(fmt.Sprintf("%s.%d", n, part), h, u.Groups, u.Heads)
				part++
			}
			if level > 0 && i == u.Blocks {
				h = b.Resize(h, op.Nearest, 2)
				h = b.Conv(fmt.Sprintf("%s.%d.conv", n, part), h, layer.Conv{Out: m * u.Base, Kernel: 3})
			}
		}
	}
	h = b.GroupNorm("out.0", h, u.Groups, layer.SiLU)
	return b.Conv("out.2", h, layer.Conv{Out: out, Kernel: 3}.Zero())
}

// embed returns a node for each residual block, with the value of SiLU of the embedding of t.
func (u UNet) embed(b *layer.Builder, t *gorgonia.Node) gorgonia.Nodes {
	width := 4 * u.Base
	e := b.Linear("time_embed.0", b.Sinusoid(t, u.Base, true), width)
	e = b.Linear("time_embed.2", b.Activate(e, layer.SiLU), width)
	blocks := len(u.Multipliers)*(2*u.Blocks+1) + 2
	return b.Fork(b.Activate(e, layer.SiLU), blocks)
}

func (u UNet) residual(b *layer.Builder, name string, h, e *gorgonia.Node, out int) *gorgonia.Node {
	return b.ResidualBlock(name, h, e, out, u.Groups, u.Dropout)
}
