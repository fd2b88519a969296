// Package channel has kernels that process images (N,C,H,W) channel by channel: adding a
// bias, scaling each channel by a factor, the means of the channels, and the gate of NAFNet.
//
// hw is the number of pixels H*W. Sums are accumulated in float64, in an order that depends
// on the shape alone.
package channel

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

type args struct {
	y, x, a, g []float32
	n, c, hw   int
}

// plane returns the pixels of the plane with number i, counted over images and channels.
func (a *args) plane(v []float32, i int) []float32 { return v[i*a.hw : (i+1)*a.hw] }

// AddBias adds bias (C) to all pixels of y (N,C,H,W).
func AddBias(y, bias []float32, n, c, hw int) {
	addBias.Run(n*c, hw, args{y: y, a: bias, c: c, hw: hw})
}

var addBias = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		y, b := a.plane(a.y, i), a.a[i%a.c]
		for j := range y {
			y[j] += b
		}
	}
})

// BiasGradient writes the gradient of AddBias with respect to bias to gb (C): the sums of gy
// over images and pixels.
func BiasGradient(gb, gy []float32, n, c, hw int) {
	biasGradient.Run(c, n*hw, args{y: gb, g: gy, n: n, c: c, hw: hw})
}

var biasGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for c := lo; c < hi; c++ {
		var total float64
		for n := range a.n {
			total += Sum(a.plane(a.g, n*a.c+c))
		}
		a.y[c] = float32(total)
	}
})

// Scale writes x*a to y. a has a factor for each channel of each image (N,C), or for each
// channel (C).
func Scale(y, x, a []float32, n, c, hw int) { scale.Run(n*c, hw, args{y: y, x: x, a: a, hw: hw}) }

var scale = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		vector.Scale(a.plane(a.y, i), a.a[i%len(a.a)], a.plane(a.x, i))
	}
})

// FactorGradient writes the gradient of Scale with respect to its factors to ga, (N,C) or (C):
// the sums of gy*x over pixels, and over images if ga is (C).
func FactorGradient(ga, gy, x []float32, n, c, hw int) {
	factorGradient.Run(len(ga), n*c/len(ga)*hw, args{y: ga, x: x, g: gy, n: n * c / len(ga), hw: hw})
}

var factorGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		var total float64
		for n := range a.n {
			at := n*len(a.y) + i
			total += vector.Dot(a.plane(a.g, at), a.plane(a.x, at))
		}
		a.y[i] = float32(total)
	}
})

// Mean writes the mean of each channel of each image over its pixels to y (N,C).
func Mean(y, x []float32, n, c, hw int) { mean.Run(n*c, hw, args{y: y, x: x, hw: hw}) }

var mean = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		a.y[i] = float32(Sum(a.plane(a.x, i)) / float64(a.hw))
	}
})

// MeanGradient writes the gradient of Mean with respect to x to gx: gy/hw everywhere.
func MeanGradient(gx, gy []float32, n, c, hw int) {
	meanGradient.Run(n*c, hw, args{x: gx, g: gy, hw: hw})
}

var meanGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		g := float32(float64(a.g[i]) / float64(a.hw))
		for j, x := 0, a.plane(a.x, i); j < len(x); j++ {
			x[j] = g
		}
	}
})

// Gate writes the product of the first and the second half of the channels of x (N,2C,H,W) to y
// (N,C,H,W).
func Gate(y, x []float32, n, c, hw int) { gate.Run(n, c*hw, args{y: y, x: x, hw: c * hw}) }

var gate = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		vector.Mul(a.plane(a.y, i), a.plane(a.x, 2*i), a.plane(a.x, 2*i+1))
	}
})

// GateGradient writes the gradient of Gate with respect to x (N,2C,H,W) to gx.
func GateGradient(gx, gy, x []float32, n, c, hw int) {
	gateGradient.Run(n, c*hw, args{y: gx, x: x, g: gy, hw: c * hw})
}

var gateGradient = kernel.NewLoop(func(a *args, lo, hi int) {
	for i := lo; i < hi; i++ {
		vector.Mul(a.plane(a.y, 2*i), a.plane(a.g, i), a.plane(a.x, 2*i+1))
		vector.Mul(a.plane(a.y, 2*i+1), a.plane(a.g, i), a.plane(a.x, 2*i))
	}
})
