package picture

import (
	"fmt"

	"multiscale/pkg/kernel/pointwise/vector"
)

// Planar is a picture of W by H pixels as C planes, each in rows from the top. Its pixels
// are bytes (Pix) or numbers (Values); the other slice is nil. A byte v stands for v/255.
// Pictures from files have three planes, red, green and blue, with sRGB values.
type Planar struct {
	C, H, W int
	Pix     []uint8   // C*H*W
	Values  []float32 // C*H*W, usually in [0,1]
	// Notes are the notes of the file (Decoded.Notes) if a data set has loaded the picture.
	Notes []string
}

// New returns a picture of zero bytes.
func New(c, w, h int) *Planar { return &Planar{C: c, H: h, W: w, Pix: make([]uint8, c*h*w)} }

// FromFloat makes a picture of bytes from planes (C,h,w) with values in [0,1]. Values
// outside are clamped, NaN becomes 0, and all are rounded to the nearest byte.
func FromFloat(planes []float32, w, h int) *Planar {
	p := New(len(planes)/(w*h), w, h)
	for i, v := range planes[:len(p.Pix)] {
		p.Pix[i] = quantise(v)
	}
	return p
}

func quantise(v float32) uint8 {
	switch {
	case v >= 1:
		return 255
	case v > 0:
		return uint8(float32(v*255) + 0.5)
	}
	return 0
}

// Bytes is the memory of the pixels in bytes.
func (p *Planar) Bytes() int64 { return int64(len(p.Pix)) + 4*int64(len(p.Values)) }

// Put sets a row of a channel to values. A picture of bytes converts them as FromFloat does.
func (p *Planar) Put(channel, row int, values []float32) {
	if p.Values != nil {
		copy(p.Values[(channel*p.H+row)*p.W:][:p.W], values)
		return
	}
	to := p.Row(channel, row)
	for i, v := range values[:p.W] {
		to[i] = quantise(v)
	}
}

// Row returns a row of a channel of a picture of bytes.
func (p *Planar) Row(channel, row int) []uint8 { return p.Pix[(channel*p.H+row)*p.W:][:p.W] }

// Float writes the picture to dst as planes (C,H,W). Bytes become values in [0,1].
func (p *Planar) Float(dst []float32) {
	copy(dst, p.Values)
	for i, v := range p.Pix {
		dst[i] = unit[v]
	}
}

// unit is v/255, correctly rounded.
var unit = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(float64(i) / 255)
	}
	return t
}()

// Crop writes the w by h pixels whose upper left corner is (x, y) to dst, as planes (C,h,w) with
// values in [0,1], mirrored left to right if flip is set. It panics if the rectangle is not inside
// the picture.
func (p *Planar) Crop(dst []float32, x, y, w, h int, flip bool) {
	p.Window(dst, Window{FullW: p.W, FullH: p.H, X: x, Y: y, W: w, H: h, Flip: flip})
}

// Window is a rectangle of a picture that has been resized by Nearest.
type Window struct {
	FullW, FullH int  // size of the resized picture
	X, Y         int  // upper left corner of the rectangle
	W, H         int  // size of the rectangle
	Flip         bool // mirrored left to right
}

// Window does the same as p.Nearest(v.FullW, v.FullH).Crop(dst, v.X, v.Y, v.W, v.H, v.Flip)
// without the intermediate picture, which may be large.
func (p *Planar) Window(dst []float32, v Window) {
	if v.X < 0 || v.Y < 0 || v.W < 0 || v.H < 0 || v.X > v.FullW-v.W || v.Y > v.FullH-v.H {
		panic(fmt.Sprintf("picture: crop %dx%d at (%d,%d) of a picture of %dx%d", v.W, v.H, v.X, v.Y, v.FullW, v.FullH))
	}
	if p.Pix != nil && v.FullW == p.W && v.FullH == p.H && v.W*v.H > 0 {
		for c := range p.C {
			vector.Pixels(dst[c*v.H*v.W:][:v.H*v.W], p.Pix[(c*p.H+v.Y)*p.W+v.X:], v.W, p.W, v.Flip)
		}
		return
	}
	// The division is the slowest operation per pixel. It is done once per column, for one
	// strip of the window at a time.
	var place [256]int32
	for left := 0; left < v.W; left += len(place) {
		strip := place[:min(len(place), v.W-left)]
		for i := range strip {
			column := left + i
			if v.Flip {
				column = v.W - 1 - column
			}
			strip[i] = int32((v.X + column) * p.W / v.FullW)
		}
		for c := range p.C {
			for row := range v.H {
				from := (c*p.H + (v.Y+row)*p.H/v.FullH) * p.W
				to := dst[(c*v.H+row)*v.W+left:][:len(strip)]
				if p.Pix == nil {
					for i, at := range strip {
						to[i] = p.Values[from:][at]
					}
					continue
				}
				line := p.Pix[from:][:p.W]
				for i, at := range strip {
					to[i] = unit[line[at]]
				}
			}
		}
	}
}

// Cut returns a copy of the w by h pixels whose upper left corner is (x, y). They must be
// inside the picture.
func (p *Planar) Cut(x, y, w, h int) *Planar {
	q := &Planar{C: p.C, H: h, W: w}
	for row := range p.C * h {
		from := (row/h*p.H + y + row%h) * p.W
		if p.Pix != nil {
			q.Pix = append(q.Pix, p.Pix[from+x:][:w]...)
		} else {
			q.Values = append(q.Values, p.Values[from+x:][:w]...)
		}
	}
	return q
}

// Nearest returns the picture resized to w by h pixels by nearest-neighbour interpolation:
// output pixel i is input pixel floor(i*W/w). This is torch's interpolate(mode="nearest"),
// which the authors of the method use. A picture of this size is returned itself, not
// copied.
func (p *Planar) Nearest(w, h int) *Planar {
	if w == p.W && h == p.H {
		return p
	}
	q := &Planar{C: p.C, H: h, W: w}
	if p.Pix != nil {
		q.Pix = nearest(p.Pix, p, w, h)
	} else {
		q.Values = nearest(p.Values, p, w, h)
	}
	return q
}

func nearest[T uint8 | float32](pixels []T, p *Planar, w, h int) []T {
	out := make([]T, p.C*h*w)
	for row := range p.C * h {
		from := pixels[(row/h*p.H+row%h*p.H/h)*p.W:][:p.W]
		to := out[row*w:][:w]
		for x := range to {
			to[x] = from[x*p.W/w]
		}
	}
	return out
}
