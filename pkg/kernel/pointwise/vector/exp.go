package vector

import "math"

// Constants of the exponential, shared with the assembly: exp(x) = 2^n exp(r)
// with n = round(x/ln 2) and r = x - n ln 2 taken in two parts, so that the
// reduction is exact enough for one unit in the last place.
const (
	expMax = 88  // beyond, 2^n would leave the exponent range
	expMin = -87 // below, the result would be subnormal
	log2e  = 1.44269504088896341
	ln2Hi  = 0.693359375 // 10 bits, so n*ln2Hi is exact
	ln2Lo  = -2.12194440e-4
	round  = 0x1.8p23 // adding and subtracting it rounds to an integer
)

// expPoly approximates (exp(r)-1-r)/r^2 on |r| <= ln(2)/2, highest power first.
var expPoly = [6]float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// exp returns e^x for x clamped to [expMin, expMax].
func exp(x float32) float32 {
	if x > expMax {
		x = expMax
	}
	if x < expMin {
		x = expMin
	}
	t := x*log2e + round
	n := t - round
	r := x - n*ln2Hi - n*ln2Lo
	p := expPoly[0]
	for _, c := range expPoly[1:] {
		p = p*r + c
	}
	p = p*(r*r) + r + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }

// tanhPoly approximates (tanh(x)-x)/x^3 in powers of x^2 on |x| < tanhSplit,
// highest power first.
var tanhPoly = [5]float32{-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1}

// tanhSplit is where the polynomial hands over to the exponential, whose
// difference 1 - 2/(exp(2x)+1) would cancel for smaller arguments.
const tanhSplit = 0.625

func tanh(x float32) float32 {
	a := max(x, -x)
	if a < tanhSplit {
		z := x * x
		p := tanhPoly[0]
		for _, c := range tanhPoly[1:] {
			p = p*z + c
		}
		return p*z*x + x
	}
	t := 1 - 2/(exp(2*a)+1)
	return float32(math.Copysign(float64(t), float64(x)))
}
