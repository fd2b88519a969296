package pad_test

import (
	"fmt"

	"multiscale/pkg/kernel/pad"
)

// A row of three pixels is enlarged by two at each side.
func Example() {
	x := []float32{1, 2, 3}
	for _, mode := range []pad.Mode{pad.Reflect, pad.Replicate} {
		s := pad.Shape{Planes: 1, H: 1, W: 3, Left: 2, Right: 2, Mode: mode}
		y := make([]float32, s.OutH()*s.OutW())
		pad.Forward(y, x, s)
		fmt.Println(y)
	}
	// Output:
	// [3 2 1 2 3 2 1]
	// [1 1 1 2 3 3 3]
}
