package picture

import (
	"io"

	"multiscale/pkg/picture/jpeg"
)

// jpegStart is how much of a file is tried first for its header, which previews and
// profiles may make long.
const jpegStart = 64 << 10

func sizeJPEG(s *source) (w, h int, err error) {
	data, err := s.start(jpegStart)
	if err != nil {
		return 0, 0, err
	}
	head, err := jpeg.ReadHeader(data)
	if err == io.ErrUnexpectedEOF && s.size > jpegStart {
		if data, err = s.all(); err != nil {
			return 0, 0, err
		}
		head, err = jpeg.ReadHeader(data)
	}
	return head.W, head.H, err
}

func readJPEG(s *source) (*raw, error) {
	data, err := s.all()
	if err != nil {
		return nil, err
	}
	head, err := jpeg.ReadHeader(data)
	if err != nil {
		return nil, err
	}
	p, err := jpeg.Decode(data)
	if err != nil {
		return nil, err
	}
	r := &raw{Decoded: Decoded{W: p.W, H: p.H, Pix8: p.Planes}, orientation: orientationOf(head.EXIF, head.XMP), profile: head.ICC}
	if p.Unended {
		r.note("the end marker is missing; all pixels are there")
	}
	if p.Inks {
		r.inks()
	}
	return r, nil
}

// inks notes how CMYK was converted, once for the profile too.
func (r *raw) inks() {
	r.note("cyan, magenta, yellow and black are converted to sRGB without a profile")
	r.profile = nil
}
