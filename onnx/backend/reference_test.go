package backend_test

import (
	"testing"

	"multiscale/onnx/backend"
	"multiscale/onnx/internal/stored"
)

// TestReference runs the stored models and compares with their stored outputs.
func TestReference(t *testing.T) {
	for _, c := range stored.Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			m, err := backend.Load(c.Bytes(t))
			if err != nil {
				t.Fatal(err)
			}
			c.Compare(t, m.Run)
		})
	}
}
