package restore

import (
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

// photo is a picture with what pkg/picture leaves out: its transparency.
type photo struct {
	*image.NRGBA      // upright, whatever its EXIF orientation was
	transparent  bool // some pixel is not opaque
	// seen is the network's input: the picture, whose invisible pixels continue the
	// visible colours.
	seen *image.NRGBA
}

// open reads a picture as picture.Read does, 8 bits of it.
func open(path string) (p photo, notes []string, err error) {
	d, err := picture.Read(path)
	if err != nil {
		return p, nil, err
	}
	p.NRGBA = d.NRGBA()
	p.transparent = d.Alpha8 != nil || d.Alpha16 != nil
	notes, d = d.Notes, nil
	if p.seen = p.NRGBA; p.transparent {
		p.seen = image.NewNRGBA(p.Rect)
		copy(p.seen.Pix, p.Pix)
		picture.FillInvisible(p.seen)
	}
	// What decoding took is as large as the picture; the network needs the room.
	debug.FreeOSMemory()
	return p, notes, nil
}

// blind are the formats that hold no transparency, or not all of it.
var blind = []string{".jpg", ".jpeg", ".gif", ".bmp"}

// save writes the picture in the format that the ending of path asks for, in one
// step. Where the format has no transparency it is laid over white, and laid says so.
func (p photo) save(path string) (laid bool, err error) {
	if err := checkName(path); err != nil {
		return false, err
	}
	img := p.NRGBA
	if p.transparent && slices.Contains(blind, strings.ToLower(filepath.Ext(path))) {
		laid = true
		img = image.NewNRGBA(p.Rect)
		draw.Draw(img, p.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(img, p.Rect, p.NRGBA, image.Point{}, draw.Over)
	}
	return laid, picture.Save(path, img)
}

// checkName refuses a file that cannot be written, before work begins.
func checkName(path string) error {
	if !isArray(path) {
		if err := picture.CheckWritable(path, 0, 0); err != nil {
			return err
		}
	}
	return durable.CheckFile(path)
}
