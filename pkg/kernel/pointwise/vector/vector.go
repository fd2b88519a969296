package vector

// Moments returns the sum of x and of its squares, accumulated in float64.
func Moments(x []float32) (sum, squares float64) { return momentsGeneric(x) }

// Distance returns the sum of (a-b)^2, accumulated in float64.
func Distance(a, b []float32) float64 { return distanceGeneric(a, b[:len(a)]) }

// Dot returns the sum of a*b, accumulated in float64.
func Dot(a, b []float32) float64 { return dotGeneric(a, b[:len(a)]) }

// Finite reports whether x has neither infinities nor NaNs.
func Finite(x []float32) bool { return finiteGeneric(x) }

// Maximum returns the largest element of x, which must not be empty.
func Maximum(x []float32) float32 { return maximumGeneric(x) }

// Leaky writes x where it is positive and slope*x elsewhere. A slope of 0 is
// ReLU, a slope of 1 the identity.
func Leaky(y, x []float32, slope float32) { leakyGeneric(y[:len(x)], x, slope) }

// LeakyGrad writes gy times the derivative of Leaky at x, the slope at 0.
func LeakyGrad(gx, gy, x []float32, slope float32) {
	leakyGradGeneric(gx[:len(x)], gy[:len(x)], x, slope)
}

// SiLU writes x/(1+exp(-x)).
func SiLU(y, x []float32) { siluGeneric(y[:len(x)], x) }

// SiLUGrad writes gy times the derivative of SiLU at x.
func SiLUGrad(gx, gy, x []float32) { siluGradGeneric(gx[:len(x)], gy[:len(x)], x) }

// Tanh writes the hyperbolic tangent of x.
func Tanh(y, x []float32) { tanhGeneric(y[:len(x)], x) }

// TanhGrad writes gy times the derivative of Tanh at x.
func TanhGrad(gx, gy, x []float32) { tanhGradGeneric(gx[:len(x)], gy[:len(x)], x) }

// Axpy adds a*x to y.
func Axpy(y []float32, a float32, x []float32) { axpyGeneric(y[:len(x)], a, x) }

// Scale writes a*x.
func Scale(y []float32, a float32, x []float32) { scaleGeneric(y[:len(x)], a, x) }

// Add writes a+b.
func Add(y, a, b []float32) { addGeneric(y[:len(a)], a, b[:len(a)]) }

// SubScale writes s*(a-b).
func SubScale(y, a, b []float32, s float32) { subScaleGeneric(y[:len(a)], a, b[:len(a)], s) }

// AddRows adds e[r] to row r of x; rows have the given width.
func AddRows(y, x, e []float32, width int) { addRowsGeneric(y, x, e, width) }

// SumRows writes the sum of each row of x.
func SumRows(s, x []float32, width int) { sumRowsGeneric(s, x, width) }

// NormalizeLeaky writes Leaky((x-mean)*scale[r] + shift[r]) for each row r.
// The mean is taken off first because x*scale alone could dwarf the result.
func NormalizeLeaky(y, x []float32, width int, mean float32, scale, shift []float32, slope float32) {
	normalizeLeakyGeneric(y, x, width, mean, scale, shift, slope)
}

// NormalizeSiLU writes SiLU((x-mean)*scale[r] + shift[r]) for each row r.
func NormalizeSiLU(y, x []float32, width int, mean float32, scale, shift []float32) {
	normalizeSiLUGeneric(y, x, width, mean, scale, shift)
}

// NormGradLeaky writes gz, the gradient before the activation of
// NormalizeLeaky, and for each row the sums of gz and gz*(x-mean) into
// sums[2r] and sums[2r+1].
func NormGradLeaky(gz, gy, x []float32, width int, mean float32, scale, shift []float32, slope float32, sums []float64) {
	normGradLeakyGeneric(gz, gy, x, width, mean, scale, shift, slope, sums)
}

// NormGradSiLU is NormGradLeaky for NormalizeSiLU.
func NormGradSiLU(gz, gy, x []float32, width int, mean float32, scale, shift []float32, sums []float64) {
	normGradSiLUGeneric(gz, gy, x, width, mean, scale, shift, sums)
}

// NormGradCombine writes scale[r]*gz + (x-mean)*slope + shift for each row r.
// gx and gz may be the same slice.
func NormGradCombine(gx, gz, x []float32, width int, mean float32, scale []float32, slope, shift float32) {
	normGradCombineGeneric(gx, gz, x, width, mean, scale, slope, shift)
}

// ExpShift writes exp(a*x-b) and returns the sum of what it wrote. Exponents
// are clamped to [-87, 88].
func ExpShift(y, x []float32, a, b float32) float64 { return expShiftGeneric(y[:len(x)], x, a, b) }

// SoftGrad writes w*(gw-shift)*scale, the gradient of a softmax row w whose
// product with gw sums to shift.
func SoftGrad(gx, gw, w []float32, shift, scale float32) {
	softGradGeneric(gx[:len(w)], gw[:len(w)], w, shift, scale)
}

// AdamConstants are the factors of one Adam step; the assembly reads them in
// this order.
type AdamConstants struct {
	Beta1, OneMinusBeta1 float32
	Beta2, OneMinusBeta2 float32
	Rate                 float32 // learning rate over 1-beta1^k
	InverseRoot          float32 // 1/sqrt(1-beta2^k)
	Epsilon              float32
}

// Adam updates the moments m, v and the parameters p from the gradient g.
func Adam(p, g, m, v []float32, c *AdamConstants) {
	n := len(p)
	adamGeneric(p, g[:n], m[:n], v[:n], c)
}

// Momentum updates the velocity v = momentum*v + g and then p -= rate*v.
func Momentum(p, g, v []float32, rate, momentum float32) {
	n := len(p)
	momentumGeneric(p, g[:n], v[:n], rate, momentum)
}

// Dropout writes scale*x where 16 bits of a hash, read as a signed number, are
// at least the threshold, and 0 elsewhere. Four elements share the hash of
// seed and the number of their block; x starts with block number block.
func Dropout(y, x []float32, seed, block uint64, threshold int16, scale float32) {
	dropoutGeneric(y[:len(x)], x, seed, block, threshold, scale)
}

// Duplicate writes s*x[i] to y[2i] and y[2i+1].
func Duplicate(y, x []float32, s float32) { duplicateGeneric(y[:2*len(x)], x, s) }

// PairSums writes s*(a[2i] + a[2i+1] + b[2i] + b[2i+1]) to y[i].
func PairSums(y, a, b []float32, s float32) {
	pairSumsGeneric(y, a[:2*len(y)], b[:2*len(y)], s)
}

// Evens writes x[2i] to y[i].
func Evens(y, x []float32) { evensGeneric(y, x[:2*len(y)-1]) }

// Interleave writes a[i] to y[2i] and b[i] to y[2i+1].
func Interleave(y, a, b []float32) { interleaveGeneric(y[:2*len(a)], a, b[:len(a)]) }

// Deinterleave writes y[2i] to a[i] and y[2i+1] to b[i].
func Deinterleave(a, b, y []float32) { deinterleaveGeneric(a, b[:len(a)], y[:2*len(a)]) }

// Blend writes s*a + t*b.
func Blend(y, a, b []float32, s, t float32) { blendGeneric(y[:len(a)], a, b[:len(a)], s, t) }

// Mul writes a*b.
func Mul(y, a, b []float32) { mulGeneric(y[:len(a)], a, b[:len(a)]) }

// MulAdd adds a*b to y.
func MulAdd(y, a, b []float32) { mulAddGeneric(y[:len(a)], a, b[:len(a)]) }
