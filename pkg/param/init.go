package param

import (
	"math"

	"gorgonia.org/tensor"

	"multiscale/pkg/random"
)

// Uniform draws from the uniform distribution on [-bound,bound).
func Uniform(bound float64) Initializer {
	return func(v []float32, _ tensor.Shape, r *random.Stream) {
		for i := range v {
			v[i] = float32((2*r.Float64() - 1) * bound)
		}
	}
}

// FanIn is Uniform(1/sqrt(n)), PyTorch's default for the weights and biases of linear layers
// and convolutions with n inputs per output.
func FanIn(n int) Initializer { return Uniform(1 / math.Sqrt(float64(n))) }

// Constant sets all values to c.
func Constant(c float32) Initializer {
	return func(v []float32, _ tensor.Shape, _ *random.Stream) {
		for i := range v {
			v[i] = c
		}
	}
}

// Scaled multiplies the values of another initializer by a factor.
func Scaled(by float32, init Initializer) Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		init(v, s, r)
		for i := range v {
			v[i] *= by
		}
	}
}

// Orthogonal draws a weight, seen as a matrix with O rows, whose rows are orthogonal with
// length gain. If there are fewer columns than rows, the columns are orthogonal instead. It
// applies the Gram-Schmidt process to normal vectors, which gives a uniform distribution over
// all such matrices.
func Orthogonal(gain float64) Initializer {
	return func(v []float32, s tensor.Shape, r *random.Stream) {
		rows := s[0]
		cols := len(v) / rows
		count, length := min(rows, cols), max(rows, cols)
		basis := make([][]float64, count)
		for i := range basis {
			b := make([]float64, length)
			for j := range b {
				b[j] = float64(r.Normal())
			}
			// After a single pass, rounding errors would spoil the orthogonality.
			for range 2 {
				for _, e := range basis[:i] {
					d := dot(b, e)
					for j := range b {
						b[j] -= float64(d * e[j])
					}
				}
			}
			norm := math.Sqrt(dot(b, b))
			for j := range b {
				b[j] /= norm
			}
			basis[i] = b
		}
		for i := range v {
			row, col := i/cols, i%cols
			if rows > cols {
				row, col = col, row
			}
			v[i] = float32(gain * basis[row][col])
		}
	}
}

func dot(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i] * b[i])
	}
	return sum
}
