package export_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/export"
	"multiscale/pkg/layer"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
)

// Export a network of this project with its parameters.
func ExampleNetwork() {
	n := network.NewESPCN()
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		log.Fatal(err)
	}
	m, err := export.Network(n, 3, params, export.Options{Doc: "enlarges pictures"})
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range m.Graph.Nodes {
		fmt.Println(node.Op, node.Inputs)
	}
	// m.WriteFile("espcn.onnx") would write it.
	// Output:
	// Conv [x conv1.weight conv1.bias]
	// Tanh [conv1/Conv]
	// Conv [Activate.0/Tanh conv2.weight conv2.bias]
	// Tanh [conv2/Conv]
	// Conv [Activate.1/Tanh conv3.weight conv3.bias]
	// DepthToSpace [conv3/Conv]
}

// Any graph of this project's layers and operations can be exported.
func ExampleGraph() {
	params := param.NewSet(1)
	build := func() (*layer.Builder, *gorgonia.Node) {
		b := layer.NewBuilder(params, false)
		x := b.Input("x", 1, 3, 8, 8)
		return b, b.Activate(b.Conv("first", x, layer.Conv{Out: 4, Kernel: 3}), layer.ReLU)
	}
	build() // the first time declares the parameters
	params.Seal()
	b, y := build()
	if err := b.Err(); err != nil {
		log.Fatal(err)
	}
	m, err := export.Graph(y, b.Graph.ByName("x"), export.Options{Name: "mine"})
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range m.Graph.Nodes {
		fmt.Println(node.Op, node.Inputs, node.Outputs)
	}
	// Output:
	// Conv [x first.weight first.bias] [first/Conv]
	// Relu [first/Conv] [y]
}
