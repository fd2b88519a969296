package metric_test

import (
	"math"
	"testing"

	"multiscale/pkg/metric"
	"multiscale/pkg/random"
)

// TestNoise: for pictures of pure noise, the estimate is too low only by the correction for details. Clipped and skipped
// pixels do not count.
func TestNoise(t *testing.T) {
	const h, w, deviation = 321, 481, 25.0 / 255
	const want = deviation * (1 - metric.NoiseDetail*metric.NoiseDetail/deviation/deviation/2)
	for _, c := range []int{1, 3} {
		x := make([]float32, c*h*w)
		r := random.New(1)
		for i := range x {
			x[i] = 0.5 + deviation*float32(r.Normal())
		}
		row := func(to []float32, c, y int) { copy(to, x[(c*h+y)*w:]) }
		got := metric.Noise(c, h, w, row, nil)
		if math.Abs(got/want-1) > 0.03 {
			t.Errorf("%d channels: %v, want %v", c, got, want)
		}
		for y := 160; y < h; y++ { // the lower half
			for channel := range c {
				clear(x[(channel*h+y)*w:][:w])
			}
		}
		if half := metric.Noise(c, h, w, row, nil); math.Abs(half/want-1) > 0.04 {
			t.Errorf("%d channels, half of it black: %v, want %v", c, half, want)
		}
		all := func(int, int) bool { return true }
		if none := metric.Noise(c, h, w, row, all); none != 0 {
			t.Errorf("%d channels, nothing counts: %v", c, none)
		}
	}
}
