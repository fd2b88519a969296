package picture

import (
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/disintegration/imaging"

	"multiscale/pkg/durable"
)

// Image returns a copy as an image of the standard library. If the picture is not RGB, it
// has the first three channels or, with fewer than three, the first one as grey.
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

// Encode writes the picture in the format of name's extension; see the function Encode.
func (p *Planar) Encode(w io.Writer, name string) error { return Encode(w, name, p.Image()) }

// Encode writes an image in the format of name's extension. JPEG has quality 95; GIF has a
// palette made for the image.
func Encode(w io.Writer, name string, img *image.NRGBA) error {
	if err := CheckWritable(name, img.Rect.Dx(), img.Rect.Dy()); err != nil {
		return err
	}
	format, err := imaging.FormatFromFilename(name)
	if err != nil {
		return err
	}
	if format == imaging.GIF {
		return gif.Encode(w, ownPalette(img), nil)
	}
	return encode(w, img, format)
}

// encode compresses PNG at the fastest level: a large picture takes an eighth of the default level's time, and the file is
// 2 to 20 per cent longer.
func encode(w io.Writer, img image.Image, format imaging.Format) error {
	return imaging.Encode(w, img, format, imaging.PNGCompressionLevel(png.BestSpeed))
}

// CheckWritable returns an error unless a picture of w by h pixels can be written to a file
// with this name: its extension must be .png, .jpg, .jpeg, .gif, .bmp, .tif or .tiff, and
// the format must support the size. A size of 0 by 0 checks only the extension.
func CheckWritable(name string, w, h int) error {
	format, err := imaging.FormatFromFilename(name)
	if err != nil {
		if ending := filepath.Ext(name); IsName(name) || Unread(name) != "" {
			return fmt.Errorf("%s: pictures are not written as %s; use .png, .jpg, .gif, .bmp or .tif", name, strings.ToLower(ending))
		}
		return fmt.Errorf("%s: unknown picture format %q; use .png, .jpg, .gif, .bmp or .tif", name, filepath.Ext(name))
	}
	const max16 = 65_535
	if (format == imaging.JPEG || format == imaging.GIF) && (w > max16 || h > max16) {
		return fmt.Errorf("%s: %s holds %d pixels a side at most, and the picture has %dx%d; use .png or .tif", name, format, max16, w, h)
	}
	return nil
}

// Save writes the picture to path as Encode does, atomically: path has its old content
// until the new one is complete and on the disk.
func (p *Planar) Save(path string) error { return save(path, p.Image) }

func save(path string, content func() *image.NRGBA) error {
	if err := CheckWritable(path, 0, 0); err != nil { // before anything is created
		return err
	}
	return durable.WriteFile(durable.OS, path, func(w io.Writer) error { return Encode(w, path, content()) })
}
