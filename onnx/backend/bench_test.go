package backend_test

import (
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
)

// BenchmarkConv computes a 3x3 convolution from 100 to 100 channels: 1.5 GFLOP per run.
func BenchmarkConv(b *testing.B) {
	w := onnx.NewFloats("w", []int64{100, 100, 3, 3}, make([]float32, 100*100*9))
	for i := range w.Raw {
		w.Raw[i] = byte(1 + i%50)
	}
	m, err := backend.New(model("x", "y", []*onnx.Tensor{w}, node("Conv", "x w", "y", &onnx.Attribute{Name: "pads", Value: []int64{1, 1, 1, 1}})))
	if err != nil {
		b.Fatal(err)
	}
	x := onnx.Value{Shape: []int{1, 100, 90, 90}, Data: make([]float32, 100*90*90)}
	for i := range x.Data {
		x.Data[i] = float32(i % 7)
	}
	b.SetBytes(2 * 100 * 100 * 9 * 90 * 90)
	for b.Loop() {
		if _, err := m.Run(map[string]onnx.Value{"x": x}); err != nil {
			b.Fatal(err)
		}
	}
}
