package pointwise_test

import (
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
)

func Example() {
	y := make([]float32, 4)
	pointwise.Activate(y, []float32{-2, -1, 0, 3}, kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.5})
	fmt.Println(y)
	losses := make([]float32, 2) // of two samples
	pointwise.MSE(losses, y, []float32{0, 0, 0, 1})
	fmt.Println(losses)
	// Output:
	// [-1 -0.5 0 3]
	// [0.625 2]
}
