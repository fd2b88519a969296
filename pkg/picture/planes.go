package picture

import (
	"image"
	"image/color"
)

// rgb is the number of channels of pictures from files.
const rgb = 3

// FromImage converts an image of any type as Open does.
func FromImage(img image.Image) *Planar {
	d := decodedOf(img)
	return d.Planar()
}

// decodedOf splits an image of the standard library into planes, without loss for its types.
func decodedOf(img image.Image) *Decoded {
	r := img.Bounds()
	d := &Decoded{W: r.Dx(), H: r.Dy()}
	switch img := img.(type) {
	case *image.Gray:
		d.Pix8 = rows(d, img.Pix, img.Stride, 1)
	case *image.NRGBA:
		d.split8(img.Pix, img.Stride, false)
	case *image.RGBA:
		d.split8(img.Pix, img.Stride, true)
	case *image.Gray16:
		d.Pix16 = words(d, img.Pix, img.Stride, 1)
	case *image.NRGBA64:
		d.split16(img.Pix, img.Stride, false)
	case *image.RGBA64:
		d.split16(img.Pix, img.Stride, true)
	case *image.Paletted:
		var table [256][4]uint8 // an index beyond the palette is transparent black
		for i, c := range img.Palette[:min(len(img.Palette), 256)] {
			q := color.NRGBAModel.Convert(c).(color.NRGBA)
			table[i] = [4]uint8{q.R, q.G, q.B, q.A}
		}
		index := rows(d, img.Pix, img.Stride, 1)[0]
		planes := make([][]uint8, 4)
		for c := range planes {
			planes[c] = make([]uint8, len(index))
			for i, v := range index {
				planes[c][i] = table[v][c]
			}
		}
		d.Pix8, d.Alpha8 = planes[:3:3], planes[3]
	default:
		n := image.NewNRGBA(image.Rect(0, 0, d.W, d.H))
		for y := range d.H {
			for x := range d.W {
				n.Set(x, y, img.At(r.Min.X+x, r.Min.Y+y))
			}
		}
		d.split8(n.Pix, n.Stride, false)
	}
	return d
}

func (d *Decoded) split8(pix []uint8, stride int, premultiplied bool) {
	planes := rows(d, pix, stride, 4)
	d.Pix8, d.Alpha8 = planes[:3:3], planes[3]
	if premultiplied {
		divide(d.Pix8, d.Alpha8)
	}
}

func (d *Decoded) split16(pix []uint8, stride int, premultiplied bool) {
	planes := words(d, pix, stride, 4)
	d.Pix16, d.Alpha16 = planes[:3:3], planes[3]
	if premultiplied {
		divide(d.Pix16, d.Alpha16)
	}
}

// words is rows for 16-bit samples, which images of the standard library have as bytes.
func words(d *Decoded, pix []uint8, stride, n int) [][]uint16 {
	planes := make([][]uint16, n)
	for c := range planes {
		planes[c] = make([]uint16, d.W*d.H)
		for y := range d.H {
			row, to := pix[y*stride:][:2*n*d.W], planes[c][y*d.W:][:d.W]
			for x := range to {
				i := 2 * (n*x + c)
				to[x] = uint16(row[i])<<8 | uint16(row[i+1])
			}
		}
	}
	return planes
}

// rows splits n interleaved channels into planes.
func rows[T uint8 | uint16](d *Decoded, pix []T, stride, n int) [][]T {
	planes := make([][]T, n)
	for c := range planes {
		planes[c] = make([]T, d.W*d.H)
		for y := range d.H {
			row, to := pix[y*stride:][:n*d.W], planes[c][y*d.W:][:d.W]
			for x := range to {
				to[x] = row[n*x+c]
			}
		}
	}
	return planes
}

// divide undoes the multiplication of colours by alpha.
func divide[T uint8 | uint16](planes [][]T, alpha []T) {
	top := uint32(^T(0))
	for i, a := range alpha {
		if a == 0 || a == ^T(0) {
			continue
		}
		for _, plane := range planes {
			plane[i] = T(min((uint32(plane[i])*top+uint32(a)/2)/uint32(a), top))
		}
	}
}
