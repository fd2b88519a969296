package main

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/network"
)

// narrow is a network of two convolutions and a skip connection, without t.
type narrow struct{ network.Plain }

func (narrow) Name() string { return "narrow" }
func (narrow) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	x, skip := b.Fork2(x)
	h := b.Activate(b.Conv("first", x, layer.Conv{Out: 8, Kernel: 3}), layer.ReLU)
	return b.Conv("second", h, layer.Conv{Out: x.Shape()[1], Kernel: 3, Residual: skip})
}
