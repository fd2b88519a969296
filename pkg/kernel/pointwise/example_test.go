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
	fmt.Println(pointwise.MSE(y, []float32{0, 0, 0, 1}))
	// Output:
	// [-1 -0.5 0 3]
	// 1.3125
}
