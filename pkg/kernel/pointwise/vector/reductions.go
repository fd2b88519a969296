package vector

// Distance returns the sum of (a-b)^2, accumulated in float64.
func Distance(a, b []float32) float64 {
	b = b[:len(a)]
	return active().distance(a, b)
}

// Dot returns the sum of a*b, accumulated in float64.
func Dot(a, b []float32) float64 {
	b = b[:len(a)]
	return active().dot(a, b)
}

// Finite reports whether x has neither infinities nor NaNs.
func Finite(x []float32) bool {
	return active().finite(x)
}

// Maximum returns the largest element of x, which must not be empty.
func Maximum(x []float32) float32 {
	return active().maximum(x)
}

// ExpShift writes y = exp(a*x-b) and returns the sum of y, accumulated in float64.
// Exponents are clamped to [-87, 87].
func ExpShift(y, x []float32, a, b float32) float64 {
	y = y[:len(x)]
	return active().expShift(y, x, a, b)
}
