package metric_test

import (
	"fmt"

	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
)

// One picture on [-1,1], one channel, 2x2: the top row is right, the bottom row
// is off by 0.2, which is 0.1 on [0,1].
func Example() {
	shape := pixel.Shape{N: 1, C: 1, H: 2, W: 2}
	clean := []float32{-0.5, 0.5, 0, 0}
	restored := []float32{-0.5, 0.5, 0.2, -0.2}

	var m metric.Meter
	m.Add(restored, clean, shape, pixel.Signed)
	s := m.Summary()
	fmt.Printf("MSE %.4f, PSNR %.2f dB, SSIM %.3f\n", s.MSE, s.PSNR, s.SSIM)
	// Output:
	// MSE 0.0200, PSNR 23.01 dB, SSIM 0.989
}
