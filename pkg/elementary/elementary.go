// Package elementary has elementary functions whose results have the same bits on every
// architecture. Those of package math do not: some of them are assembly on one architecture
// only, and Go's compiler fuses products with sums if the processor can. All code that
// influences results of this project calls the functions of this package.
//
// On amd64 with FMA they have the bits of package math.
package elementary

import "math"

// Exp returns e^x. The argument is reduced to a sixteenth of [-ln(2)/2, ln(2)/2] for a
// Taylor polynomial of (e^x-1), which is then squared four times in the form
// e^2x-1 = (e^x-1)(e^x-1+2) (Shibata 2010).
func Exp(x float64) float64 {
	const (
		overflow  = 709.782712893384
		underflow = -746
		high, low = 0.69314718055966295651160180568695068359375, 0.28235290563031577122588448175013436025525412068e-12 // ln(2)
	)
	switch {
	case x > overflow:
		return math.Inf(1)
	case x < underflow:
		return 0
	case math.IsNaN(x):
		return x
	}
	n := math.RoundToEven(x * math.Log2E)
	r := math.FMA(-n, low, math.FMA(-n, high, x)) * 0.0625
	p := 1.0 / (8 * 7 * 6 * 5 * 4 * 3 * 2)
	for _, c := range [...]float64{1.0 / (7 * 6 * 5 * 4 * 3 * 2), 1.0 / (6 * 5 * 4 * 3 * 2), 1.0 / (5 * 4 * 3 * 2), 1.0 / (4 * 3 * 2), 1.0 / (3 * 2), 0.5, 1} {
		p = math.FMA(p, r, c)
	}
	r *= p
	for range 3 {
		r *= float64(r + 2)
	}
	return math.Ldexp(math.FMA(r, r+2, 1), int(n))
}

// Log returns the natural logarithm of x. With x = 2^k (1+f), |f| < 0.42 and s = f/(2+f),
// ln(1+f) is s times a polynomial in s^2 (FreeBSD's e_log.c, Sun Microsystems 1993).
func Log(x float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	const high, low = 6.93147180369123816490e-01, 1.90821492927058770002e-10 // ln(2)
	f, exponent := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		exponent--
	}
	f--
	k := float64(exponent)
	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	odd := float64(s2 * polynomial(s4, 1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01, 6.666666666666735130e-01))
	even := float64(s4 * polynomial(s4, 1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01))
	half := float64(float64(0.5*f) * f)
	rest := float64(s*(half+(odd+even))) + float64(k*low)
	return float64(k*high) - ((half - rest) - f)
}

// polynomial evaluates a polynomial in x. The coefficient of the highest power comes first.
func polynomial(x float64, coefficients ...float64) float64 {
	p := coefficients[0]
	for _, c := range coefficients[1:] {
		p = float64(p*x) + c
	}
	return p
}

// Log2 returns the binary logarithm of x, exact for powers of two.
func Log2(x float64) float64 {
	f, exponent := math.Frexp(x)
	if f == 0.5 {
		return float64(exponent - 1)
	}
	return float64(Log(f)*(1/math.Ln2)) + float64(exponent)
}

// Log10 returns the decimal logarithm of x.
func Log10(x float64) float64 { return float64(Log(x) * (1 / math.Ln10)) }

// Cos returns the cosine of x.
func Cos(x float64) float64 {
	_, cos := Sincos(x)
	return cos
}

// Sincos returns the sine and the cosine of x, from polynomials on [-π/4, π/4] (Cephes,
// Moshier 1989). Beyond 2^29 the rounding of the argument itself leaves few digits.
func Sincos(x float64) (sin, cos float64) {
	if x == 0 {
		return x, 1
	}
	// The sum of three parts is π/4. The first two have few bits.
	const first, second, third = 7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15
	z := math.Abs(x)
	if z >= 1<<29 {
		z = math.Mod(z, 2*math.Pi)
	}
	if math.IsNaN(z) {
		return z, z
	}
	octant := uint64(z * (4 / math.Pi))
	octant += octant & 1
	y := float64(octant)
	z = ((z - float64(y*first)) - float64(y*second)) - float64(y*third)
	zz := float64(z * z)
	sines := polynomial(zz, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
		-1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1)
	cosines := polynomial(zz, -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
		2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2)
	sin = z + float64(float64(z*zz)*sines)
	cos = 1 - float64(0.5*zz) + float64(float64(zz*zz)*cosines)
	// Two octants are a quarter turn.
	quarter := octant / 2 % 4
	if quarter%2 == 1 {
		sin, cos = cos, sin
	}
	if quarter >= 2 {
		sin = -sin
	}
	if quarter == 1 || quarter == 2 {
		cos = -cos
	}
	if x < 0 {
		sin = -sin
	}
	return sin, cos
}

// Tanh returns the hyperbolic tangent of x. Near 0 it evaluates a rational function (Cephes,
// Moshier 1989).
func Tanh(x float64) float64 {
	z := math.Abs(x)
	switch {
	case z > 44:
		return math.Copysign(1, x)
	case z >= 0.625:
		return math.Copysign(1-2/(Exp(2*z)+1), x)
	case z == 0:
		return x
	}
	s := float64(x * x)
	p := polynomial(s, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
	q := polynomial(s, 1, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
	return x + float64(float64(x*s)*p)/q
}

// Pow returns x^y for x > 0.
func Pow(x, y float64) float64 {
	whole := math.Round(y)
	power := math.Pow(x, whole) // integer powers are products, with the same bits everywhere
	if whole == y {
		return power
	}
	return Exp((y-whole)*Log(x)) * power
}

// Hypot returns the length of (p, q), without overflow of intermediate results.
func Hypot(p, q float64) float64 {
	p, q = max(math.Abs(p), math.Abs(q)), min(math.Abs(p), math.Abs(q))
	if q == 0 || math.IsInf(p, 1) {
		return p
	}
	q /= p
	return float64(p * math.Sqrt(1+float64(q*q)))
}
