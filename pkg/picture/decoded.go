package picture

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"multiscale/pkg/lists"
	"multiscale/pkg/picture/icc"
	"multiscale/pkg/picture/tiff"
)

// Decoded is the picture of a file, turned upright, with all data of its pixels. Colours
// are sRGB unless a note says otherwise.
type Decoded struct {
	W, H int
	// Pix8 is set for samples of up to 8 bits, else Pix16. It has one plane of W*H grey
	// samples, or three of red, green and blue, not multiplied by alpha.
	Pix8  [][]uint8
	Pix16 [][]uint16
	// Alpha8 goes with Pix8, Alpha16 with Pix16. It is nil if all pixels are opaque.
	Alpha8  []uint8
	Alpha16 []uint16
	// Notes are short remarks about changes and omissions, such as the use of the first of
	// several frames, or a colour profile that was applied.
	Notes []string
}

// Grey reports whether the file has no colours.
func (d *Decoded) Grey() bool { return max(len(d.Pix8), len(d.Pix16)) == 1 }

// Bits is the number of bits per sample, 8 or 16.
func (d *Decoded) Bits() int {
	if d.Pix16 != nil {
		return 16
	}
	return 8
}

// Planar returns the picture as Open does: grey becomes RGB, 16-bit samples keep their
// upper byte, and transparent pixels are blended with white.
func (d *Decoded) Planar() *Planar {
	p := New(rgb, d.W, d.H)
	alpha := d.alpha()
	for c := range rgb {
		row := p.Pix[c*d.W*d.H:][:d.W*d.H]
		d.channel(row, c)
		for i, a := range alpha {
			if a != 255 {
				row[i] = onWhite(row[i], uint(a))
			}
		}
	}
	return p
}

func onWhite(v uint8, alpha uint) uint8 { return uint8((uint(v)*alpha + 255*(255-alpha) + 127) / 255) }

// NRGBA returns the picture with its alpha, reduced to 8 bits.
func (d *Decoded) NRGBA() *image.NRGBA {
	n := image.NewNRGBA(image.Rect(0, 0, d.W, d.H))
	plane := make([]uint8, d.W*d.H)
	for c := range rgb {
		d.channel(plane, c)
		for i, v := range plane {
			n.Pix[4*i+c] = v
		}
	}
	alpha := d.alpha()
	for i := range plane {
		a := uint8(255)
		if alpha != nil {
			a = alpha[i]
		}
		n.Pix[4*i+3] = a
	}
	return n
}

// channel writes channel c (red, green or blue) with 8 bits per sample.
func (d *Decoded) channel(to []uint8, c int) {
	if d.Grey() {
		c = 0
	}
	if d.Pix8 != nil {
		copy(to, d.Pix8[c])
		return
	}
	for i, v := range d.Pix16[c] {
		to[i] = uint8(v >> 8)
	}
}

func (d *Decoded) alpha() []uint8 {
	if d.Alpha16 == nil {
		return d.Alpha8
	}
	return lists.Of(d.Alpha16, func(v uint16) uint8 { return uint8(v >> 8) })
}

// noEnd is the note for a file that lacks only its end marker.
const noEnd = "the end marker is missing; all pixels are there"

func (d *Decoded) note(format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}

// raw is a decoded picture before conversion to sRGB and rotation.
type raw struct {
	Decoded
	orientation int          // of EXIF, 1 to 8; other values mean 1
	profile     []byte       // the file's ICC profile
	space       *icc.Profile // colours that the file specifies without an ICC profile
	exif        *tiff.Directory
	x, y        float64 // pixels per inch; 0 if only exif may have them
}

// finish converts the colours to sRGB and turns the picture upright.
func (r *raw) finish() *Decoded {
	r.convert()
	return r.upright()
}

func (r *raw) upright() *Decoded {
	r.Alpha8, r.Alpha16 = opaque(r.Alpha8), opaque(r.Alpha16)
	w, h := r.W, r.H
	for i, plane := range r.Pix8 {
		r.Pix8[i] = turn(plane, w, h, r.orientation)
	}
	for i, plane := range r.Pix16 {
		r.Pix16[i] = turn(plane, w, h, r.orientation)
	}
	r.Alpha8, r.Alpha16 = turn(r.Alpha8, w, h, r.orientation), turn(r.Alpha16, w, h, r.orientation)
	if r.orientation >= 5 && r.orientation <= 8 {
		r.W, r.H = h, w
	}
	return &r.Decoded
}

// convert converts the colours to sRGB, or notes why it does not.
func (r *raw) convert() {
	space := r.space
	if r.profile != nil {
		p, err := icc.Parse(r.profile)
		if err != nil {
			r.note("the colour profile is damaged and not applied")
			return
		}
		space = p
	}
	switch {
	case space == nil:
	case !space.Convertible():
		r.note("the colour profile %s is not applied: it is not one of a matrix and curves", space.Name)
	case r.Grey() != (space.Space == "GRAY"):
		if !r.Grey() || !space.Near() { // grey in a space near sRGB needs no conversion
			r.note("the colour profile %s is not applied: it is one for %s", space.Name, space.Space)
		}
	case space.Near():
	default:
		r.note("colours are converted from %s to sRGB", space.Name)
		if r.Pix8 != nil {
			icc.Convert(space, r.Pix8)
		} else {
			icc.Convert(space, r.Pix16)
		}
	}
}

// opaque returns nil if alpha has its highest value everywhere, else alpha.
func opaque[T uint8 | uint16](alpha []T) []T {
	for _, a := range alpha {
		if a != ^T(0) {
			return alpha
		}
	}
	return nil
}

// turn returns the plane turned upright. An EXIF orientation says at which sides of the
// upright picture row 0 and column 0 of the file are. nil stays nil.
func turn[T uint8 | uint16](plane []T, w, h, orientation int) []T {
	if orientation < 2 || orientation > 8 || plane == nil {
		return plane
	}
	to := make([]T, len(plane))
	// Pixel (x, y) of the file moves to index start + x*right + y*down.
	var start, right, down int
	switch orientation {
	case 2:
		start, right, down = w-1, -1, w
	case 3:
		start, right, down = w*h-1, -1, -w
	case 4:
		start, right, down = w*(h-1), 1, -w
	case 5:
		start, right, down = 0, h, 1
	case 6:
		start, right, down = h-1, h, -1
	case 7:
		start, right, down = w*h-1, -h, -1
	case 8:
		start, right, down = h*(w-1), -h, 1
	}
	for y := range h {
		at := start + y*down
		for _, v := range plane[y*w : (y+1)*w] {
			to[at] = v
			at += right
		}
	}
	return to
}

// place puts the frame at (x, y) of a canvas of w by h pixels. The rest of the canvas is
// transparent.
func (d *Decoded) place(w, h, x, y int) error {
	if x == 0 && y == 0 && d.W == w && d.H == h {
		return nil
	}
	if x < 0 || y < 0 || x+d.W > w || y+d.H > h {
		return errors.New("a frame outside of the picture")
	}
	onto := func(plane []uint8) []uint8 {
		to := make([]uint8, w*h)
		for row := range d.H {
			copy(to[(y+row)*w+x:], plane[row*d.W:][:d.W])
		}
		return to
	}
	if d.Alpha8 == nil {
		d.Alpha8 = slices.Repeat([]uint8{255}, d.W*d.H)
	}
	for c, plane := range d.Pix8 {
		d.Pix8[c] = onto(plane)
	}
	d.Alpha8 = onto(d.Alpha8)
	d.W, d.H = w, h
	return nil
}
