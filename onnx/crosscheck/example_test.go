package crosscheck_test

import (
	"context"
	"fmt"
	"log"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
)

// A model that doubles its input is compared with a function that does the same.
func ExampleRun() {
	image := []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(3), onnx.Symbolic("H"), onnx.Symbolic("W")}
	m := &onnx.Model{
		IRVersion: 8,
		Opsets:    []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Name:    "double",
			Inputs:  []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32, Dims: image}},
			Nodes:   []*onnx.Node{{Op: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}},
			Outputs: []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: image}},
		},
	}
	data, err := m.Encode()
	if err != nil {
		log.Fatal(err)
	}
	double := func(x onnx.Value, _ []float32) (onnx.Value, error) {
		y := onnx.Value{Shape: x.Shape}
		for _, v := range x.Data {
			y.Data = append(y.Data, 2*v)
		}
		return y, nil
	}
	report, err := crosscheck.Run(context.Background(), data, crosscheck.Options{Seed: 1, Forward: double})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range report.Rows {
		if r.Exceeds(1e-6) {
			fmt.Println(r)
		}
	}
	fmt.Println(report.MaxAbs(crosscheck.OnnxGo))
	// Output: 0
}
