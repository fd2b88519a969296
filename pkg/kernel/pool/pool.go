// Package pool computes the maximum over windows of images, and its gradient.
package pool

import "multiscale/pkg/kernel"

// Shape describes pooling of planes of H by W pixels with windows of Kernel by Kernel pixels. Pixels of
// the padding are never the maximum. Windows that do not fit into the padded plane are dropped. Padding
// is at most Kernel/2, so that every window contains a pixel of the plane.
type Shape struct{ Planes, H, W, Kernel, Stride, Padding int }

// OutH returns the height of the result in pixels.
func (s Shape) OutH() int { return (s.H+2*s.Padding-s.Kernel)/s.Stride + 1 }

// OutW returns the width of the result in pixels.
func (s Shape) OutW() int { return (s.W+2*s.Padding-s.Kernel)/s.Stride + 1 }

type args struct {
	y, x, gy, gx []float32
	s            Shape
}

// Max writes the maxima of x to y. The maximum of a window that contains a NaN is NaN.
func Max(y, x []float32, s Shape) {
	maxima.Run(s.Planes, s.OutH()*s.OutW()*s.Kernel*s.Kernel, args{y: y, x: x, s: s})
}

var maxima = kernel.NewLoop(func(a *args, lo, hi int) {
	out := a.s.OutH() * a.s.OutW()
	for p := lo; p < hi; p++ {
		x, y := a.x[p*a.s.H*a.s.W:(p+1)*a.s.H*a.s.W], a.y[p*out:(p+1)*out]
		for i := range y {
			y[i] = x[a.s.best(x, i)]
		}
	}
})

// MaxGradient writes the gradient with respect to x to gx. The gradient gy of a window goes to the pixel with
// its maximum, or to the first of several.
func MaxGradient(gx, gy, x []float32, s Shape) {
	gradient.Run(s.Planes, s.OutH()*s.OutW()*s.Kernel*s.Kernel, args{gx: gx, gy: gy, x: x, s: s})
}

var gradient = kernel.NewLoop(func(a *args, lo, hi int) {
	size, out := a.s.H*a.s.W, a.s.OutH()*a.s.OutW()
	for p := lo; p < hi; p++ {
		x, gx := a.x[p*size:(p+1)*size], a.gx[p*size:(p+1)*size]
		clear(gx)
		for i, g := range a.gy[p*out : (p+1)*out] {
			gx[a.s.best(x, i)] += g
		}
	}
})

// best returns the index of the pixel of a plane that is the maximum of window i: the first NaN, or the first
// of the largest pixels.
func (s Shape) best(x []float32, i int) int {
	w := s.OutW()
	top, left := i/w*s.Stride-s.Padding, i%w*s.Stride-s.Padding
	best := -1
	for r := max(top, 0); r < min(top+s.Kernel, s.H); r++ {
		for c := max(left, 0); c < min(left+s.Kernel, s.W); c++ {
			at := r*s.W + c
			if v := x[at]; v != v { // NaN
				return at
			} else if best < 0 || v > x[best] {
				best = at
			}
		}
	}
	return best
}
