package export

import (
	"fmt"

	"multiscale/onnx"
	"multiscale/pkg/layer"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
)

// Network exports a network of images with the given number of channels: input
// x (N,channels,H,W), t (N) where the network takes it, output y.
func Network(n network.Network, params *param.Set, channels int, info Info) (*onnx.Model, error) {
	b := layer.NewBuilder(params, false)
	// The sizes of this graph leave no trace; two samples keep a batch a batch.
	side := 8 * n.Multiple()
	batch, height, width := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	x := b.Input("x", 2, channels, side, side)
	inputs := []Input{{x, []onnx.Dim{batch, onnx.Fixed(int64(channels)), height, width}}}
	t := b.Input("t", 2)
	if n.UsesTime() {
		inputs = append(inputs, Input{t, []onnx.Dim{batch}})
	} else {
		t = nil
	}
	y := n.Build(b, x, t)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("export: %s: %w", n.Name(), err)
	}
	if s := n.Scale(); s != 1 {
		height, width = onnx.Symbolic(fmt.Sprintf("%d*H", s)), onnx.Symbolic(fmt.Sprintf("%d*W", s))
	}
	return Graph(inputs, y, []onnx.Dim{batch, onnx.Fixed(int64(y.Shape()[1])), height, width}, info)
}
