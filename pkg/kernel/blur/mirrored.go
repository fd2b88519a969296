package blur

import (
	"math"

	"multiscale/pkg/elementary"
)

// reach is the distance, in standard deviations, at which Mirrored truncates a Gaussian.
const reach = 4

// Mirrored blurs the planes of x (planes,h,w) with a Gaussian of standard deviation sigma, in pixels, and writes them to
// y, which must not overlap x. If sigma is not positive, it copies x. Beyond its borders a picture continues as its
// mirror image; the pixels at the border are repeated.
func Mirrored(y, x []float32, planes, h, w int, sigma float64) {
	if !(sigma > 0) {
		copy(y, x)
		return
	}
	weights := taps(sigma)
	r := len(weights) / 2
	b := buffers.Get().(*[]float32)
	defer buffers.Put(b)
	if need := h*w + w + 2*r; cap(*b) < need {
		*b = make([]float32, need)
	}
	between, line := (*b)[:h*w], (*b)[h*w:][:w+2*r]
	for p := range planes {
		from, to := x[p*h*w:][:h*w], y[p*h*w:][:h*w]
		clear(between)
		for i := range h {
			for j := range line {
				line[j] = from[i*w+mirror(j-r, w)]
			}
			for k, weight := range weights {
				add(between[i*w:][:w], line[k:][:w], weight)
			}
		}
		clear(to)
		for i := range h {
			for k, weight := range weights {
				add(to[i*w:][:w], between[mirror(i+k-r, h)*w:][:w], weight)
			}
		}
	}
}

// add adds weight*x to y.
func add(y, x []float32, weight float32) {
	for i, v := range x {
		y[i] += float32(weight * v)
	}
}

// taps returns the weights of a truncated Gaussian, which have the sum 1.
func taps(sigma float64) []float32 {
	r := int(math.Ceil(reach * sigma))
	exact := make([]float64, 2*r+1)
	var sum float64
	for i := range exact {
		d := float64(i-r) / sigma
		exact[i] = elementary.Exp(float64(-d*d) / 2)
		sum += exact[i]
	}
	weights := make([]float32, len(exact))
	for i, v := range exact {
		weights[i] = float32(v / sum)
	}
	return weights
}

// mirror returns the index of the pixel at position i of a mirrored row of n pixels. i may lie beyond its ends.
func mirror(i, n int) int {
	if i = i % (2 * n); i < 0 {
		i += 2 * n
	}
	if i >= n {
		i = 2*n - 1 - i
	}
	return i
}
