package crosscheck

import (
	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/gorgonnx"
)

// core runs a network as a model of core operations, which it exports for the shape of each input.
type core struct{ *export.Imported }

// Run implements session.
func (c core) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	m, err := export.Network(c.Network, c.Channels, c.Params, export.Options{Core: inputs["x"].Shape, Extensions: c.Options.Extensions})
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
