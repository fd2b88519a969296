// Package pad enlarges images by copies of their own pixels: reflected at the border, or with
// the border repeated.
package pad

import "multiscale/pkg/kernel"

// Mode selects the pixels that are added.
type Mode uint8

// The modes.
const (
	Reflect   Mode = iota // mirrored; the border pixel is not repeated
	Replicate             // the border pixel
)

// Shape describes the padding of planes of H by W pixels. Left, Right, Top and Bottom are the numbers
// of added columns and rows. For Reflect they are less than the side of the plane.
type Shape struct {
	Planes, H, W             int
	Left, Right, Top, Bottom int
	Mode                     Mode
}

// OutH returns the height of the result in pixels.
func (s Shape) OutH() int { return s.H + s.Top + s.Bottom }

// OutW returns the width of the result in pixels.
func (s Shape) OutW() int { return s.W + s.Left + s.Right }

// source returns the position along a side of x that is copied to position i of the result. i counts
// from the first pixel of x and is negative in the padding before it.
func (s Shape) source(i, side int) int {
	if s.Mode == Replicate {
		return min(max(i, 0), side-1)
	}
	if i < 0 {
		i = -i
	}
	if i >= side {
		i = 2*(side-1) - i
	}
	return i
}

type args struct {
	y, x []float32
	s    Shape
}

// Forward writes the padded planes of x to y.
func Forward(y, x []float32, s Shape) { forward.Run(s.Planes, s.OutH()*s.OutW(), args{y, x, s}) }

var forward = kernel.NewLoop(func(a *args, lo, hi int) {
	s := a.s
	for p := lo; p < hi; p++ {
		for i := range s.OutH() {
			from := a.x[(p*s.H+s.source(i-s.Top, s.H))*s.W:][:s.W]
			to := a.y[(p*s.OutH()+i)*s.OutW():][:s.OutW()]
			copy(to[s.Left:], from)
			for j := range s.Left {
				to[j] = from[s.source(j-s.Left, s.W)]
			}
			for j := s.Left + s.W; j < len(to); j++ {
				to[j] = from[s.source(j-s.Left, s.W)]
			}
		}
	}
})

// Gradient writes the gradient with respect to x to gx. Each pixel of gx is the sum of gy over the copies of
// that pixel of x.
func Gradient(gx, gy []float32, s Shape) {
	gradient.Run(s.Planes, s.OutH()*s.OutW(), args{gy, gx, s})
}

var gradient = kernel.NewLoop(func(a *args, lo, hi int) {
	s := a.s
	for p := lo; p < hi; p++ {
		clear(a.x[p*s.H*s.W : (p+1)*s.H*s.W])
		for i := range s.OutH() {
			to := a.x[(p*s.H+s.source(i-s.Top, s.H))*s.W:][:s.W]
			for j, g := range a.y[(p*s.OutH()+i)*s.OutW():][:s.OutW()] {
				to[s.source(j-s.Left, s.W)] += g
			}
		}
	}
})
