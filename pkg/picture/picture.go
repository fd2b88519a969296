package picture

import (
	"fmt"

	"multiscale/pkg/kernel/pointwise/vector"
)

// Planar8 is a picture of W by H pixels as three planes of bytes, red, green
// and blue, each in rows from the top: sRGB values as they are in files.
type Planar8 struct {
	W, H int
	Pix  []uint8 // 3*H*W
}

// New returns a black picture.
func New(w, h int) *Planar8 { return &Planar8{w, h, make([]uint8, 3*w*h)} }

// FromFloat makes a picture from planes (3,h,w) with values in [0,1]. Values
// outside are clamped (NaN becomes 0), and all are rounded to the nearest byte.
func FromFloat(planes []float32, w, h int) *Planar8 {
	p := New(w, h)
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
		return uint8(v*255 + 0.5)
	}
	return 0
}

// Put sets a row of a channel (0 red, 1 green, 2 blue) to values as FromFloat takes them.
func (p *Planar8) Put(channel, row int, values []float32) {
	to := p.Row(channel, row)
	for i, v := range values[:p.W] {
		to[i] = quantise(v)
	}
}

// Row returns a row of a channel.
func (p *Planar8) Row(channel, row int) []uint8 { return p.Pix[(channel*p.H+row)*p.W:][:p.W] }

// Float writes the picture to dst as planes (3,H,W) with values in [0,1].
func (p *Planar8) Float(dst []float32) {
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

// Crop writes the w by h pixels whose upper left corner is (x, y) to dst, as
// planes (3,h,w) with values in [0,1], mirrored left to right if flip is set.
// It panics if the rectangle is not inside the picture.
func (p *Planar8) Crop(dst []float32, x, y, w, h int, flip bool) {
	p.Window(dst, Window{FullW: p.W, FullH: p.H, X: x, Y: y, W: w, H: h, Flip: flip})
}

// Window is a rectangle of a picture that has been brought to another size.
type Window struct {
	FullW, FullH int  // of the picture, after Nearest
	X, Y         int  // the upper left corner
	W, H         int  // of the rectangle
	Flip         bool // mirrored left to right
	// Stride leaves out all rows and columns but those whose numbers are multiples of
	// it: what is asked for by who will not look at them. 0 stands for 1.
	Stride int
}

// Window is p.Nearest(v.FullW, v.FullH).Crop(dst, v.X, v.Y, v.W, v.H, v.Flip) without
// the picture in between, which may be large. What dst has in pixels that the stride
// leaves out stays as it is.
func (p *Planar8) Window(dst []float32, v Window) {
	if v.X < 0 || v.Y < 0 || v.W < 0 || v.H < 0 || v.X > v.FullW-v.W || v.Y > v.FullH-v.H {
		panic(fmt.Sprintf("picture: crop %dx%d at (%d,%d) of a picture of %dx%d", v.W, v.H, v.X, v.Y, v.FullW, v.FullH))
	}
	step := max(v.Stride, 1)
	if step == 1 && v.FullW == p.W && v.FullH == p.H && v.W*v.H > 0 {
		for c := range 3 {
			vector.Pixels(dst[c*v.H*v.W:][:v.H*v.W], p.Pix[(c*p.H+v.Y)*p.W+v.X:], v.W, p.W, v.Flip)
		}
		return
	}
	// A division takes longer than all else there is to do for a pixel: each column's
	// place is found once, for a strip of the window at a time.
	var place [256]int32
	for left := 0; left < v.W; left += len(place) * step {
		strip := place[:min(len(place), (v.W-left+step-1)/step)]
		for i := range strip {
			column := left + i*step
			if v.Flip {
				column = v.W - 1 - column
			}
			strip[i] = int32((v.X + column) * p.W / v.FullW)
		}
		for c := range 3 {
			for row := 0; row < v.H; row += step {
				from := p.Pix[(c*p.H+(v.Y+row)*p.H/v.FullH)*p.W:][:p.W]
				to := dst[(c*v.H+row)*v.W+left:][:(len(strip)-1)*step+1]
				for i, at := range strip {
					to[i*step] = unit[from[at]]
				}
			}
		}
	}
}

// Cut returns a copy of the w by h pixels whose upper left corner is (x, y).
func (p *Planar8) Cut(x, y, w, h int) *Planar8 {
	q := New(w, h)
	for c := range 3 {
		for row := range h {
			copy(q.Pix[(c*h+row)*w:][:w], p.Pix[(c*p.H+y+row)*p.W+x:])
		}
	}
	return q
}

// Nearest returns the picture brought to w by h pixels by nearest-neighbour
// interpolation: output pixel i shows input pixel floor(i*W/w), as torch's
// interpolate(mode="nearest") does, which the authors of the method use. A
// picture that has the size already is returned as it is.
func (p *Planar8) Nearest(w, h int) *Planar8 {
	if w == p.W && h == p.H {
		return p
	}
	q := New(w, h)
	for c := range 3 {
		for y := range h {
			from := p.Pix[(c*p.H+y*p.H/h)*p.W:][:p.W]
			to := q.Pix[(c*h+y)*w:][:w]
			for x := range to {
				to[x] = from[x*p.W/w]
			}
		}
	}
	return q
}
