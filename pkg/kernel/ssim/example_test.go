package ssim_test

import (
	"fmt"

	"multiscale/pkg/kernel/ssim"
)

// An image has the index 1 with itself. A constant shift changes the index little, because
// the contrast remains the same.
func Example() {
	s := ssim.Shape{N: 1, C: 1, H: 16, W: 16}
	a, b := make([]float32, 256), make([]float32, 256)
	for i := range a {
		a[i] = float32(i%7) / 7
		b[i] = a[i] + 0.1
	}
	value := make([]float64, 1)
	ssim.Forward(value, a, a, s)
	fmt.Printf("%.3f\n", value[0])
	ssim.Forward(value, a, b, s)
	fmt.Printf("%.3f\n", value[0])
	// Output:
	// 1.000
	// 0.973
}
