// Package jpeg decodes JPEG files to exactly the values of libjpeg (6b and libjpeg-turbo),
// which nearly all other programs use: it has the same integer inverse transform, the same
// interpolation of subsampled colour and the same rounding. The standard library's
// image/jpeg gives other values: a few per cent of all samples differ by 1, and those at
// edges of colours by much more, because it repeats subsampled colour.
//
// It supports sequential and progressive Huffman-coded files with 8 bits per sample, in
// grey, YCbCr, RGB, CMYK and YCCK, with any whole ratio of subsampling (ITU-T T.81).
package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"multiscale/pkg/picture/unsupported"
)

// Picture is a decoded file.
type Picture struct {
	W, H   int
	Planes [][]uint8 // W*H samples each: grey, or red, green and blue
	// Inks means that the file has cyan, magenta, yellow and black. Each of the Planes is the
	// product of the light that its ink and black transmit; a profile is ignored.
	Inks bool
	// Unended means that only the end marker is missing; all pixels are there.
	Unended bool
	// Partial means that scans are missing, so that the picture lacks detail or colours.
	Partial bool
}

// Header has the file's metadata before the first scan.
type Header struct {
	W, H       int
	Components int
	EXIF       []byte // in TIFF format, without the prefix "Exif"
	XMP        []byte
	ICC        []byte  // nil for no profile, empty for an incomplete one
	DotsX      float64 // pixels per inch in JFIF; 0 if unknown
	DotsY      float64
}

var errCut = io.ErrUnexpectedEOF

// markers of ITU-T T.81, table B.1
const (
	sof0, sof1, sof2 = 0xc0, 0xc1, 0xc2
	dht              = 0xc4
	rst0, rst7       = 0xd0, 0xd7
	soi, eoi, sos    = 0xd8, 0xd9, 0xda
	dqt, dnl, dri    = 0xdb, 0xdc, 0xdd
	app0, app15      = 0xe0, 0xef
	tem              = 0x01
)

// ReadHeader reads the file up to the first scan. data may be only the beginning of the
// file; the error io.ErrUnexpectedEOF means that more of it is needed.
func ReadHeader(data []byte) (Header, error) {
	d := &decoder{data: data}
	if err := d.segments(true); err != nil {
		return Header{}, err
	}
	if d.header.ICC == nil && d.profile.pieces != nil {
		d.header.ICC = []byte{}
	}
	return d.header, nil
}

// Colour is the meaning of a file's three components.
type Colour int

const (
	Marked Colour = iota // as the file's markers and component names say
	YCbCr
	RGB
)

// Decode decodes the file in data.
func Decode(data []byte) (*Picture, error) { return DecodeAs(data, Marked) }

// DecodeAs is Decode for data whose colours are known from another source.
func DecodeAs(data []byte, colour Colour) (*Picture, error) {
	d := &decoder{data: data, colour: colour}
	if err := d.segments(false); err != nil {
		return nil, err
	}
	return d.picture()
}

type decoder struct {
	data   []byte
	pos    int
	header Header
	colour Colour

	progressive bool
	comps       []*component
	maxH, maxV  int
	mcusX       int // MCUs of an interleaved scan
	mcusY       int
	quant       [4]*[64]uint16 // in zigzag order
	dc, ac      [4]*huffman
	interval    int // MCUs between restarts; 0 for none
	unended     bool
	scans       int

	jfif      bool
	adobe     bool
	transform byte
	profile   profile
}

type component struct {
	id, table byte
	h, v      int
	w, rows   int // size in samples, without padding
	stride    int // stored blocks per row
	blocks    int // stored blocks
	quant     *[64]uint16
	coef      [][64]int16 // progressive, natural order
	pix       []uint8     // 8*stride wide
	pred      int32
	dc, ac    *huffman
	// left is the number of low bits of each coefficient, in zigzag order, that later scans
	// bring; -1 before the coefficient's first scan.
	left [64]int8
}

// segments reads the segments and scans of the file; headerOnly stops at the first scan.
func (d *decoder) segments(headerOnly bool) error {
	if len(d.data) < 2 {
		return errCut
	}
	if d.data[0] != 0xff || d.data[1] != soi {
		return errors.New("no start marker")
	}
	d.pos = 2
	for {
		marker, err := d.marker()
		if err == io.EOF && d.complete() && !headerOnly {
			d.unended = true
			return nil
		}
		if err != nil {
			return errCut
		}
		switch {
		case marker == eoi:
			if d.header.Components == 0 || headerOnly {
				return errors.New("no picture before the end marker")
			}
			return nil
		case marker == tem || marker >= rst0 && marker <= rst7 || marker == soi:
			continue
		}
		body, err := d.body()
		if err != nil {
			return err
		}
		if marker == sos && headerOnly {
			if d.header.Components == 0 {
				return errors.New("a scan before the frame header")
			}
			return nil
		}
		if err := d.segment(marker, body); err != nil {
			return err
		}
	}
}

// marker skips to the next marker. Like libjpeg, it ignores bytes before it.
func (d *decoder) marker() (byte, error) {
	for d.pos+1 < len(d.data) {
		if d.data[d.pos] == 0xff {
			if m := d.data[d.pos+1]; m != 0 && m != 0xff {
				d.pos += 2
				return m, nil
			}
		}
		d.pos++
	}
	return 0, io.EOF
}

// body returns the content of the segment at the current position.
func (d *decoder) body() ([]byte, error) {
	if d.pos+2 > len(d.data) {
		return nil, errCut
	}
	n := int(binary.BigEndian.Uint16(d.data[d.pos:]))
	if n < 2 {
		return nil, errors.New("a segment without length")
	}
	if d.pos+n > len(d.data) {
		return nil, errCut
	}
	body := d.data[d.pos+2 : d.pos+n]
	d.pos += n
	return body, nil
}

// segment reads the body of a segment. After the header of a scan, it also reads the scan.
func (d *decoder) segment(marker byte, body []byte) error {
	switch marker {
	case sof0, sof1, sof2:
		d.progressive = marker == sof2
		return d.frame(body)
	case dht:
		return d.huffmanTables(body)
	case dqt:
		return d.quantTables(body)
	case dri:
		if len(body) < 2 {
			return errors.New("a restart interval of no length")
		}
		d.interval = int(binary.BigEndian.Uint16(body))
	case sos:
		return d.scan(body)
	case dnl:
		return unsupported.Kind("JPEG whose height stands after the pixels")
	case 0xc3, 0xc7, 0xcb, 0xcf:
		return unsupported.Kind("lossless JPEG")
	case 0xf7:
		return unsupported.Kind("JPEG-LS")
	case 0xc5, 0xc6, 0xcd, 0xce:
		return unsupported.Kind("hierarchical JPEG")
	case 0xc9, 0xca, 0xcc:
		return unsupported.Kind("JPEG with arithmetic coding")
	default:
		if marker >= app0 && marker <= app15 {
			d.application(marker-app0, body)
		}
	}
	return nil
}

// application reads the metadata of an APPn segment.
func (d *decoder) application(n byte, body []byte) {
	const (
		exif  = "Exif\x00\x00"
		xmp   = "http://ns.adobe.com/xap/1.0/\x00"
		icc   = "ICC_PROFILE\x00"
		jfif  = "JFIF\x00"
		adobe = "Adobe"
	)
	has := func(name string) bool { return bytes.HasPrefix(body, []byte(name)) }
	switch {
	case n == 0 && has(jfif):
		d.jfif = true
		if len(body) >= 12 {
			scale := map[byte]float64{1: 1, 2: 2.54}[body[7]]
			d.header.DotsX = scale * float64(binary.BigEndian.Uint16(body[8:]))
			d.header.DotsY = scale * float64(binary.BigEndian.Uint16(body[10:]))
		}
	case n == 1 && has(exif) && d.header.EXIF == nil:
		d.header.EXIF = body[len(exif):]
	case n == 1 && has(xmp) && d.header.XMP == nil:
		d.header.XMP = body[len(xmp):]
	case n == 2 && has(icc) && len(body) > len(icc)+2 && d.header.ICC == nil:
		d.header.ICC = d.profile.add(body[len(icc)], body[len(icc)+1], body[len(icc)+2:])
	case n == 14 && has(adobe) && len(body) >= 12:
		d.adobe, d.transform = true, body[11]
	}
}

// profile collects the pieces of an ICC profile, which may come in any order.
type profile struct {
	pieces map[byte][]byte
}

// add adds a piece. It returns the profile once all pieces are there.
func (p *profile) add(number, of byte, piece []byte) []byte {
	if p.pieces == nil {
		p.pieces = make(map[byte][]byte)
	}
	p.pieces[number] = piece
	if len(p.pieces) < int(of) {
		return nil
	}
	var all []byte
	for i := 1; i <= int(of); i++ {
		piece, ok := p.pieces[byte(i)]
		if !ok {
			return nil
		}
		all = append(all, piece...)
	}
	return all
}

// frame reads a frame header and lays out the components.
func (d *decoder) frame(body []byte) error {
	switch {
	case d.comps != nil:
		return errors.New("two frame headers")
	case len(body) < 6 || len(body) < 6+3*int(body[5]):
		return errors.New("a frame header cut short")
	case body[0] != 8:
		return unsupported.Kind(fmt.Sprintf("JPEG with %d bits a sample", body[0]))
	}
	h, w, n := int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:])), int(body[5])
	switch {
	case h == 0 && w > 0:
		return unsupported.Kind("JPEG whose height stands after the pixels")
	case n != 1 && n != 3 && n != 4:
		return unsupported.Kind(fmt.Sprintf("JPEG of %d components", n))
	}
	d.header.W, d.header.H, d.header.Components = w, h, n
	for i := range n {
		c := &component{id: body[6+3*i], h: int(body[7+3*i] >> 4), v: int(body[7+3*i] & 15), table: body[8+3*i]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return errors.New("a frame header with numbers out of range")
		}
		if n == 1 { // the sampling factors have no meaning: T.81, A.2.2
			c.h, c.v = 1, 1
		}
		for _, other := range d.comps {
			if other.id == c.id {
				return errors.New("a component defined twice")
			}
		}
		for k := range c.left {
			c.left[k] = -1
		}
		d.comps = append(d.comps, c)
		d.maxH, d.maxV = max(d.maxH, c.h), max(d.maxV, c.v)
	}
	d.mcusX, d.mcusY = ceil(w, 8*d.maxH), ceil(h, 8*d.maxV)
	for _, c := range d.comps {
		if d.maxH%c.h != 0 || d.maxV%c.v != 0 {
			return unsupported.Kind("JPEG with a fractional ratio of subsampling")
		}
		c.w, c.rows = ceil(w*c.h, d.maxH), ceil(h*c.v, d.maxV)
		c.stride = d.mcusX * c.h
		c.blocks = c.stride * d.mcusY * c.v
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

// quantTables reads the tables of a DQT segment.
func (d *decoder) quantTables(body []byte) error {
	for len(body) > 0 {
		wide, id := body[0]>>4, body[0]&15
		size := 64 << wide
		if wide > 1 || id > 3 || len(body) < 1+size {
			return errors.New("a bad quantisation table")
		}
		var q [64]uint16
		for k := range q {
			if wide == 0 {
				q[k] = uint16(body[1+k])
			} else {
				q[k] = binary.BigEndian.Uint16(body[1+2*k:])
			}
		}
		d.quant[id] = &q
		body = body[1+size:]
	}
	return nil
}

// complete reports whether the scans have brought every bit of every coefficient.
func (d *decoder) complete() bool {
	for _, c := range d.comps {
		if c.left[0] != 0 {
			return false
		}
		// A file may omit coefficients on purpose. But if the end marker is missing, too, it
		// is more likely that scans are missing.
		for _, bits := range c.left[1:] {
			if bits != 0 {
				return false
			}
		}
	}
	return len(d.comps) > 0
}
