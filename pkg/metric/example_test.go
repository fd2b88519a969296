package metric_test

import (
	"fmt"

	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
)

// A picture of 2x2 pixels with one channel, normalised to [-1,1]. The top row is right. The bottom
// row is off by 0.2, which is 0.1 in pixels of [0,1].
func Example() {
	clean, restored := pixel.NewImages(1, 1, 2, 2), pixel.NewImages(1, 1, 2, 2)
	copy(clean.Data, []float32{-0.5, 0.5, 0, 0})
	copy(restored.Data, []float32{-0.5, 0.5, 0.2, -0.2})

	m := metric.NewMeter(metric.MSE, metric.PSNR, metric.SSIM)
	m.Add(restored, clean, pixel.Signed)
	v := m.Means()
	fmt.Printf("MSE %.4f, PSNR %.2f dB, SSIM %.3f\n", v.Of(metric.MSE), v.Of(metric.PSNR), v.Of(metric.SSIM))
	// Output:
	// MSE 0.0200, PSNR 23.01 dB, SSIM 0.989
}
