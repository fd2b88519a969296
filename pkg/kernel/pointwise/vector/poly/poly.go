// Package poly holds the constants of the approximations that the portable
// loops of package vector and its assembly share.
package poly

// exp(x) = 2^n exp(r) with n = round(x/ln 2) and r = x - n ln 2. ln 2 is subtracted in
// two parts, so that r is accurate enough for a result within one unit in the last
// place. Arguments are clamped to [ExpMin, ExpMax]: outside, 2^n could leave the range
// of exponents, or the result could be subnormal.
const (
	ExpMax = 87
	ExpMin = -87
	Log2E  = 1.44269504088896341
	Ln2Hi  = 0.693359375 // 10 bits, so n*Ln2Hi is exact
	Ln2Lo  = -2.12194440e-4
	Round  = 0x1.8p23 // adding and subtracting it rounds to an integer
)

// Exp approximates (exp(r)-1-r)/r^2 on |r| <= ln(2)/2, highest power first.
var Exp = [6]float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// Tanh approximates (tanh(x)-x)/x^3 in powers of x^2 on |x| < TanhSplit,
// highest power first.
var Tanh = [5]float32{-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1}

// TanhSplit is the argument from which on tanh is computed as 1 - 2/(exp(2x)+1). For
// smaller arguments this difference would suffer from cancellation.
const TanhSplit = 0.625

// Constants of the 64-bit mixer (SplitMix64; Steele, Lea and Flood 2014).
// Golden is the odd integer nearest to 2^64 divided by the golden ratio. Its multiples
// are distributed evenly, so that consecutive counters differ in many bits.
const (
	Golden uint64 = 0x9e3779b97f4a7c15
	Mix1   uint64 = 0xbf58476d1ce4e5b9
	Mix2   uint64 = 0x94d049bb133111eb
)
