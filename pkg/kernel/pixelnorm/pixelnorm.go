// Package pixelnorm normalises each pixel of images (N,C,H,W) over its channels, the LayerNorm2d of
// NAFNet (Chen et al. 2022):
//
//	y[n,c,i,j] = gamma[c]*(x[n,c,i,j]-mean)/sqrt(variance+eps) + beta[c]
//
// with the biased variance. Sums and statistics are in float64, because the deviations of nearly equal channels
// from a mean in float32 would consist mostly of rounding errors.
package pixelnorm

import (
	"math"

	"multiscale/pkg/kernel"
)

// Shape is the shape of a batch of N images of C channels with HW = H*W pixels.
type Shape struct{ N, C, HW int }

type args struct {
	y, x, g, gamma, beta []float32
	mean, rstd           []float64
	s                    Shape
}

// width is the number of consecutive pixels that are computed together.
const width = 64

func (s Shape) blocks() int { return (s.HW + width - 1) / width }

// block returns the image of a block of pixels and their range.
func (s Shape) block(i int) (image, lo, hi int) {
	image, lo = i/s.blocks(), i%s.blocks()*width
	return image, lo, min(lo+width, s.HW)
}

// row returns the pixels [lo,hi) of a plane.
func (s Shape) row(v []float32, image, c, lo, hi int) []float32 {
	at := (image*s.C + c) * s.HW
	return v[at+lo : at+hi]
}

// Forward writes the normalised x to y. For Backward it writes the mean of each pixel and
// 1/sqrt(variance+eps) to mean and rstd (N,HW).
func Forward(y, x, gamma, beta []float32, s Shape, eps float64, mean, rstd []float64) {
	f := forwardArgs{args{y: y, x: x, gamma: gamma, beta: beta, mean: mean, rstd: rstd, s: s}, eps}
	forward.Run(s.N*s.blocks(), 3*s.C*width, f)
}

type forwardArgs struct {
	args
	eps float64
}

var forward = kernel.NewLoop(func(a *forwardArgs, first, last int) {
	s := a.s
	for b := first; b < last; b++ {
		image, lo, hi := s.block(b)
		var sums, squares, scale [width]float64
		for c := range s.C {
			for i, x := range s.row(a.x, image, c, lo, hi) {
				sums[i] += float64(x)
			}
		}
		for i := range hi - lo {
			sums[i] /= float64(s.C)
		}
		for c := range s.C {
			for i, x := range s.row(a.x, image, c, lo, hi) {
				d := float64(x) - sums[i]
				squares[i] += float64(d * d)
			}
		}
		for i := range hi - lo {
			scale[i] = 1 / math.Sqrt(squares[i]/float64(s.C)+a.eps)
			a.mean[image*s.HW+lo+i], a.rstd[image*s.HW+lo+i] = sums[i], scale[i]
		}
		for c := range s.C {
			gamma, beta := float64(a.gamma[c]), float64(a.beta[c])
			y := s.row(a.y, image, c, lo, hi)
			for i, x := range s.row(a.x, image, c, lo, hi) {
				y[i] = float32(float64((float64(x)-sums[i])*scale[i]*gamma) + beta)
			}
		}
	}
})

// Backward writes the gradients with respect to x, gamma (C) and beta (C) from gy, the gradient with
// respect to y, and from mean and rstd of Forward.
func Backward(gx, gGamma, gBeta, gy, x, gamma []float32, s Shape, mean, rstd []float64) {
	a := args{y: gx, x: x, g: gy, gamma: gamma, mean: mean, rstd: rstd, s: s}
	backward.Run(s.N*s.blocks(), 3*s.C*width, a)
	affine.Run(s.C, s.N*s.HW, affineArgs{a, gGamma, gBeta})
}

var backward = kernel.NewLoop(func(a *args, first, last int) {
	s := a.s
	for b := first; b < last; b++ {
		image, lo, hi := s.block(b)
		mean, rstd := a.mean[image*s.HW+lo:image*s.HW+hi], a.rstd[image*s.HW+lo:image*s.HW+hi]
		var sums, products [width]float64 // of g = gy*gamma, and of g times the normalised x
		for c := range s.C {
			gamma, x := float64(a.gamma[c]), s.row(a.x, image, c, lo, hi)
			for i, gy := range s.row(a.g, image, c, lo, hi) {
				g := float64(float64(gy) * gamma)
				sums[i] += g
				products[i] += float64(g * (float64(x[i]) - mean[i]) * rstd[i])
			}
		}
		for i := range hi - lo {
			sums[i] /= float64(s.C)
			products[i] /= float64(s.C)
		}
		for c := range s.C {
			gamma, x, gx := float64(a.gamma[c]), s.row(a.x, image, c, lo, hi), s.row(a.y, image, c, lo, hi)
			for i, gy := range s.row(a.g, image, c, lo, hi) {
				r := rstd[i]
				gx[i] = float32(r * (float64(float64(gy)*gamma) - sums[i] - float64((float64(x[i])-mean[i])*r*products[i])))
			}
		}
	}
})

type affineArgs struct {
	args
	gGamma, gBeta []float32
}

var affine = kernel.NewLoop(func(a *affineArgs, first, last int) {
	s := a.s
	for c := first; c < last; c++ {
		var gGamma, gBeta float64
		for image := range s.N {
			x := s.row(a.x, image, c, 0, s.HW)
			mean, rstd := a.mean[image*s.HW:][:s.HW], a.rstd[image*s.HW:][:s.HW]
			for i, gy := range s.row(a.g, image, c, 0, s.HW) {
				gBeta += float64(gy)
				gGamma += float64(float64(gy) * (float64(x[i]) - mean[i]) * rstd[i])
			}
		}
		a.gGamma[c], a.gBeta[c] = float32(gGamma), float32(gBeta)
	}
})
