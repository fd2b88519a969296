package onnx

import (
	"fmt"
	"io"

	"multiscale/pkg/durable"
)

// ReadFile reads a model from a file, as [Decode] does. Errors name the file.
func ReadFile(path string) (*Model, error) {
	data, err := ReadBytes(path)
	if err != nil {
		return nil, err
	}
	m, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// ReadBytes reads a model file without looking into it, but not more than a model
// file can hold.
func ReadBytes(path string) ([]byte, error) {
	return durable.ReadFile(durable.OS, path, maxBytes)
}

// WriteFile writes the model to path, whole or not at all. Equal models give equal files.
func (m *Model) WriteFile(path string) error {
	data, err := m.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
