package tiff

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"

	"multiscale/pkg/picture/jpeg"
	"multiscale/pkg/picture/unsupported"
)

// Picture is a decoded page. Either Pix8 or Pix16 is set. It has planes of W*H samples: grey,
// or red, green and blue, followed by alpha if there is any.
type Picture struct {
	W, H  int
	Pix8  [][]uint8
	Pix16 [][]uint16
	Alpha bool // the last plane is alpha
	// Premultiplied means that the colours are multiplied by alpha.
	Premultiplied bool
	// Inks means that the file has cyan, magenta, yellow and black. Each colour is the product
	// of the light that its ink and black transmit; a profile is ignored.
	Inks bool
	// Dropped is the number of samples per pixel that are left out because the file does not
	// state their meaning.
	Dropped int
}

// Decode decodes the pixels. The caller must have checked W and H.
func (f *File) Decode() (*Picture, error) {
	if err := f.findBlocks(); err != nil {
		return nil, err
	}
	p := &Picture{W: f.W, H: f.H, Inks: f.photometric == inks}
	keep := f.colours
	if f.samples > f.colours && (f.extra == 1 || f.extra == 2) {
		p.Alpha, p.Premultiplied = true, f.extra == 1
		keep++
	}
	p.Dropped = f.samples - keep
	if f.bits <= 8 {
		pix, err := decode[uint8](f, keep)
		if err != nil {
			return nil, err
		}
		switch {
		case p.Inks:
			pix = light(pix, 255)
		case f.photometric == paletted:
			if p.Pix16, err = f.lookUp(pix); err == nil {
				p.narrow()
			}
			return p, err
		}
		p.Pix8 = pix
		return p, nil
	}
	pix, err := decode[uint16](f, keep)
	if err != nil {
		return nil, err
	}
	if p.Inks {
		pix = light(pix, 65535)
	}
	p.Pix16 = pix
	return p, nil
}

// light converts cyan, magenta, yellow and black to red, green and blue.
func light[T uint8 | uint16](pix [][]T, top uint64) [][]T {
	black := pix[3]
	for _, plane := range pix[:3] {
		for i, ink := range plane {
			plane[i] = T(((top-uint64(ink))*(top-uint64(black[i])) + top/2) / top)
		}
	}
	return append(pix[:3:3], pix[4:]...)
}

// lookUp replaces indices by the colours of the colour map, which have 16 bits.
func (f *File) lookUp(pix [][]uint8) ([][]uint16, error) {
	n := 1 << f.bits
	table, err := f.Numbers(colourMap, 3*n)
	if err != nil {
		return nil, err
	}
	if len(table) < 3*n {
		return nil, errors.New("the colour map is missing")
	}
	planes := make([][]uint16, 0, 4)
	for c := range 3 {
		plane := make([]uint16, len(pix[0]))
		for i, v := range pix[0] {
			plane[i] = uint16(table[c*n+int(v)])
		}
		planes = append(planes, plane)
	}
	if len(pix) > 1 { // alpha, with the same number of bits as the indices
		plane := make([]uint16, len(pix[1]))
		for i, v := range pix[1] {
			plane[i] = uint16(int(v) * 65535 / (n - 1))
		}
		planes = append(planes, plane)
	}
	return planes, nil
}

// narrow converts Pix16 to Pix8 if no sample loses information: colour maps of 8 bits store
// v as v*257 or v*256.
func (p *Picture) narrow() {
	for _, plane := range p.Pix16 {
		for _, v := range plane {
			if low := v & 255; low != 0 && low != v>>8 {
				return
			}
		}
	}
	for _, plane := range p.Pix16 {
		bytes := make([]uint8, len(plane))
		for i, v := range plane {
			bytes[i] = uint8(v >> 8)
		}
		p.Pix8 = append(p.Pix8, bytes)
	}
	p.Pix16 = nil
}

// decode returns the first keep samples of each pixel as planes. It scales values to the range
// of T, but not the indices of a palette.
func decode[T uint8 | uint16](f *File, keep int) ([][]T, error) {
	top, highest := uint64(^T(0)), uint64(1)<<f.bits-1
	var scaled []T // maps values of other than 8 and 16 bits
	for v := uint64(0); v <= highest && f.bits%8 != 0; v++ {
		if f.photometric == paletted {
			scaled = append(scaled, T(v))
		} else {
			scaled = append(scaled, T((v*top+highest/2)/highest))
		}
	}
	var planes [][]T
	across, down := ceil(f.W, f.blockW), ceil(f.H, f.blockH)
	block := 0
	for plane := 0; plane < f.samples; plane += f.perPixel() {
		for by := range down {
			for bx := range across {
				data, err := f.block(block, by)
				if err != nil {
					return nil, err
				}
				if planes == nil { // allocate only after a block could be read
					planes = make([][]T, keep)
					for i := range planes {
						planes[i] = make([]T, f.W*f.H)
					}
				}
				x0, y0 := bx*f.blockW, by*f.blockH
				w, h := min(f.blockW, f.W-x0), min(f.blockH, f.H-y0)
				for y := range h {
					row := data[y*f.rowBytes():][:f.rowBytes()]
					at := (y0+y)*f.W + x0
					for s := range f.perPixel() {
						if c := plane + s; c < keep {
							unpack(planes[c][at:][:w], row, s, f.perPixel(), f.bits, scaled, f.order)
						}
					}
				}
				block++
			}
		}
	}
	if f.photometric == whiteIsZero {
		for i, v := range planes[0] {
			planes[0][i] = ^v
		}
	}
	return planes, nil
}

// unpack extracts sample s of each pixel of a row; of is the number of samples per pixel.
func unpack[T uint8 | uint16](to []T, row []byte, s, of, bits int, scaled []T, order binary.ByteOrder) {
	for x := range to {
		i := x*of + s
		switch bits {
		case 8:
			to[x] = T(row[i])
		case 16:
			to[x] = T(order.Uint16(row[2*i:]))
		default: // samples cross bytes, the highest bit first
			v := 0
			for k := i * bits; k < (i+1)*bits; k++ {
				v = v<<1 | int(row[k>>3]>>(7-k&7)&1)
			}
			to[x] = scaled[v]
		}
	}
}

func (f *File) rowBytes() int { return ceil(f.blockW*f.perPixel()*f.bits, 8) }

// block returns the samples of strip or tile i, in rows of rowBytes each. down is its row of
// blocks.
func (f *File) block(i, down int) ([]byte, error) {
	rows := f.blockH
	if f.Number(tileWidth, 0) == 0 {
		rows = min(rows, f.H-down*f.blockH)
	}
	size := rows * f.rowBytes()
	// If the file states a false length, at most about twice the block's own size is read.
	longest := size
	if f.compression != none {
		longest = 2*size + 1<<16
	}
	data, err := section(f.r, int64(f.offsets[i]), int64(min(f.counts[i], longest)))
	if err != nil {
		return nil, err
	}
	if f.reversed && f.compression != jpegCode {
		for k, b := range data {
			data[k] = bits.Reverse8(b)
		}
	}
	if data, err = f.decompress(data, size, rows); err != nil {
		return nil, err
	}
	if len(data) < size {
		return nil, io.ErrUnexpectedEOF
	}
	if f.predictor && f.compression != jpegCode {
		f.addDifferences(data, rows)
	}
	return data, nil
}

// decompress decompresses a block of the given number of rows. The caller needs size bytes of the result.
func (f *File) decompress(data []byte, size, rows int) ([]byte, error) {
	switch f.compression {
	case none:
		return data, nil
	case packBits:
		return unpackBits(data, size)
	case jpegCode:
		return f.jpeg(data, rows)
	case lzwCode:
		r := lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8)
		defer r.Close()
		return readUpTo(r, size)
	case fax3, fax4:
		kind := ccitt.Group4
		if f.compression == fax3 {
			kind = ccitt.Group3
		}
		// White is 0 in the code. The photometric interpretation says what 0 means.
		return readUpTo(ccitt.NewReader(bytes.NewReader(data), ccitt.MSB, kind, f.blockW, rows, &ccitt.Options{Invert: true}), size)
	default:
		r, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readUpTo(r, size)
	}
}

// readUpTo reads size bytes, or fewer if the data end. It allocates only for bytes that it reads.
func readUpTo(r io.Reader, size int) ([]byte, error) {
	var b bytes.Buffer
	_, err := io.Copy(&b, io.LimitReader(r, int64(size)))
	if b.Len() == size {
		return b.Bytes(), nil
	}
	return b.Bytes(), err
}

// unpackBits decodes PackBits (TIFF 6.0, section 9) up to about size bytes.
func unpackBits(data []byte, size int) ([]byte, error) {
	var to []byte
	for len(data) > 0 && len(to) < size {
		n := int(int8(data[0]))
		data = data[1:]
		switch {
		case n >= 0:
			if len(data) <= n {
				return nil, io.ErrUnexpectedEOF
			}
			to = append(to, data[:n+1]...)
			data = data[n+1:]
		case n > -128:
			if len(data) == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			for range 1 - n {
				to = append(to, data[0])
			}
			data = data[1:]
		}
	}
	return to, nil
}

// addDifferences undoes the predictor, which stores each sample as its difference from the
// sample to the left.
func (f *File) addDifferences(data []byte, rows int) {
	step := f.perPixel()
	for y := range rows {
		row := data[y*f.rowBytes():][:f.rowBytes()]
		if f.bits == 8 {
			for i := step; i < len(row); i++ {
				row[i] += row[i-step]
			}
			continue
		}
		for i := 2 * step; i+1 < len(row); i += 2 {
			f.order.PutUint16(row[i:], f.order.Uint16(row[i:])+f.order.Uint16(row[i-2*step:]))
		}
	}
}

// jpeg decodes a block that is a JPEG file. Its tables may be in a tag of the TIFF file.
func (f *File) jpeg(data []byte, rows int) ([]byte, error) {
	tables, err := f.Bytes(jpegTables, 1<<16)
	if err != nil {
		return nil, err
	}
	if len(tables) > 4 && len(data) > 2 { // tables: start, tables, end; data: start, picture, end
		data = append(tables[:len(tables)-2:len(tables)-2], data[2:]...)
	}
	head, err := jpeg.ReadHeader(data)
	if err != nil {
		return nil, err
	}
	if head.W < f.blockW || head.H < rows || head.W > f.blockW+16 || head.H > f.blockH+16 || head.Components != f.perPixel() {
		if f.planes {
			return nil, unsupported.Kind("JPEG in planes of several sizes")
		}
		return nil, errors.New("a JPEG strip or tile of another size")
	}
	colour := jpeg.RGB
	if f.photometric == yCbCr {
		colour = jpeg.YCbCr
	}
	p, err := jpeg.DecodeAs(data, colour)
	if err != nil {
		return nil, err
	}
	n := len(p.Planes)
	to := make([]byte, rows*f.rowBytes())
	for c, plane := range p.Planes {
		for y := range rows {
			for x, v := range plane[y*p.W:][:f.blockW] {
				to[(y*f.blockW+x)*n+c] = v
			}
		}
	}
	return to, nil
}
