package picture

import "multiscale/pkg/picture/tiff"

func sizeTIFF(s *source) (w, h int, err error) {
	f, err := tiff.Open(s)
	if err != nil {
		return 0, 0, err
	}
	return f.W, f.H, nil
}

func readTIFF(s *source) (*raw, error) {
	f, err := tiff.Open(s)
	if err != nil {
		return nil, err
	}
	p, err := f.Decode()
	if err != nil {
		return nil, err
	}
	r := &raw{Decoded: Decoded{W: p.W, H: p.H, Pix8: p.Pix8, Pix16: p.Pix16}, orientation: f.Number(tiff.Orientation, 0), exif: f.Directory}
	if r.orientation == 0 {
		xmp, _ := f.Bytes(tiff.XMP, maxChunk) // the picture can be read without it
		r.orientation = orientationOf(nil, xmp)
	}
	if p.Alpha {
		if n := len(r.Pix8) - 1; n > 0 {
			r.Pix8, r.Alpha8 = r.Pix8[:n], r.Pix8[n]
		} else {
			n = len(r.Pix16) - 1
			r.Pix16, r.Alpha16 = r.Pix16[:n], r.Pix16[n]
		}
		if p.Premultiplied {
			divide(r.Pix8, r.Alpha8)
			divide(r.Pix16, r.Alpha16)
		}
	}
	if r.profile, err = f.Bytes(tiff.ICC, maxChunk); err != nil {
		r.note("the colour profile is damaged and not applied")
	}
	if p.Dropped > 0 {
		r.note("of each pixel, %d samples of no stated meaning are left out", p.Dropped)
	}
	if p.Inks {
		r.inks()
	}
	if f.Pages > 1 {
		r.note("the first of %d pages is taken", f.Pages)
	}
	return r, nil
}
