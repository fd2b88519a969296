package restore

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/disintegration/imaging"

	"multiscale/pkg/durable"
	"multiscale/pkg/picture"
)

// photo is a picture with what pkg/picture leaves out: its transparency.
type photo struct {
	*image.NRGBA      // upright, whatever its EXIF orientation was
	transparent  bool // some pixel is not opaque
}

// open reads a picture as picture.Open does, and keeps alpha.
func open(path string) (p photo, err error) {
	// Checks that it is a file and the sizes in its header.
	if _, _, err := picture.Size(path); err != nil {
		return p, err
	}
	f, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	defer func() {
		if r := recover(); r != nil { // a decoder, on a hostile file
			err = fmt.Errorf("%s: damaged picture (%v); get it anew", path, r)
		}
	}()
	img, err := imaging.Decode(f, imaging.AutoOrientation(true))
	if err != nil {
		return p, fmt.Errorf("%s: damaged picture (%w); get it anew", path, err)
	}
	p.NRGBA = nrgba(img)
	p.transparent = !p.Opaque()
	img = nil
	// What decoding took is as large as the picture; the network needs the room.
	debug.FreeOSMemory()
	return p, nil
}

// nrgba converts an image whose origin is (0,0) and whose rows follow each other.
func nrgba(img image.Image) *image.NRGBA {
	n, ok := img.(*image.NRGBA)
	if ok && n.Rect.Min == (image.Point{}) && n.Stride == 4*n.Rect.Dx() {
		return n
	}
	return imaging.Clone(img)
}

// blind are the formats that hold no transparency, or not all of it.
var blind = []string{".jpg", ".jpeg", ".gif", ".bmp"}

// save writes the picture in the format that the ending of path asks for, in one
// step. Where the format has no transparency it is laid over white, and laid says so.
func (p photo) save(path string) (laid bool, err error) {
	format, err := checkName(path)
	if err != nil {
		return false, err
	}
	img := p.NRGBA
	if p.transparent && slices.Contains(blind, strings.ToLower(filepath.Ext(path))) {
		laid = true
		img = image.NewNRGBA(p.Rect)
		draw.Draw(img, p.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(img, p.Rect, p.NRGBA, image.Point{}, draw.Over)
	}
	return laid, durable.WriteFile(durable.OS, path, func(w io.Writer) error { return imaging.Encode(w, img, format) })
}

// checkName refuses a file that cannot be written, before work begins.
func checkName(path string) (imaging.Format, error) {
	format, err := imaging.FormatFromFilename(path)
	if err != nil {
		return format, fmt.Errorf("%s: unknown picture format %q; use .png, .jpg, .gif, .bmp or .tif", path, filepath.Ext(path))
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return format, fmt.Errorf("%s: there is no folder %s; create it first", path, dir)
	case err != nil:
		return format, err
	case !info.IsDir():
		return format, fmt.Errorf("%s: %s is not a folder", path, dir)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return format, fmt.Errorf("%s: not a file; choose another name", path)
	}
	return format, nil
}
