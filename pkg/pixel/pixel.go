// Package pixel has the common representation of pictures as numbers: batches of float32
// in NCHW order (image, channel, row, column), their shapes, and the normalisation between
// pixels in [0,1] and the values that a network sees.
package pixel

import (
	"fmt"
	"slices"
)

// Shape is the shape of a batch of images.
type Shape struct {
	N, C, H, W int // images, channels, rows, columns
}

// String writes the shape as (N,C,H,W).
func (s Shape) String() string { return fmt.Sprintf("(%d,%d,%d,%d)", s.N, s.C, s.H, s.W) }

// Plane is the number of values of one channel of one image.
func (s Shape) Plane() int { return s.H * s.W }

// Image is the number of values of one image.
func (s Shape) Image() int { return s.C * s.H * s.W }

// Len is the number of values of the batch.
func (s Shape) Len() int { return s.N * s.Image() }

// Images is a batch of images.
type Images struct {
	Shape
	Data []float32
}

// NewImages returns images of zeros.
func NewImages(n, c, h, w int) Images {
	s := Shape{n, c, h, w}
	return Images{s, make([]float32, s.Len())}
}

// Slice returns images lo to hi-1. They share the data of x.
func (x Images) Slice(lo, hi int) Images {
	per := x.Image()
	return Images{Shape{hi - lo, x.C, x.H, x.W}, x.Data[lo*per : hi*per]}
}

// Append returns the images of x followed by those of y, which must have the same channels
// and sides. The result does not share their data.
func (x Images) Append(y Images) Images {
	return Images{Shape{x.N + y.N, y.C, y.H, y.W}, slices.Concat(x.Data, y.Data)}
}
