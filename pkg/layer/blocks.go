package layer

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/param"
)

// ResidualBlock is the block of the UNet, from h (N,C,H,W) to (N,out,H,W):
//
//	skip(h) + conv(dropout(SiLU(GroupNorm(conv(SiLU(GroupNorm(h))) + linear(e)))))
//
// with 3x3 convolutions. The second one starts from zeros. skip is the identity, or a 1x1
// convolution if the number of channels changes. e (N,E) is SiLU of the embedding of t.
func (b *Builder) ResidualBlock(name string, h, e *gorgonia.Node, out, groups int, dropout float32) *gorgonia.Node {
	in := b.channels(name, h)
	h, skip := b.Fork2(h)
	h = b.GroupNorm(join(name, "in_layers.0"), h, groups, SiLU)
	shift := b.Linear(join(name, "emb_layers.1"), e, out)
	h = b.Conv(join(name, "in_layers.2"), h, Conv{Out: out, Kernel: 3, Shift: shift})
	h = b.GroupNorm(join(name, "out_layers.0"), h, groups, SiLU)
	h = b.Dropout(h, dropout)
	if in != out {
		skip = b.Conv(join(name, "skip_connection"), skip, Conv{Out: out, Kernel: 1})
	}
	return b.Conv(join(name, "out_layers.3"), h, Conv{Out: out, Kernel: 3, Residual: skip}.Zero())
}

// timeHidden is the width of the hidden layers in the ResNet's time embedding.
const timeHidden = 32

// NormBlock is the block of the ResNet, for x (N,C,H,W):
//
//	residual + Conv2(LeakyReLU(LayerNorm(Conv1(x) + embedding(t))))
//
// with 3x3 convolutions to hidden channels and back to C. t (N) and residual may be nil.
func (b *Builder) NormBlock(name string, x, residual, t *gorgonia.Node, hidden int) *gorgonia.Node {
	c := b.channels(name, x)
	var e *gorgonia.Node
	if t != nil {
		e = b.TimeEmbedding(join(name, "te"), t, hidden, timeHidden)
	}
	q := b.Conv(join(name, "Conv1"), x, Conv{Out: hidden, Kernel: 3, Shift: e})
	q = b.LayerNorm(q, LeakyReLU)
	return b.Conv(join(name, "Conv2"), q, Conv{Out: c, Kernel: 3, Residual: residual})
}

// ReLUBlock is a residual block without normalisation, for x (N,C,H,W):
//
//	x + conv2(ReLU(conv1(x) + shift(t)))
//
// with 3x3 convolutions. The second one starts from zeros. shift is a linear layer of t (N,K), which may be nil.
func (b *Builder) ReLUBlock(name string, x, t *gorgonia.Node) *gorgonia.Node {
	c := b.channels(name, x)
	x, skip := b.Fork2(x)
	var shift *gorgonia.Node
	if t != nil {
		shift = b.Linear(join(name, "shift"), t, c)
	}
	h := b.Activate(b.Conv(join(name, "conv1"), x, Conv{Out: c, Kernel: 3, Shift: shift}), ReLU)
	return b.Conv(join(name, "conv2"), h, Conv{Out: c, Kernel: 3, Residual: skip}.Zero())
}

// Zero makes a convolution start from zeros, so that a residual block that ends with it starts
// as its skip connection.
func (c Conv) Zero() Conv {
	c.Weight, c.Bias = param.Constant(0), param.Constant(0)
	return c
}

func join(name, part string) string {
	if name == "" {
		return part
	}
	return name + "." + part
}
