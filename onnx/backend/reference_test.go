package backend_test

import (
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/internal/reference"
)

// TestReference runs the stored models and compares with their stored outputs.
func TestReference(t *testing.T) {
	for _, c := range reference.Cases(t, "onnx") {
		t.Run(c.ID, func(t *testing.T) {
			data, err := onnx.ReadBytes(c.Path("model.onnx"))
			if err != nil {
				t.Fatal(err)
			}
			m, err := backend.Load(data)
			if err != nil {
				t.Fatal(err)
			}
			c.Compare(t, m.Run)
		})
	}
}
