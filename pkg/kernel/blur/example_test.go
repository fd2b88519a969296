package blur_test

import (
	"fmt"

	"multiscale/pkg/kernel/blur"
)

// A bright pixel in the corner spreads over all four corners.
func Example() {
	x := make([]float32, 4*4)
	x[0] = 1
	y := make([]float32, len(x))
	blur.New(4, 4, 1, 1).Apply(y, x, 1)
	for row := range 4 {
		fmt.Printf("%.3f\n", y[4*row:][:4])
	}
	// Output:
	// [0.181 0.110 0.025 0.110]
	// [0.110 0.067 0.015 0.067]
	// [0.025 0.015 0.003 0.015]
	// [0.110 0.067 0.015 0.067]
}
