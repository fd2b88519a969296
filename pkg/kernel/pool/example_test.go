package pool_test

import (
	"fmt"

	"multiscale/pkg/kernel/pool"
)

// The maximum of each 2x2 window, and where its gradient goes.
func Example() {
	s := pool.Shape{Planes: 1, H: 2, W: 4, Kernel: 2, Stride: 2}
	x := []float32{
		1, 4, 2, 0,
		3, 2, 9, 5,
	}
	y, gx := make([]float32, s.OutH()*s.OutW()), make([]float32, len(x))
	pool.Max(y, x, s)
	fmt.Println(y)
	pool.MaxGradient(gx, []float32{10, 20}, x, s)
	fmt.Println(gx)
	// Output:
	// [4 9]
	// [0 10 0 0 0 0 20 0]
}
