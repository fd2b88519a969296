package channel

// Sum returns the sum of x, accumulated in float64. It adds every fourth element to the same of four
// partial sums, whose additions do not depend on each other.
func Sum(x []float32) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		a += float64(x[0])
		b += float64(x[1])
		c += float64(x[2])
		d += float64(x[3])
	}
	for _, v := range x {
		a += float64(v)
	}
	return a + b + c + d
}
