package vector

// Leaky writes x where it is positive and slope*x elsewhere. With a slope of 0 it is
// ReLU, with a slope of 1 the identity.
func Leaky(y, x []float32, slope float32) {
	y = y[:len(x)]
	active().leaky(y, x, slope)
}

// LeakyGrad writes gy times the derivative of Leaky at x; the derivative at 0 is slope.
func LeakyGrad(gx, gy, x []float32, slope float32) {
	gx, gy = gx[:len(x)], gy[:len(x)]
	active().leakyGrad(gx, gy, x, slope)
}

// SiLU writes x/(1+exp(-x)).
func SiLU(y, x []float32) {
	y = y[:len(x)]
	active().silu(y, x)
}

// SiLUGrad writes gy times the derivative of SiLU at x.
func SiLUGrad(gx, gy, x []float32) {
	gx, gy = gx[:len(x)], gy[:len(x)]
	active().siluGrad(gx, gy, x)
}

// Tanh writes the hyperbolic tangent of x.
func Tanh(y, x []float32) {
	y = y[:len(x)]
	active().tanh(y, x)
}

// TanhGrad writes gy times the derivative of Tanh, from the result t of Tanh.
func TanhGrad(gx, gy, t []float32) {
	gx, gy = gx[:len(t)], gy[:len(t)]
	active().tanhGrad(gx, gy, t)
}

// Axpy adds a*x to y.
func Axpy(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	active().axpy(y, x, a)
}

// Scale writes a*x.
func Scale(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	active().scale(y, x, a)
}

// Add writes a+b.
func Add(y, a, b []float32) {
	y, b = y[:len(a)], b[:len(a)]
	active().add(y, a, b)
}

// Mul writes a*b.
func Mul(y, a, b []float32) {
	y, b = y[:len(a)], b[:len(a)]
	active().mul(y, a, b)
}

// MulAdd adds a*b to y.
func MulAdd(y, a, b []float32) {
	y, b = y[:len(a)], b[:len(a)]
	active().mulAdd(y, a, b)
}

// SubScale writes s*(a-b).
func SubScale(y, a, b []float32, s float32) {
	y, b = y[:len(a)], b[:len(a)]
	active().subScale(y, a, b, s)
}

// Blend writes s*a + t*b.
func Blend(y, a, b []float32, s, t float32) {
	y, b = y[:len(a)], b[:len(a)]
	active().blend(y, a, b, s, t)
}

// SoftGrad writes w*(gw-shift)*scale. With shift the sum of w*gw, this is scale times
// the gradient of a softmax with the result w.
func SoftGrad(gx, gw, w []float32, shift, scale float32) {
	gx, gw = gx[:len(w)], gw[:len(w)]
	active().softGrad(gx, gw, w, shift, scale)
}

// AdamConstants are the factors of one Adam step.
type AdamConstants struct {
	Beta1, OneMinusBeta1 float32
	Beta2, OneMinusBeta2 float32
	Rate                 float32 // learning rate / (1-beta1^k)
	InverseRoot          float32 // 1/sqrt(1-beta2^k)
	Epsilon              float32
}

// Adam updates the moments m, v and the parameters p from the gradient g.
func Adam(p, g, m, v []float32, c *AdamConstants) {
	n := len(p)
	g, m, v = g[:n], m[:n], v[:n]
	active().adam(p, g, m, v, c)
}

// Momentum updates the velocity v = momentum*v + g and then p -= rate*v.
func Momentum(p, g, v []float32, rate, momentum float32) {
	n := len(p)
	g, v = g[:n], v[:n]
	active().momentum(p, g, v, rate, momentum)
}

// Kept reports whether Dropout keeps an element. Elements are counted from the first
// element of block 0.
func Kept(seed, element uint64, threshold int16) bool {
	return int16(Mix(counter(seed, element/4))>>(16*(element%4))) >= threshold
}

// Dropout writes scale*x where 16 bits of a hash, as a signed number, are at least
// threshold, and 0 elsewhere. Four elements form a block. They share one hash, that
// of seed and the number of the block, and use 16 bits of it each. x starts with
// block number block.
func Dropout(y, x []float32, seed, block uint64, threshold int16, scale float32) {
	y = y[:len(x)]
	n := len(x) &^ 15
	active().dropout(y[:n], x[:n], counter(seed, block), threshold, scale)
	dropoutGeneric(y[n:], x[n:], counter(seed, block+uint64(n/4)), threshold, scale)
}
