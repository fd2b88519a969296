package main

import (
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/export"
	"multiscale/pkg/layer"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// softplus is log(1+exp(x)) of every element.
type softplus struct{ op.Base }

// Softplus adds the operation to x's graph.
func Softplus(x *gorgonia.Node) (*gorgonia.Node, error) {
	o := &softplus{}
	o.Define("Softplus", x.Shape(), func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = float32(math.Log1p(math.Exp(float64(x))))
		}
		return nil
	}, x)
	return op.Apply(o)
}

// SymDiff adds its gradient, grad/(1+exp(-x)).
func (o *softplus) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gx, err := op.Gradient("SoftplusGradient", in[0].Shape(), func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = in[1][i] / float32(1+math.Exp(-float64(x)))
		}
		return nil
	}, in[0], grad)
	return gorgonia.Nodes{gx}, err
}

// writeSoftplus exports the operation as an ONNX node.
func writeSoftplus(e *export.Emitter, _ *softplus) string {
	return e.Node("Softplus", []string{e.Operand(0)})
}

// soft is a network that uses the operation.
type soft struct{ network.Plain }

func (soft) Name() string { return "soft" }
func (soft) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	h := b.Conv("open", x, layer.Conv{Out: 8, Kernel: 3})
	if b.Err() == nil {
		h = b.Add(Softplus(h))
	}
	return b.Conv("close", h, layer.Conv{Out: x.Shape()[1], Kernel: 3})
}
