package export_test

import (
	"slices"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/onnx/gorgonnx"
	"multiscale/pkg/model"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// TestCore runs every network as a model of core operations in both backends of onnx-go, and compares with the network
// itself. It runs each twice, because gorgonnx sometimes overwrites operands.
func TestCore(t *testing.T) {
	for name, n := range networks {
		t.Run(name, func(t *testing.T) {
			set := parameters(t, n)
			forward := crosscheck.Network(t.Context(), model.New(n, set, op.MSE))
			for _, shape := range [][]int{{1, 3, 8, 8}, {2, 3, 4, 8}} {
				m, err := export.Network(n, 3, set, export.Options{Core: shape})
				if err != nil {
					t.Fatal(err)
				}
				stock, err := gorgonnx.New(m)
				if err != nil {
					t.Fatal(err)
				}
				ours, err := backend.New(m)
				if err != nil {
					t.Fatal(err)
				}
				for seed := range uint64(2) {
					x := onnx.Value{Shape: shape, Data: make([]float32, shape[0]*3*shape[2]*shape[3])}
					r := random.New(seed)
					r.Normals(x.Data)
					feeds := map[string]onnx.Value{"x": x}
					times := make([]float32, shape[0])
					r.Uniforms(times)
					if n.Conditions() > 0 {
						feeds["t"] = onnx.Value{Shape: shape[:1], Data: slices.Clone(times)}
					}
					want, err := forward(x, times)
					if err != nil {
						t.Fatal(err)
					}
					for runtime, run := range map[string]func(map[string]onnx.Value) (map[string]onnx.Value, error){"gorgonnx": stock.Run, "onnx-go": ours.Run} {
						got, err := run(feeds)
						if err != nil {
							t.Fatalf("%s, %v: %v", runtime, shape, err)
						}
						d, err := onnx.Difference(got["y"], want)
						if err != nil || !(d <= tolerance*largest(want)) {
							t.Errorf("%s, %v, seed %d: largest difference %g (%v)", runtime, shape, seed, d, err)
						}
					}
				}
			}
		})
	}
}

// largest returns max(1, max|y|), the unit of tolerances.
func largest(y onnx.Value) float64 {
	most := 1.0
	for _, v := range y.Data {
		most = max(most, float64(v), -float64(v))
	}
	return most
}
