package groupconv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// rows calls do for every tap and every row of the result for which the tap falls on a row of
// x. x and y are the offsets of these rows in their planes, v is the column of the tap, and for
// the elements [left,right) of the row of the result the tap lies inside x.
func (s Shape) rows(do func(tap, v, x, y, left, right int)) {
	for tap := range s.taps() {
		u, v := tap/s.Kernel, tap%s.Kernel
		top, bottom := s.inside(u, s.H, s.OutH)
		left, right := s.inside(v, s.W, s.OutW)
		for i := top; i < bottom && left < right; i++ {
			do(tap, v, (i*s.Stride+u*s.Dilation-s.Padding)*s.W, i*s.OutW, left, right)
		}
	}
}

// depthwise computes the planes of the result.
var depthwise = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	for item := lo; item < hi; item++ {
		n, o := item/s.O, item%s.O
		c := o / s.out()
		y, x := a.y[item*s.pixels():(item+1)*s.pixels()], a.x[(n*s.C+c)*s.H*s.W:][:s.H*s.W]
		w := a.w[o*s.taps() : (o+1)*s.taps()]
		clear(y)
		s.rows(func(tap, v, from, to, left, right int) {
			row, at := y[to+left:to+right], from+left*s.Stride+v*s.Dilation-s.Padding
			if s.Stride == 1 {
				vector.Axpy(row, w[tap], x[at:at+len(row)])
				return
			}
			for j := range row {
				row[j] += float32(w[tap] * x[at])
				at += s.Stride
			}
		})
	}
})

// depthwiseInput computes the planes of the gradient with respect to x.
var depthwiseInput = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	for item := lo; item < hi; item++ {
		n, c := item/s.C, item%s.C
		gx := a.x[item*s.H*s.W : (item+1)*s.H*s.W]
		clear(gx)
		for o := c * s.out(); o < (c+1)*s.out(); o++ {
			gy, w := a.y[(n*s.O+o)*s.pixels():][:s.pixels()], a.w[o*s.taps():(o+1)*s.taps()]
			s.rows(func(tap, v, x, y, left, right int) {
				s.addStrided(gx[x:x+s.W], gy[y:y+s.OutW], left, right, v, w[tap])
			})
		}
	}
})

// depthwiseWeights computes the gradients of filters.
var depthwiseWeights = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	for o := lo; o < hi; o++ {
		c, gw := o/s.out(), a.w[o*s.taps():(o+1)*s.taps()]
		for tap := range gw {
			u, v := tap/s.Kernel, tap%s.Kernel
			top, bottom := s.inside(u, s.H, s.OutH)
			left, right := s.inside(v, s.W, s.OutW)
			var sum float64
			for n := range s.N {
				gy, x := a.y[(n*s.O+o)*s.pixels():][:s.pixels()], a.x[(n*s.C+c)*s.H*s.W:][:s.H*s.W]
				for i := top; i < bottom && left < right; i++ {
					row := gy[i*s.OutW+left : i*s.OutW+right]
					at := (i*s.Stride+u*s.Dilation-s.Padding)*s.W + left*s.Stride + v*s.Dilation - s.Padding
					if s.Stride == 1 {
						sum += vector.Dot(row, x[at:at+len(row)])
						continue
					}
					for _, g := range row {
						sum += float64(float64(g) * float64(x[at]))
						at += s.Stride
					}
				}
			}
			if a.add {
				sum += float64(gw[tap])
			}
			gw[tap] = float32(sum)
		}
	}
})
