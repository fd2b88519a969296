package backend_test

import (
	"fmt"
	"log"

	"multiscale/onnx"
	"multiscale/onnx/backend"
)

// A model runs on inputs of any shape that fits its declarations.
func Example() {
	any := []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(2)}
	m := &onnx.Model{
		IRVersion: 8,
		Opsets:    []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Inputs:       []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32, Dims: any}},
			Outputs:      []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: any}},
			Initializers: []*onnx.Tensor{onnx.NewFloats("b", []int64{2}, []float32{10, -10})},
			Nodes: []*onnx.Node{
				{Op: "Add", Inputs: []string{"x", "b"}, Outputs: []string{"s"}},
				{Op: "Relu", Inputs: []string{"s"}, Outputs: []string{"y"}},
			},
		},
	}
	data, err := m.Encode()
	if err != nil {
		log.Fatal(err)
	}
	loaded, err := backend.Load(data) // or the bytes of an .onnx file
	if err != nil {
		log.Fatal(err)
	}
	out, err := loaded.Run(map[string]onnx.Value{"x": {Shape: []int{2, 2}, Data: []float32{1, 2, 30, 40}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out["y"].Shape, out["y"].Data)
	// Output: [2 2] [11 0 40 30]
}
