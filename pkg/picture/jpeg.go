package picture

import (
	"io"

	"multiscale/pkg/picture/icc"
	"multiscale/pkg/picture/jpeg"
)

// sizeJPEG reads increasing parts of the file, because previews and profiles make headers long.
func sizeJPEG(s *source) (w, h int, err error) {
	for n := int64(8 << 10); ; n *= 8 {
		data, err := s.start(min(n, maxFile))
		if err != nil {
			return 0, 0, err
		}
		head, err := jpeg.ReadHeader(data)
		if err != io.ErrUnexpectedEOF || n >= min(s.size, maxFile) {
			return head.W, head.H, err
		}
	}
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
	r := &raw{Decoded: Decoded{W: p.W, H: p.H, Pix8: p.Planes}, orientation: orientationOf(head.EXIF, head.XMP), profile: head.ICC,
		exif: directoryOf(head.EXIF), x: head.DotsX, y: head.DotsY}
	if head.ICC == nil && adobeRGB(head.EXIF) {
		r.space = icc.New("Adobe RGB", icc.AdobeRGB, icc.Power(2.2))
	}
	if p.Unended {
		r.note(noEnd)
	}
	if p.Partial {
		r.note("scans are missing, and with them detail or colours")
	}
	if p.Inks {
		r.inks()
	}
	return r, nil
}

// inks notes how CMYK was converted. The note covers the profile, which is not applied.
func (r *raw) inks() {
	r.note("cyan, magenta, yellow and black are converted to sRGB without a profile")
	r.profile, r.space = nil, nil
}
