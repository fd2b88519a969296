// Package groupconv computes convolutions that pkg/kernel/conv does not support: with
// groups of channels, with dilation, and with any padding. Transposed convolutions are
// computed as the input gradients of convolutions.
//
// A convolution with one input channel per group (depthwise) is computed in rows of
// pixels. Others are matrix products with columns of the image (im2col), which are
// gathered for a block of pixels at a time. The order of all sums depends on the shape
// alone.
package groupconv

import "fmt"

// Shape describes a two-dimensional cross-correlation of N images of C channels with
// O filters of C/Groups channels of Kernel by Kernel weights:
//
//	y[n,o,i,j] = sum over c in the group of o, u, v of
//	             w[o,c,u,v]*x[n,c,i*Stride+u*Dilation-Padding,j*Stride+v*Dilation-Padding]
//
// where x is zero outside the image. OutH and OutW are at most the results of Out.
type Shape struct {
	N, C, H, W, O, OutH, OutW                 int
	Kernel, Stride, Padding, Dilation, Groups int
}

// Out returns the side of the result for a side of x, if the kernel takes all positions inside
// the padded image.
func Out(side, kernel, stride, padding, dilation int) int {
	return (side+2*padding-dilation*(kernel-1)-1)/stride + 1
}

// TransposedOut returns the side of the result of a transposed convolution for a side of its
// input.
func TransposedOut(side, kernel, stride, padding, outputPadding, dilation int) int {
	return (side-1)*stride - 2*padding + dilation*(kernel-1) + 1 + outputPadding
}

func (s Shape) in() int      { return s.C / s.Groups } // channels of x in a group
func (s Shape) out() int     { return s.O / s.Groups } // channels of y in a group
func (s Shape) taps() int    { return s.Kernel * s.Kernel }
func (s Shape) pixels() int  { return s.OutH * s.OutW } // of y
func (s Shape) depth() int   { return s.in() * s.taps() }
func (s Shape) weights() int { return s.O * s.depth() }

// check panics if the shape is impossible or a slice has the wrong length. Callers check their
// shapes before.
func (s Shape) check(y, x, w []float32) {
	if min(s.N, s.C, s.H, s.W, s.O, s.OutH, s.OutW, s.Kernel, s.Stride, s.Dilation, s.Groups) < 1 || s.Padding < 0 || s.C%s.Groups != 0 || s.O%s.Groups != 0 {
		panic(fmt.Sprintf("groupconv: impossible shape %+v", s))
	}
	for _, v := range []struct {
		name      string
		got, want int
	}{{"y", len(y), s.N * s.O * s.pixels()}, {"x", len(x), s.N * s.C * s.H * s.W}, {"weights", len(w), s.weights()}} {
		if v.got != v.want {
			panic(fmt.Sprintf("groupconv: %s has %d elements, want %d", v.name, v.got, v.want))
		}
	}
}

// inside returns the range [lo,hi) of output positions whose tap u lies inside an input side.
func (s Shape) inside(u, side, out int) (lo, hi int) {
	shift := s.Padding - u*s.Dilation // input = position*Stride - shift
	if shift > 0 {
		lo = (shift + s.Stride - 1) / s.Stride
	}
	if last := side - 1 + shift; last >= 0 {
		hi = last/s.Stride + 1
	}
	return min(lo, out), max(min(lo, out), min(hi, out))
}
