// Package bmp reads BMP files of Windows and OS/2 with 1 to 32 bits per pixel, any
// masks, and run-length encoding.
package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"multiscale/pkg/picture/unsupported"
)

// Picture is a decoded file: planes of W*H samples.
type Picture struct {
	W, H  int
	Pix   [][]uint8 // red, green, blue
	Alpha []uint8   // nil if the file has none
	ICC   []byte    // the profile; nil if the file has none
}

// values of compression
const (
	rgb         = 0
	rle8        = 1
	rle4        = 2
	bitFields   = 3
	alphaFields = 6
)

// header has the fields before the pixels.
type header struct {
	w, h        int
	topDown     bool
	bpp         int
	compression uint32
	masks       [4]uint32 // red, green, blue, alpha
	palette     [256][3]uint8
	colours     int
	offset      int
	profile     [2]int // begin and end in the file
}

// headerLength covers the longest header with its masks and palette.
const headerLength = 14 + 124 + 16 + 4*256

// Size returns width and height. data may be only the beginning of the file.
func Size(data []byte) (w, h int, err error) {
	f, err := parse(data[:min(len(data), headerLength)])
	return f.w, f.h, err
}

// parse reads everything before the pixels.
func parse(data []byte) (f header, err error) {
	le := binary.LittleEndian
	if len(data) < 26 {
		return f, io.ErrUnexpectedEOF
	}
	f.offset = int(le.Uint32(data[10:]))
	info := int(le.Uint32(data[14:]))
	used, wide, planes := 0, 4, 0
	switch {
	case info == 12: // OS/2 1
		f.w, f.h, planes, f.bpp = int(le.Uint16(data[18:])), int(le.Uint16(data[20:])), int(le.Uint16(data[22:])), int(le.Uint16(data[24:]))
		wide = 3
	case info == 16 || info >= 40 && info <= 124:
		if len(data) < 14+info {
			return f, io.ErrUnexpectedEOF
		}
		f.w, f.h = int(int32(le.Uint32(data[18:]))), int(int32(le.Uint32(data[22:])))
		planes, f.bpp = int(le.Uint16(data[26:])), int(le.Uint16(data[28:]))
		if info >= 40 {
			f.compression = le.Uint32(data[30:])
			used = int(le.Uint32(data[46:]))
		}
		if f.h < 0 {
			f.h, f.topDown = -f.h, true
		}
		if info == 64 && f.compression > rle4 {
			return f, unsupported.Kind("BMP of OS/2 with fax or 24-bit run-length compression")
		}
	default:
		return f, errors.New("a header of unknown length")
	}
	if info == 124 && string(data[70:74]) == "DEBM" { // the profile is embedded
		from := 14 + int(le.Uint32(data[126:]))
		f.profile = [2]int{from, from + int(le.Uint32(data[130:]))}
	}
	if f.w < 0 || planes != 1 {
		return f, errors.New("a header with numbers out of range")
	}
	if err := f.findMasks(data, info); err != nil {
		return f, err
	}
	if f.bpp > 8 {
		return f, nil
	}
	at := 14 + info
	if info == 40 && f.compression == bitFields {
		at += 12
	}
	f.colours = 1 << f.bpp
	if used > 0 {
		f.colours = min(f.colours, used)
	}
	if f.offset > at { // the palette may be shorter than the header says
		f.colours = min(f.colours, (f.offset-at)/wide)
	}
	if len(data) < at+f.colours*wide {
		return f, io.ErrUnexpectedEOF
	}
	for i := range f.colours {
		c := data[at+i*wide:]
		f.palette[i] = [3]uint8{c[2], c[1], c[0]}
	}
	return f, nil
}

// findMasks checks the number of bits and the compression, and determines the masks.
func (f *header) findMasks(data []byte, info int) error {
	allowed := map[uint32][]int{rgb: {1, 2, 4, 8, 16, 24, 32}, rle8: {8}, rle4: {4}, bitFields: {16, 32}, alphaFields: {16, 32}}
	switch {
	case f.compression == 4:
		return unsupported.Kind("BMP with JPEG inside")
	case f.compression == 5:
		return unsupported.Kind("BMP with PNG inside")
	case f.compression == bitFields && f.bpp == 1: // of OS/2
		return unsupported.Kind("BMP with Huffman coding")
	case allowed[f.compression] == nil:
		return unsupported.Kind(fmt.Sprintf("BMP with compression %d", f.compression))
	case !slices.Contains(allowed[f.compression], f.bpp):
		return fmt.Errorf("%d bits a pixel with compression %d", f.bpp, f.compression)
	}
	switch f.bpp {
	case 16:
		f.masks = [4]uint32{0x7c00, 0x03e0, 0x001f, 0}
	case 24, 32:
		f.masks = [4]uint32{0xff0000, 0x00ff00, 0x0000ff, 0}
	}
	n := 0 // number of masks in the file
	switch {
	case f.compression == bitFields:
		n = 3
	case f.compression == alphaFields:
		n = 4
	}
	if n > 0 && info >= 56 {
		n = 4
	}
	if len(data) < 54+4*n {
		return io.ErrUnexpectedEOF
	}
	for i := range n {
		f.masks[i] = binary.LittleEndian.Uint32(data[54+4*i:])
	}
	if f.bpp == 32 && f.compression == rgb && info >= 56 && len(data) >= 70 {
		f.masks[3] = binary.LittleEndian.Uint32(data[66:]) &^ 0xffffff
	}
	return nil
}

// Decode decodes a file. The caller must have checked its Size.
func Decode(data []byte) (*Picture, error) {
	f, err := parse(data)
	if err != nil {
		return nil, err
	}
	if f.offset > len(data) || f.profile[1] > len(data) {
		return nil, io.ErrUnexpectedEOF
	}
	p, err := f.decode(data[f.offset:])
	if err == nil && f.profile[1] > 0 {
		p.ICC = data[f.profile[0]:f.profile[1]]
	}
	return p, err
}

func (f *header) decode(data []byte) (*Picture, error) {
	if f.compression == rle8 || f.compression == rle4 {
		index, err := f.runs(data)
		if err != nil {
			return nil, err
		}
		return f.picture(func(y int) []byte { return index[y*f.w:][:f.w] }, 8), nil
	}
	stride := (f.w*f.bpp + 31) / 32 * 4
	if len(data) < stride*(f.h-1)+(f.w*f.bpp+7)/8 {
		return nil, io.ErrUnexpectedEOF
	}
	return f.picture(func(y int) []byte { return data[y*stride:] }, f.bpp), nil
}

// picture makes planes. row returns rows in the order of the file.
func (f *header) picture(row func(int) []byte, bpp int) *Picture {
	p := &Picture{W: f.w, H: f.h, Pix: make([][]uint8, 3)}
	for c := range p.Pix {
		p.Pix[c] = make([]uint8, f.w*f.h)
	}
	var scales [4]scale
	for c, mask := range f.masks {
		scales[c] = newScale(mask)
	}
	if f.masks[3] != 0 {
		p.Alpha = make([]uint8, f.w*f.h)
	}
	visible := uint8(0)
	for y := range f.h {
		from, at := row(y), (f.h-1-y)*f.w
		if f.topDown {
			at = y * f.w
		}
		for x := range f.w {
			if bpp <= 8 {
				bit := x * bpp
				index := from[bit>>3] >> (8 - bpp - bit&7) & (1<<bpp - 1)
				for c, v := range f.palette[index] {
					p.Pix[c][at+x] = v
				}
				continue
			}
			v := uint32(0)
			for k := range bpp / 8 {
				v |= uint32(from[x*bpp/8+k]) << (8 * k)
			}
			for c := range 3 {
				p.Pix[c][at+x] = scales[c].of(v)
			}
			if p.Alpha != nil {
				a := scales[3].of(v)
				p.Alpha[at+x] = a
				visible |= a
			}
		}
	}
	if visible == 0 { // many programs write alpha 0 everywhere in opaque pictures
		p.Alpha = nil
	}
	return p
}

// scale extracts the bits of a mask and scales them to 0 to 255.
type scale struct {
	mask  uint32
	shift int
	top   uint64
}

func newScale(mask uint32) scale {
	shift := bits.TrailingZeros32(mask)
	return scale{mask, shift, uint64(mask) >> shift}
}

func (s scale) of(v uint32) uint8 {
	if s.top == 0 {
		return 0
	}
	return uint8((uint64(v&s.mask)>>s.shift*255 + s.top/2) / s.top)
}

// runs decodes run-length encoding to one index per pixel. Skipped pixels are 0.
func (f *header) runs(data []byte) ([]byte, error) {
	index := make([]byte, f.w*f.h)
	x, y := 0, 0
	put := func(v byte) {
		if x < f.w && y < f.h {
			index[y*f.w+x] = v
		}
		x++
	}
	for {
		if len(data) < 2 {
			if y >= f.h-1 && x >= f.w || y >= f.h { // only the end marker is missing
				return index, nil
			}
			return nil, io.ErrUnexpectedEOF
		}
		n, v := int(data[0]), data[1]
		data = data[2:]
		switch {
		case n > 0:
			for i := range n {
				put(f.nibble(v, i))
			}
		case v == 0:
			x, y = 0, y+1
		case v == 1:
			return index, nil
		case v == 2:
			if len(data) < 2 {
				return nil, io.ErrUnexpectedEOF
			}
			x, y = x+int(data[0]), y+int(data[1])
			data = data[2:]
		default:
			n = int(v)
			size := n
			if f.compression == rle4 {
				size = (n + 1) / 2
			}
			padded := (size + 1) / 2 * 2
			if len(data) < size {
				return nil, io.ErrUnexpectedEOF
			}
			for i := range n {
				if f.compression == rle4 {
					put(f.nibble(data[i/2], i))
				} else {
					put(data[i])
				}
			}
			data = data[min(padded, len(data)):]
		}
	}
}

// nibble returns pixel i of a run of the byte v: the byte itself or, with rle4, its upper
// and lower half alternating.
func (f *header) nibble(v byte, i int) byte {
	switch {
	case f.compression == rle8:
		return v
	case i%2 == 0:
		return v >> 4
	}
	return v & 15
}
