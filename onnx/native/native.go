// Package native runs a model that this project exported as the original network, with the
// kernels of training. It is much faster than onnx/backend, which is independent of these
// kernels, and takes less memory.
package native

import (
	"context"
	"math"
	"slices"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/model"
	"multiscale/pkg/pixel"
)

// Model is a network imported from a model. It is not safe for concurrent use.
type Model struct {
	*export.Imported
	inputs []*onnx.ValueInfo

	model *model.Model
	shape []int // shape of the last pictures
}

// New imports a model. The error is export.ErrForeign if its network is neither this project's
// nor one of own.
func New(m *onnx.Model, own export.Extensions) (*Model, error) {
	i, err := export.Import(m, own)
	if err != nil {
		return nil, err
	}
	return &Model{Imported: i, inputs: m.Graph.Feeds()}, nil
}

// Run computes the output, which the result has under the name export.Output.
func (m *Model) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	if err := onnx.CheckInputs(m.inputs, inputs); err != nil {
		return nil, err
	}
	x := inputs[m.inputs[0].Name]
	if !slices.Equal(m.shape, x.Shape) { // frees the memory of the last shape's graph
		m.model, m.shape = m.fresh(), slices.Clone(x.Shape)
	}
	var t []float32
	if m.Network.Conditions() > 0 {
		t = inputs[m.inputs[1].Name].Data
	}
	y, err := Apply(context.Background(), m.model, x, t)
	if err != nil {
		return nil, err
	}
	return map[string]onnx.Value{export.Output: y}, nil
}

// fresh returns a model that computes a batch at once, without a bound on its memory.
func (m *Model) fresh() *model.Model {
	n := model.New(m.Network, m.Params, nil)
	n.Memory = math.MaxInt64
	return n
}

// Memory returns approximately the number of bytes for n pictures of h by w pixels, without weights,
// pictures and results.
func (m *Model) Memory(n, h, w int) (int64, error) {
	bytes, err := m.fresh().Bytes(1, m.Channels, h, w, false)
	return int64(n) * bytes, err
}

// Close frees the memory of the last graph.
func (m *Model) Close() error {
	m.model, m.shape = nil, nil
	return nil
}

// Version returns the name of the instruction set that the kernels use.
func Version() string { return kernel.Path() }

// Apply returns a network's output for pictures x (N,C,H,W) and numbers t, Conditions() for each picture.
func Apply(ctx context.Context, m *model.Model, x onnx.Value, t []float32) (onnx.Value, error) {
	y := onnx.Value{Shape: slices.Clone(x.Shape)}
	scale := m.Network.Scale()
	y.Shape[2], y.Shape[3] = scale*y.Shape[2], scale*y.Shape[3]
	y.Data = make([]float32, lists.Product(y.Shape))
	images := pixel.Images{Shape: pixel.Shape{N: x.Shape[0], C: x.Shape[1], H: x.Shape[2], W: x.Shape[3]}, Data: x.Data}
	return y, m.Apply(ctx, y.Data, images, t)
}
