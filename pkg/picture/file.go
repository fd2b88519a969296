package picture

import (
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/disintegration/imaging"

	"multiscale/pkg/durable"
)

// Limits of what is read. Decoding needs up to 11 bytes a pixel at its peak.
const (
	MaxPixels = 100_000_000 // of a picture
	MaxSide   = 32_768      // pixels a side
)

// IsName reports whether a file name ends like a picture's:
// .png, .jpg, .jpeg, .gif, .bmp, .tif or .tiff, in any case.
func IsName(name string) bool {
	_, err := imaging.FormatFromFilename(name)
	return err == nil
}

// Open reads the picture at path, turned upright as its EXIF orientation says.
// Grey and paletted pictures become RGB, CMYK is converted, 16-bit samples keep
// their upper byte, transparent pixels are laid over white, and of an animation
// the first frame is taken. A picture above MaxPixels or MaxSide is refused
// before it is decoded.
func Open(path string) (*Planar, error) {
	return withFile(path, func(f *os.File) (*Planar, error) { return Decode(path, f) })
}

// Size returns the width and height that the header of the picture at path
// gives, before any EXIF rotation, and the errors of the header that Open gives.
func Size(path string) (w, h int, err error) {
	size, err := withFile(path, func(f *os.File) ([2]int, error) {
		c, err := header(path, f)
		return [2]int{c.Width, c.Height}, err
	})
	return size[0], size[1], err
}

// withFile opens only regular files: a pipe called a.png would wait for ever.
func withFile[T any](path string, read func(f *os.File) (T, error)) (result T, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return result, explain(path, err)
	}
	if !info.Mode().IsRegular() {
		return result, fmt.Errorf("%s: not a file; give the path of a picture", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return result, explain(path, err)
	}
	defer f.Close()
	return read(f)
}

// Decode reads a picture as Open does; name stands for it in errors.
func Decode(name string, r io.ReadSeeker) (p *Planar, err error) {
	if _, err := header(name, r); err != nil {
		return nil, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, explain(name, err)
	}
	defer recovered(name, &err)
	img, err := imaging.Decode(r, imaging.AutoOrientation(true))
	if err != nil {
		return nil, explain(name, err)
	}
	return FromImage(img), nil
}

func header(name string, r io.Reader) (c image.Config, err error) {
	defer recovered(name, &err)
	c, _, err = image.DecodeConfig(r)
	if err != nil {
		return c, explain(name, err)
	}
	return c, checkSize(name, c.Width, c.Height)
}

func checkSize(name string, w, h int) error {
	switch {
	case w <= 0 || h <= 0:
		return fmt.Errorf("%s: the picture is empty (%dx%d pixels); remove it", name, w, h)
	case w > MaxSide || h > MaxSide || w*h > MaxPixels:
		return fmt.Errorf("%s: %dx%d pixels, more than the %d a side or %d in all that are read; reduce it first", name, w, h, MaxSide, MaxPixels)
	}
	return nil
}

// recovered turns a panic of a decoder, which a hostile file may provoke, into
// an error.
func recovered(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: damaged picture (%v); remove it or get it anew", name, r)
	}
}

func explain(name string, err error) error {
	var inPath *fs.PathError
	switch {
	case errors.As(err, &inPath):
		return fmt.Errorf("%s: %w", name, inPath.Err)
	case errors.Is(err, image.ErrFormat):
		return fmt.Errorf("%s: not a PNG, JPEG, GIF, BMP or TIFF picture; remove it or convert it", name)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the picture is cut short; get it anew", name)
	}
	return fmt.Errorf("%s: damaged picture (%w); remove it or get it anew", name, err)
}

// rgb is the number of channels of decoded pictures.
const rgb = 3

// FromImage converts any image as Open does.
func FromImage(img image.Image) *Planar {
	n := imaging.Clone(img)
	p := New(rgb, n.Rect.Dx(), n.Rect.Dy())
	size := p.W * p.H
	r, g, b := p.Pix[:size], p.Pix[size:2*size], p.Pix[2*size:]
	for i := range size {
		q := n.Pix[4*i : 4*i+4 : 4*i+4]
		r[i], g[i], b[i] = q[0], q[1], q[2]
		if a := uint(q[3]); a != 255 {
			r[i], g[i], b[i] = onWhite(q[0], a), onWhite(q[1], a), onWhite(q[2], a)
		}
	}
	return p
}

func onWhite(v uint8, alpha uint) uint8 { return uint8((uint(v)*alpha + 255*(255-alpha) + 127) / 255) }

// Image returns a copy for the packages that work on image.Image. Of pictures
// that are not RGB it shows the first three channels, or the first one in grey.
func (p *Planar) Image() *image.NRGBA {
	n := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
	size := p.W * p.H
	for k := range rgb {
		c := k
		if p.C < rgb {
			c = 0
		}
		for i := range size {
			if p.Pix != nil {
				n.Pix[4*i+k] = p.Pix[c*size+i]
			} else {
				n.Pix[4*i+k] = quantise(p.Values[c*size+i])
			}
		}
	}
	for i := range size {
		n.Pix[4*i+3] = 255
	}
	return n
}

// Encode writes the picture in the format that the ending of name asks for,
// with JPEG at quality 95.
func (p *Planar) Encode(w io.Writer, name string) error {
	format, err := formatOf(name)
	if err != nil {
		return err
	}
	return imaging.Encode(w, p.Image(), format)
}

// Save writes the picture to path as Encode does, in one step: path holds its
// old content until the new one is complete and on the disk.
func (p *Planar) Save(path string) error { return save(path, p.Image) }

func save(path string, content func() *image.NRGBA) error {
	format, err := formatOf(path) // before anything is created
	if err != nil {
		return err
	}
	return durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		return imaging.Encode(w, content(), format)
	})
}

func formatOf(name string) (imaging.Format, error) {
	format, err := imaging.FormatFromFilename(name)
	if err != nil {
		return format, fmt.Errorf("%s: unknown picture format %q; use .png, .jpg, .gif, .bmp or .tif", name, filepath.Ext(name))
	}
	return format, nil
}
