package norm_test

import (
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/norm"
)

// One sample of two channels, each a group of its own.
func Example() {
	x := []float32{1, 3, 10, 30}
	y := make([]float32, 4)
	mean, rstd := make([]float32, 2), make([]float32, 2)
	norm.Forward(y, x, nil, nil, norm.Shape{N: 1, C: 2, HW: 2, Groups: 2}, 0, kernel.Activation{Kind: kernel.ReLU}, mean, rstd)
	fmt.Println(mean, rstd, y)
	// Output: [2 20] [1 0.1] [0 1 0 1]
}
