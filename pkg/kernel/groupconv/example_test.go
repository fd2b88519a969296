package groupconv_test

import (
	"fmt"

	"multiscale/pkg/kernel/groupconv"
)

// A convolution of a row of pixels with taps two pixels apart, and its adjoint, a transposed convolution.
func Example() {
	s := groupconv.Shape{N: 1, C: 1, H: 3, W: 3, O: 1, OutH: 1, OutW: 1, Kernel: 2, Stride: 1, Dilation: 2, Groups: 1}
	x := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	weights := []float32{1, 10, 100, 1000}
	y, back := make([]float32, 1), make([]float32, 9)
	groupconv.Forward(y, x, weights, s)
	groupconv.InputGradient(back, []float32{1}, weights, s)
	fmt.Println(y, back)
	// Output: [9731] [1 0 10 0 0 0 100 0 1000]
}
