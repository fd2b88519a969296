package op_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
)

// Operations are nodes of an ordinary Gorgonia graph: they mix with Gorgonia's
// own, are differentiated by Grad and run on the tape machine.
func Example() {
	g := gorgonia.NewGraph()
	input := func(name string, values ...float32) *gorgonia.Node {
		v := tensor.New(tensor.WithShape(1, len(values)), tensor.WithBacking(values))
		return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName(name), gorgonia.WithValue(v))
	}
	x, target := input("x", -1, 2, 3), input("target", 0, 0, 1)
	y, err := op.Activate(x, kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	losses, err := op.MSE(y, target) // of each sample
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := op.Mean(losses)
	if err != nil {
		fmt.Println(err)
		return
	}
	gradients, err := gorgonia.Grad(cost, x)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("y       ", y.Value().Data())
	fmt.Println("cost    ", cost.Value().Data())
	fmt.Println("gradient", gradients[0].Value().Data())
	_, err = op.MSE(y, input("short", 0, 0))
	fmt.Println(err)
	// Output:
	// y        [-0.5 2 3]
	// cost     2.75
	// gradient [-0.16666667 1.3333334 1.3333334]
	// MSE: target short has shape (1, 2), want (1, 3)
}
