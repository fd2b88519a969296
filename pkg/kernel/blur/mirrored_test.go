package blur_test

import (
	"math"
	"testing"

	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/random"
)

// TestMirrored: the result equals the periodic blur of the picture together with its mirror images, except for the tails
// beyond four standard deviations.
func TestMirrored(t *testing.T) {
	const h, w, planes = 20, 13, 2
	const tails = 2e-4
	x := make([]float32, planes*h*w)
	r := random.New(1)
	r.Uniforms(x)
	for _, sigma := range []float64{0, 0.5, 1.3, 3} {
		got := make([]float32, len(x))
		blur.Mirrored(got, x, planes, h, w, sigma)
		wide := make([]float32, 4*len(x))
		for i := range wide {
			p, row, col := i/(4*h*w), i/(2*w)%(2*h), i%(2*w)
			wide[i] = x[(p*h+min(row, 2*h-1-row))*w+min(col, 2*w-1-col)]
		}
		want := make([]float32, len(wide))
		blur.New(2*h, 2*w, sigma, sigma).Apply(want, wide, planes)
		for i, v := range got {
			p, row, col := i/(h*w), i/w%h, i%w
			if off := math.Abs(float64(v - want[(p*2*h+row)*2*w+col])); off > tails {
				t.Fatalf("sigma %v, plane %d, row %d, column %d: differs by %g", sigma, p, row, col, off)
			}
		}
	}
}
