package backend_test

import (
	"strings"
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
			for _, file := range c.Expected() {
				// y.npy comes from x.npy, y_second.npy from x_second.npy.
				suffix := strings.TrimPrefix(strings.TrimSuffix(file, ".npy"), "y")
				inputs := map[string]onnx.Value{}
				for _, name := range c.Inputs() {
					inputs[name] = c.Array(t, name+suffix+".npy")
				}
				out, err := m.Run(inputs)
				if err != nil {
					t.Fatal(err)
				}
				want := c.Array(t, file)
				worst, err := onnx.Difference(out["y"], want)
				if tol := c.Tolerance(t, file); err != nil || !(worst <= tol) {
					t.Errorf("%s: largest difference %g, allowed is %g (%v)", file, worst, tol, err)
				}
			}
		})
	}
}
