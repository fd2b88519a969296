package restore

import (
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"multiscale/pkg/durable"
	"multiscale/pkg/picture"
)

// photo is a picture with the metadata of its file.
type photo struct {
	*picture.Decoded // turned upright by its EXIF orientation
	about            *picture.About
	// Planes of the network's input: the picture, in which transparent pixels have colours
	// that continue the visible ones. One of the two is nil.
	seen8  [][]uint8
	seen16 [][]uint16
}

// open reads a picture. With profile set, colours with an ICC profile keep their values.
func open(path string, profile bool) (p photo, err error) {
	if p.Decoded, p.about, err = picture.ReadWith(path, profile); err != nil {
		return p, err
	}
	p.seen8, p.seen16 = p.Seen()
	// Decoding leaves garbage as large as the picture; the network needs the memory.
	debug.FreeOSMemory()
	return p, nil
}

// transparent reports whether the picture has pixels that are not opaque.
func (p photo) transparent() bool { return p.Alpha8 != nil || p.Alpha16 != nil }

// result is a picture that is being restored: an image.NRGBA or image.NRGBA64.
type result struct {
	image.Image
	w, h  int
	pix   []uint8
	bytes int // of a sample
}

// newResult returns a black, transparent picture.
func newResult(w, h, bits int) result {
	r := image.Rect(0, 0, w, h)
	if bits == 16 {
		img := image.NewNRGBA64(r)
		return result{img, w, h, img.Pix, 2}
	}
	img := image.NewNRGBA(r)
	return result{img, w, h, img.Pix, 1}
}

// alpha is the index of the opacity among a pixel's samples.
const alpha = 3

// set sets channel c of pixel i to v, clamped to [0,1].
func (r result) set(c, i int, v float32) {
	v = min(max(v, 0), 1)
	if r.bytes == 2 {
		binary.BigEndian.PutUint16(r.pix[2*(4*i+c):], uint16(float32(v*65535)+0.5))
		return
	}
	r.pix[4*i+c] = uint8(float32(v*255) + 0.5)
}

// copyPixel sets pixel i to the colours and the opacity of pixel k of p.
func (r result) copyPixel(i int, p photo, k int) {
	for c := range rgb {
		r.set(c, i, float32(p.original(c, k)))
	}
	r.set(alpha, i, float32(p.opacity(k)))
}

// original returns channel c of pixel i as decoded, in [0,1], not as the network sees it.
func (p photo) original(c, i int) float64 {
	if p.Pix16 != nil {
		return float64(p.Pix16[c%len(p.Pix16)][i]) / 65535
	}
	return float64(p.Pix8[c%len(p.Pix8)][i]) / 255
}

// opacity returns the opacity of pixel i, in [0,1].
func (p photo) opacity(i int) float64 {
	switch {
	case p.Alpha16 != nil:
		return float64(p.Alpha16[i]) / 65535
	case p.Alpha8 != nil:
		return float64(p.Alpha8[i]) / 255
	}
	return 1
}

// opaque has the extensions of formats without transparency, or without partial transparency.
var opaque = []string{".jpg", ".jpeg", ".gif", ".bmp"}

// save writes the picture in the format of path's extension, in one step. The notes say
// what the format cannot represent.
func (r result) save(path string, p photo) (notes []string, err error) {
	if err := checkName(path); err != nil {
		return nil, err
	}
	img := r.Image
	if p.transparent() && slices.Contains(opaque, strings.ToLower(filepath.Ext(path))) {
		notes = append(notes, "the format has no transparency; the picture was laid over white (.png keeps it)")
		laid := image.NewNRGBA(img.Bounds())
		draw.Draw(laid, laid.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(laid, laid.Rect, img, image.Point{}, draw.Over)
		img = laid
	}
	bits, holds := picture.Holds(path)
	if p.Bits() > bits {
		notes = append(notes, "the format has 8 bits a sample, the picture has 16 (.png and .tif keep them)")
	}
	if p.about.Any() && !holds {
		notes = append(notes, "the format does not hold "+p.about.String()+" (.png, .jpg and .tif do)")
	}
	tooLong, err := picture.SaveAs(path, img, p.about)
	if tooLong {
		notes = append(notes, "the EXIF data are too long for the format and left out (.png and .tif hold them)")
	}
	return notes, err
}

// checkName returns an error if a file cannot be written. It is called before the work begins.
func checkName(path string) error {
	if !isArray(path) {
		if err := picture.CheckWritable(path, 0, 0); err != nil {
			return err
		}
	}
	return durable.CheckFile(path)
}
