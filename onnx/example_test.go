package onnx_test

import (
	"fmt"
	"log"

	"multiscale/onnx"
)

// A model with one node, for images of any size, is written to bytes and read again.
func Example() {
	image := []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(3), onnx.Symbolic("H"), onnx.Symbolic("W")}
	m := &onnx.Model{
		IRVersion: 8,
		Opsets:    []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Name:         "brighter",
			Inputs:       []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32, Dims: image}},
			Initializers: []*onnx.Tensor{onnx.NewFloats("gain", nil, []float32{1.5})},
			Nodes:        []*onnx.Node{{Op: "Mul", Inputs: []string{"x", "gain"}, Outputs: []string{"y"}}},
			Outputs:      []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: image}},
		},
	}
	data, err := m.Encode()
	if err != nil {
		log.Fatal(err)
	}
	again, err := onnx.Decode(data)
	if err != nil {
		log.Fatal(err)
	}
	gain, err := again.Graph.Initializers[0].Floats()
	fmt.Println(again.Graph.Name, again.Opset(), gain, err)
	// Output: brighter 17 [1.5] <nil>
}

// An invalid model is an error when it is written, not only when it runs.
func ExampleModel_Validate() {
	m := &onnx.Model{
		IRVersion: 8,
		Opsets:    []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Inputs:  []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32}},
			Nodes:   []*onnx.Node{{Op: "Mul", Inputs: []string{"x", "gain"}, Outputs: []string{"y"}}},
			Outputs: []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32}},
		},
	}
	fmt.Println(m.Validate())
	// Output: node 0 (Mul): "gain" is neither an input, nor an initializer, nor the result of a node
}
