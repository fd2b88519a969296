package layer

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// Attention adds a self-attention block over the pixels of x (N,C,H,W),
//
//	x + proj_out(attention(qkv(norm(x))))
//
// with 1x1 convolutions name.qkv and name.proj_out. The latter starts from zeros.
func (b *Builder) Attention(name string, x *gorgonia.Node, groups, heads int) *gorgonia.Node {
	c := b.channels(name, x)
	x, skip := b.Fork2(x)
	h := b.GroupNorm(join(name, "norm"), x, groups, Identity)
	h = b.Conv(join(name, "qkv"), h, Conv{Out: 3 * c, Kernel: 1, Flat: true})
	h = b.build(func() (*gorgonia.Node, error) { return op.Attention(h, heads) })
	return b.Conv(join(name, "proj_out"), h, Conv{Out: c, Kernel: 1, Flat: true, Residual: skip}.Zero())
}
