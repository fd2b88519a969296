// Package nonlinear has the pointwise non-linearities that are not fused into other kernels: GELU,
// sigmoid and PReLU. GELU, its gradients and the sigmoid are computed in float64 and rounded once.
package nonlinear

import (
	"math"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

type args struct {
	y, x, g, w []float32
	n, c, hw   int
}

// work is the approximate cost of a transcendental function in simple operations.
const work = 16

// GELU writes x*Phi(x), with the distribution function Phi of N(0,1), to y (Hendrycks and Gimpel
// 2016).
func GELU(y, x []float32) { gelu.Run(len(x), work, args{y: y, x: x}) }

var gelu = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		x := float64(a.x[i])
		a.y[i] = float32(x * phi(x))
	}
})

// phi is the distribution function of N(0,1).
func phi(x float64) float64 { return float64(math.Erfc(-x/math.Sqrt2) / 2) }

// GELUGradient writes gy times the derivative of GELU at x to gx.
func GELUGradient(gx, gy, x []float32) { geluGradient.Run(len(x), 2*work, args{y: gx, g: gy, x: x}) }

var geluGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	density := 1 / math.Sqrt(2*math.Pi)
	for i := lo; i < hi; i++ {
		x := float64(a.x[i])
		a.y[i] = float32(float64(a.g[i]) * (phi(x) + float64(x*density*elementary.Exp(-x*x/2))))
	}
})

// GELUTanh writes the approximation x/2*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3))) of GELU to y.
func GELUTanh(y, x []float32) { geluTanh.Run(len(x), work, args{y: y, x: x}) }

const cubic = 0.044715

var root = math.Sqrt(2 / math.Pi)

var geluTanh = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		x := float64(a.x[i])
		a.y[i] = float32(x / 2 * (1 + elementary.Tanh(root*(x+float64(cubic*x*x*x)))))
	}
})

// GELUTanhGradient writes gy times the derivative of GELUTanh at x to gx.
func GELUTanhGradient(gx, gy, x []float32) {
	geluTanhGradient.Run(len(x), work, args{y: gx, g: gy, x: x})
}

var geluTanhGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		x := float64(a.x[i])
		t := elementary.Tanh(root * (x + float64(cubic*x*x*x)))
		a.y[i] = float32(float64(a.g[i]) * (float64((1+t)/2) + float64(x/2*(1-float64(t*t))*root*(1+float64(3*cubic*x*x)))))
	}
})

// Sigmoid writes 1/(1+exp(-x)) to y.
func Sigmoid(y, x []float32) { sigmoid.Run(len(x), work, args{y: y, x: x}) }

var sigmoid = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		a.y[i] = float32(1 / (1 + elementary.Exp(-float64(a.x[i]))))
	}
})

// SigmoidGradient writes gy*y*(1-y) to gx, from the result y.
func SigmoidGradient(gx, gy, y []float32) {
	sigmoidGradient.Run(len(y), 1, args{y: gx, g: gy, x: y})
}

var sigmoidGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		y := a.x[i]
		a.y[i] = a.g[i] * y * (1 - y)
	}
})

// PReLU writes x where x > 0, and slope*x elsewhere, to y. x has n images of c channels of hw
// pixels; slope has one element, or one for each channel.
func PReLU(y, x, slope []float32, n, c, hw int) {
	prelu.Run(n*c, hw, args{y: y, x: x, w: slope, c: c, hw: hw})
}

// slope returns the slope of plane i.
func (a *args) slope(i int) float32 { return a.w[i%a.c%len(a.w)] }

func (a *args) plane(v []float32, i int) []float32 { return v[i*a.hw : (i+1)*a.hw] }

var prelu = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		vector.Leaky(a.plane(a.y, i), a.plane(a.x, i), a.slope(i))
	}
})

// PReLUGradient writes gy times the derivative of PReLU at x to gx.
func PReLUGradient(gx, gy, x, slope []float32, n, c, hw int) {
	preluGradient.Run(n*c, hw, args{y: gx, g: gy, x: x, w: slope, c: c, hw: hw})
}

var preluGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		vector.LeakyGrad(a.plane(a.y, i), a.plane(a.g, i), a.plane(a.x, i), a.slope(i))
	}
})

// SlopeGradient writes the gradient of PReLU with respect to slope: the sums of gy*x where x <= 0,
// accumulated in float64. For a single slope, the sum is also over the channels.
func SlopeGradient(gSlope, gy, x []float32, n, c, hw int) {
	slopeGradient.Run(len(gSlope), n*c/len(gSlope)*hw, args{y: gSlope, g: gy, x: x, n: n, c: c, hw: hw})
}

var slopeGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for k := lo; k < hi; k++ {
		var total float64
		for i := k; i < a.n*a.c; i += len(a.y) {
			g, x := a.plane(a.g, i), a.plane(a.x, i)
			for j, v := range x {
				if v <= 0 {
					total += float64(float64(g[j]) * float64(v))
				}
			}
		}
		a.y[k] = float32(total)
	}
})
