package resample_test

import (
	"fmt"

	"multiscale/pkg/kernel/resample"
)

// Down to the coarse mesh by nearest pixels and by means of blocks.
func Example() {
	x := []float32{
		1, 2, 3, 4,
		5, 6, 7, 8,
	}
	y := make([]float32, 2)
	resample.Nearest(y, x, 1, 2, 4, 1, 2)
	fmt.Println(y)
	resample.Bilinear(y, x, 1, 2, 4, 1, 2, 2, 2)
	fmt.Println(y)
	// Output:
	// [1 3]
	// [3.5 5.5]
}
