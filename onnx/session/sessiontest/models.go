// Package sessiontest makes small models for tests.
package sessiontest

import (
	"os"
	"path/filepath"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/network"
	"multiscale/pkg/random"
)

// Signed returns the metadata of a model for a task on pixels in [-1,1].
func Signed(task string) export.Metadata {
	return export.Metadata{Task: task, Network: "small", Strategy: "single", Seed: 1, DataDigest: "none", Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.5, 0.5, 0.5}}
}

// Unit is Signed for pixels in [0,1].
func Unit(task string) export.Metadata {
	m := Signed(task)
	m.Mean, m.Std = []float64{0}, []float64{1}
	return m
}

// Small networks of each kind.
var (
	ResNet = network.ResNet{Out: 3, Hidden: 4, Blocks: 1, Time: true}
	UNet   = network.UNet{Out: 3, Base: 4, Multipliers: []int{1, 2, 2}, Blocks: 1, Heads: 1, Groups: 2}
	ESPCN  = network.ESPCN{Channels: 3, Hidden1: 8, Hidden2: 4, Factor: 2}
	SRNet  = network.Enlarged{Body: network.SRNet{Out: 3, Hidden: 4}, Factor: 2}
)

// Network exports a network for RGB images. Random weights make sure that every layer affects the result.
func Network(t testing.TB, n network.Network, about export.Metadata) []byte {
	t.Helper()
	return Channels(t, 3, n, about)
}

// Channels is Network for images with any number of channels.
func Channels(t testing.TB, channels int, n network.Network, about export.Metadata) []byte {
	t.Helper()
	set, err := network.Parameters(n, channels, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := random.New(2)
	set.Update(func(values []float32) {
		for i := range values { // closing layers are initialised to zero
			values[i] += 0.1 * r.Normal()
		}
	})
	m, err := export.Network(n, channels, set, export.Options{Metadata: about.Properties()})
	if err != nil {
		t.Fatal(err)
	}
	return Encode(t, m)
}

// Smooth returns a denoiser made by hand: it divides means over 3x3 pixels by t.
func Smooth(t testing.TB) []byte {
	t.Helper()
	n, h, w := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	return Encode(t, Model(Signed("denoising"), []*onnx.Node{
		{Op: "AveragePool", Inputs: []string{"x"}, Outputs: []string{"mean"}, Attributes: []*onnx.Attribute{
			export.Attribute("kernel_shape", []int64{3, 3}), export.Attribute("pads", []int64{1, 1, 1, 1}), export.Attribute("strides", []int64{1, 1})}},
		{Op: "Reshape", Inputs: []string{"t", "column"}, Outputs: []string{"share"}},
		{Op: "Div", Inputs: []string{"mean", "share"}, Outputs: []string{"y"}},
	}, n, h, w))
}

// Model returns a model of the given nodes, which compute y from x (n,3,h,w) and t (n). It has
// one constant, column: the shape (-1,1,1,1).
func Model(about export.Metadata, nodes []*onnx.Node, n, h, w onnx.Dim) *onnx.Model {
	image := []onnx.Dim{n, onnx.Fixed(3), h, w}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Metadata: about.Properties(), Graph: &onnx.Graph{
		Name: "graph",
		Inputs: []*onnx.ValueInfo{
			{Name: "x", Type: onnx.Float32, Dims: image}, {Name: "t", Type: onnx.Float32, Dims: image[:1]},
		},
		Initializers: []*onnx.Tensor{onnx.NewInts("column", []int64{4}, []int64{-1, 1, 1, 1})},
		Nodes:        nodes,
		Outputs:      []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: image}},
	}}
}

// Encode returns the bytes of a model's file.
func Encode(t testing.TB, m *onnx.Model) []byte {
	t.Helper()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// File writes a model to a temporary folder and returns its path.
func File(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
