// Package loss has loss functions that are the mean, over the elements of an image, of a
// function of the difference d = y-target: |d|, Charbonnier's and Huber's.
package loss

import (
	"math"

	"multiscale/pkg/kernel"
)

// Function is a function of a difference d with a parameter p, with its derivative.
type Function struct {
	value, slope func(d, p float64) float64
}

// The functions.
var (
	// L1 is |d|, with derivative 0 at 0.
	L1 = Function{
		func(d, _ float64) float64 { return math.Abs(d) },
		func(d, _ float64) float64 { return sign(d) },
	}
	// Charbonnier is sqrt(d^2 + p^2) (Charbonnier et al. 1994).
	Charbonnier = Function{
		func(d, p float64) float64 { return math.Sqrt(float64(d*d) + float64(p*p)) },
		func(d, p float64) float64 { return d / math.Sqrt(float64(d*d)+float64(p*p)) },
	}
	// Huber is d^2/2 for |d| <= p, else p*(|d|-p/2) (Huber 1964).
	Huber = Function{
		func(d, p float64) float64 {
			if a := math.Abs(d); a > p {
				return p * (a - float64(p/2))
			}
			return d * d / 2
		},
		func(d, p float64) float64 { return min(max(d, -p), p) },
	}
)

func sign(d float64) float64 {
	switch {
	case d > 0:
		return 1
	case d < 0:
		return -1
	}
	return d // 0 or NaN
}

type args struct {
	out, y, target, factor []float32
	f                      Function
	p                      float64
	per                    int
}

// Forward writes the mean of f over the elements of each sample, with parameter p, to losses. y and target hold
// len(losses) samples.
func Forward(losses, y, target []float32, f Function, p float64) {
	per := len(y) / max(1, len(losses))
	forward.Run(len(losses), per, args{out: losses, y: y, target: target, f: f, p: p, per: per})
}

var forward = kernel.NewLoop(func(a *args, lo, hi int) {
	for n := lo; n < hi; n++ {
		var sum float64
		for i := n * a.per; i < (n+1)*a.per; i++ {
			sum += a.f.value(float64(a.y[i])-float64(a.target[i]), a.p)
		}
		a.out[n] = float32(sum / float64(a.per))
	}
})

// Backward writes gy, the gradient with respect to y of the sum over samples of factor times loss. factor has one
// element for each sample.
func Backward(gy, y, target, factor []float32, f Function, p float64) {
	per := len(y) / max(1, len(factor))
	backward.Run(len(y), 4, args{out: gy, y: y, target: target, factor: factor, f: f, p: p, per: per})
}

var backward = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		g := float64(a.factor[i/a.per]) / float64(a.per)
		a.out[i] = float32(g * a.f.slope(float64(a.y[i])-float64(a.target[i]), a.p))
	}
})
