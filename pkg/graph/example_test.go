package graph_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
)

// A compiled graph runs many times, on the current values of its inputs.
func Example() {
	g := gorgonia.NewGraph()
	x := tensor.New(tensor.WithBacking([]float32{-1, 2, 3, -4}))
	n := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName("x"), gorgonia.WithValue(x))
	y := n
	for range 10 {
		var err error
		if y, err = op.Activate(y, kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.5}); err != nil {
			fmt.Println(err)
			return
		}
	}
	var arena graph.Arena
	program, err := graph.Compile(g, &arena, y)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if err := program.Run(); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(y.Value().Data())
		x.Float32s()[0] = 1
	}
	fmt.Println("memory for", program.Bytes()/4, "numbers, not 40")
	// Output:
	// [-0.0009765625 2 3 -0.00390625]
	// [1 2 3 -0.00390625]
	// memory for 20 numbers, not 40
}
