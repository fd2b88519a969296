package vector

// Moments returns the sum of x and of its squares, accumulated in float64.
func Moments(x []float32) (sum, squares float64) {
	var sums [2]float64
	RowMoments(sums[:], x, len(x))
	return sums[0], sums[1]
}

// Distance returns the sum of (a-b)^2, accumulated in float64.
func Distance(a, b []float32) float64 {
	if b = b[:len(a)]; accelerated {
		return distanceAVX2(start(a), start(b), len(a))
	}
	return distanceGeneric(a, b)
}

// Dot returns the sum of a*b, accumulated in float64.
func Dot(a, b []float32) float64 {
	if b = b[:len(a)]; accelerated {
		return dotAVX2(start(a), start(b), len(a))
	}
	return dotGeneric(a, b)
}

// Finite reports whether x has neither infinities nor NaNs.
func Finite(x []float32) bool {
	if accelerated {
		return finiteAVX2(start(x), len(x))
	}
	return finiteGeneric(x)
}

// Maximum returns the largest element of x, which must not be empty.
func Maximum(x []float32) float32 {
	if accelerated {
		return maximumAVX2(&x[0], len(x))
	}
	return maximumGeneric(x)
}

// ExpShift writes exp(a*x-b) and returns the sum of what it wrote. Exponents
// are clamped to [-87, 87].
func ExpShift(y, x []float32, a, b float32) float64 {
	if y = y[:len(x)]; accelerated {
		return expShiftAVX2(start(y), start(x), len(x), a, b)
	}
	return expShiftGeneric(y, x, a, b)
}
