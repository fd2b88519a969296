// Package batchnorm normalises the channels of images (N,C,H,W) over a batch (Ioffe and Szegedy
// 2015):
//
//	y[n,c,i,j] = gamma[c]*(x[n,c,i,j]-mean[c])/sqrt(variance[c]+eps) + beta[c]
//
// Sums are accumulated in float64, image after image.
package batchnorm

import (
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/channel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Shape is the shape of a batch of N images of C channels with HW = H*W pixels.
type Shape struct{ N, C, HW int }

// count is the number of values of a channel in the batch.
func (s Shape) count() float64 { return float64(s.N * s.HW) }

func (s Shape) plane(v []float32, n, c int) []float32 {
	at := (n*s.C + c) * s.HW
	return v[at : at+s.HW]
}

type args struct {
	y, x, g, gamma, beta, mean, variance []float32
	gGamma, gBeta                        []float32
	s                                    Shape
	eps                                  float64
}

// Statistics writes the mean of each channel of x and its biased variance, both (C).
func Statistics(mean, variance, x []float32, s Shape) {
	statistics.Run(s.C, s.N*s.HW, args{x: x, mean: mean, variance: variance, s: s})
}

var statistics = kernel.NewLoop(func(a *args, lo, hi int) {
	for c := lo; c < hi; c++ {
		var total float64
		for n := range a.s.N {
			total += channel.Sum(a.s.plane(a.x, n, c))
		}
		mean := total / a.s.count()
		var squares float64
		for n := range a.s.N {
			for _, x := range a.s.plane(a.x, n, c) {
				d := float64(x) - mean
				squares += float64(d * d)
			}
		}
		a.mean[c], a.variance[c] = float32(mean), float32(squares/a.s.count())
	}
})

// Forward writes the normalised x to y, with the given mean and variance (C) of each channel.
func Forward(y, x, gamma, beta, mean, variance []float32, s Shape, eps float64) {
	forward.Run(s.N*s.C, s.HW, args{y: y, x: x, gamma: gamma, beta: beta, mean: mean, variance: variance, s: s, eps: eps})
}

// rstd is one over the standard deviation of channel c.
func (a *args) rstd(c int) float64 { return 1 / math.Sqrt(float64(a.variance[c])+a.eps) }

var forward = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		n, c := i/a.s.C, i%a.s.C
		mean, scale, beta := float64(a.mean[c]), a.rstd(c)*float64(a.gamma[c]), float64(a.beta[c])
		y := a.s.plane(a.y, n, c)
		for j, x := range a.s.plane(a.x, n, c) {
			y[j] = float32(float64((float64(x)-mean)*scale) + beta)
		}
	}
})

// Backward writes the gradients with respect to x, gamma (C) and beta (C) from gy, the gradient with respect to
// y. If fixed is true, mean and variance are constants, as in evaluation; otherwise they are the Statistics of x.
func Backward(gx, gGamma, gBeta, gy, x, gamma, mean, variance []float32, s Shape, eps float64, fixed bool) {
	a := args{y: gx, x: x, g: gy, gamma: gamma, mean: mean, variance: variance, gGamma: gGamma, gBeta: gBeta, s: s, eps: eps}
	sums.Run(s.C, s.N*s.HW, a)
	if fixed {
		fixedBackward.Run(s.N*s.C, s.HW, a)
	} else {
		backward.Run(s.N*s.C, s.HW, a)
	}
}

var sums = kernel.NewLoop(func(a *args, lo, hi int) {
	for c := lo; c < hi; c++ {
		mean, rstd := float64(a.mean[c]), a.rstd(c)
		var gGamma, gBeta float64
		for n := range a.s.N {
			x := a.s.plane(a.x, n, c)
			for j, g := range a.s.plane(a.g, n, c) {
				gBeta += float64(g)
				gGamma += float64(float64(g) * (float64(x[j]) - mean) * rstd)
			}
		}
		a.gGamma[c], a.gBeta[c] = float32(gGamma), float32(gBeta)
	}
})

var fixedBackward = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		n, c := i/a.s.C, i%a.s.C
		vector.Scale(a.s.plane(a.y, n, c), float32(a.rstd(c)*float64(a.gamma[c])), a.s.plane(a.g, n, c))
	}
})

var backward = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		n, c := i/a.s.C, i%a.s.C
		mean, rstd := float64(a.mean[c]), a.rstd(c)
		meanG, meanGX := float64(a.gBeta[c])/a.s.count(), float64(a.gGamma[c])/a.s.count()
		x, gx := a.s.plane(a.x, n, c), a.s.plane(a.y, n, c)
		for j, g := range a.s.plane(a.g, n, c) {
			gx[j] = float32(float64(a.gamma[c]) * rstd * (float64(g) - meanG - float64((float64(x[j])-mean)*rstd*meanGX)))
		}
	}
})
