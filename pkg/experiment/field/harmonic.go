package field

import (
	"math"

	"multiscale/pkg/pixel"
)

// Successive over-relaxation ends when no pixel changes by more than settled, or after maxSweeps sweeps.
const (
	settled   = 1e-5
	maxSweeps = 5000
)

// harmonic fills missing pixels with the harmonic function whose boundary values are the pixels
// around them: each missing pixel is the mean of its four neighbours, or fewer at the picture's border.
func harmonic(o *observation) pixel.Images {
	y := pixel.Images{Shape: o.Shape, Data: append([]float32(nil), o.Data...)}
	var holes []int
	for i, missing := range o.missing {
		if missing {
			holes = append(holes, i)
		}
	}
	// The best factor for a square with as many pixels as are missing (Young 1954).
	side := math.Sqrt(float64(len(holes)))
	factor := 2 / (1 + math.Sin(math.Pi/(side+1)))
	for c := range y.C {
		fill(y.Data[c*y.Plane():][:y.Plane()], y.H, y.W, holes, factor)
	}
	return y
}

// fill relaxes the pixels of a plane whose indices are in holes.
func fill(x []float32, h, w int, holes []int, factor float64) {
	for range maxSweeps {
		largest := 0.0
		for _, i := range holes {
			sum, n := 0.0, 0
			if i >= w {
				sum, n = sum+float64(x[i-w]), n+1
			}
			if i < (h-1)*w {
				sum, n = sum+float64(x[i+w]), n+1
			}
			if i%w > 0 {
				sum, n = sum+float64(x[i-1]), n+1
			}
			if i%w < w-1 {
				sum, n = sum+float64(x[i+1]), n+1
			}
			change := factor * (sum/float64(n) - float64(x[i]))
			x[i] += float32(change)
			largest = max(largest, math.Abs(change))
		}
		if largest <= settled {
			return
		}
	}
}
