package layer_test

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// A network is written once. The first build, with an empty set, declares its parameters. Later
// builds make graphs with these parameters, for any shape.
func Example() {
	network := func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
		x = b.Conv("first", x, layer.Conv{Out: 8, Kernel: 3})
		x = b.LayerNorm(x, layer.LeakyReLU)
		return b.Conv("last", x, layer.Conv{Out: 1, Kernel: 1}.Zero())
	}
	set := param.NewSet(1)
	b := layer.NewBuilder(set, false)
	network(b, b.Input("x", 1, 3, 8, 8))
	set.Seal()
	fmt.Println(set.Len(), "parameters")

	b = layer.NewBuilder(set, false)
	x := b.Input("x", 2, 3, 5, 7)
	y := network(b, x)
	if err := b.Err(); err != nil {
		fmt.Println(err)
		return
	}
	program, err := graph.Compile(b.Graph, new(graph.Arena), y)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := program.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Shape())
	// Output:
	// 233 parameters
	// (2, 1, 5, 7)
}
