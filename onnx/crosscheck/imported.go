package crosscheck

import (
	"context"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/gorgonnx"
	"multiscale/pkg/model"
)

// itself runs the network that a model was exported from, as a runtime.
type itself struct {
	forward      Forward
	image, times string
}

func newItself(i *export.Imported) itself {
	s := itself{forward: Network(context.Background(), model.New(i.Network, i.Params, nil)), image: "x"}
	if i.Network.UsesTime() {
		s.times = "t"
	}
	return s
}

// Run implements session.
func (s itself) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	y, err := s.forward(inputs[s.image], inputs[s.times].Data)
	return map[string]onnx.Value{export.Output: y}, err
}

// Close implements session.
func (itself) Close() error { return nil }

// core runs the form of core operations that a network has at the shape of its input.
type core struct{ *export.Imported }

// Run implements session.
func (c core) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	m, err := export.Network(c.Network, c.Channels, c.Params, export.Options{Core: inputs["x"].Shape})
	if err != nil {
		return nil, err
	}
	s, err := gorgonnx.New(m)
	if err != nil {
		return nil, err
	}
	return s.Run(inputs)
}

// Close implements session.
func (core) Close() error { return nil }
