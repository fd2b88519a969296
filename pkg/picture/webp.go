package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// webpFile has the parts of a WebP file.
type webpFile struct {
	w, h      int    // 0 in the simple file format
	frames    int    // of an animation; 0 for a still picture
	x, y      int    // position of the first frame
	picture   []byte // a WebP file of the first frame alone
	profile   []byte
	exif, xmp []byte
}

// webpAlpha is the flag for alpha in the extended file format.
const webpAlpha = 1 << 4

// parseWebP splits a file into its parts.
func parseWebP(data []byte) (f webpFile, err error) {
	var still []byte // chunks of the picture
	var alpha byte
	err = riffChunks(data[12:], func(name string, body, whole []byte) error {
		switch name {
		case "VP8X":
			if len(body) < 10 {
				return io.ErrUnexpectedEOF
			}
			f.w, f.h = uint24(body[4:])+1, uint24(body[7:])+1
			alpha |= body[0] & webpAlpha
		case "ANMF":
			if f.frames++; f.frames > 1 {
				return nil
			}
			if len(body) < 16 {
				return io.ErrUnexpectedEOF
			}
			f.x, f.y = 2*uint24(body), 2*uint24(body[3:])
			w, h := uint24(body[6:])+1, uint24(body[9:])+1
			if f.x+w > f.w || f.y+h > f.h {
				return errors.New("a frame outside of the picture")
			}
			f.picture = webpOf(w, h, body[16:])
		case "VP8 ", "VP8L", "ALPH":
			still = append(still, whole...)
		case "ICCP":
			f.profile = body
		case "EXIF":
			f.exif = body
		case "XMP ":
			f.xmp = body
		}
		return nil
	})
	if f.frames == 0 {
		f.picture = webpOf(f.w, f.h, still)
		if len(still) == 0 && err == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	return f, err
}

// webpOf makes a WebP file of the chunks of one frame.
func webpOf(w, h int, chunks []byte) []byte {
	if bytes.HasPrefix(chunks, []byte("ALPH")) {
		extended := []byte{'V', 'P', '8', 'X', 10, 0, 0, 0, webpAlpha, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)}
		chunks = append(extended, chunks...)
	}
	file := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(chunks)+4))
	return append(append(file, "WEBP"...), chunks...)
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// riffChunks calls visit for the chunks of a RIFF file; whole is the chunk with its header.
func riffChunks(data []byte, visit func(name string, body, whole []byte) error) error {
	for len(data) >= 8 {
		n := int64(binary.LittleEndian.Uint32(data[4:]))
		if n+8 > int64(len(data)) {
			return io.ErrUnexpectedEOF
		}
		whole := data[:min(8+n+n&1, int64(len(data)))]
		if err := visit(string(data[:4]), data[8:8+n], whole); err != nil {
			return err
		}
		data = data[len(whole):]
	}
	return nil
}

func sizeWebP(s *source) (w, h int, err error) {
	c, err := webp.DecodeConfig(s.stream())
	return c.Width, c.Height, err
}

func readWebP(s *source) (*raw, error) {
	data, err := s.all()
	if err != nil {
		return nil, err
	}
	f, err := parseWebP(data)
	if err != nil {
		return nil, err
	}
	// The size in the frame's own data must be checked, too, before it is decoded.
	if c, err := webp.DecodeConfig(bytes.NewReader(f.picture)); err != nil || f.w > 0 && (c.Width > f.w || c.Height > f.h) {
		return nil, errors.New("a frame of another size than the picture")
	}
	img, err := webp.Decode(bytes.NewReader(f.picture))
	if err != nil {
		return nil, err
	}
	r := &raw{orientation: orientationOf(f.exif, f.xmp), profile: f.profile, exif: directoryOf(f.exif)}
	switch img := img.(type) {
	case *image.YCbCr:
		r.Decoded = *fromVP8(img)
	case *image.NYCbCrA:
		r.Decoded = *fromVP8(&img.YCbCr)
		r.Alpha8 = rows(&r.Decoded, img.A, img.AStride, 1)[0]
	default:
		r.Decoded = *decodedOf(img)
	}
	if f.frames > 0 {
		if err := r.place(f.w, f.h, f.x, f.y); err != nil {
			return nil, err
		}
	}
	if f.frames > 1 {
		r.note("the first of %d frames is taken", f.frames)
	}
	return r, nil
}

// fromVP8 converts the pixels of lossy WebP to the values of libwebp. Unlike JPEG's, the
// YCbCr is that of BT.601 with 16 for black and 235 for white. Subsampled colour is
// interpolated with weights 9/16, 3/16, 3/16 and 1/16.
func fromVP8(img *image.YCbCr) *Decoded {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	d := &Decoded{W: w, H: h, Pix8: make([][]uint8, 3)}
	for c := range d.Pix8 {
		d.Pix8[c] = make([]uint8, w*h)
	}
	cw, ch := (w+1)/2, (h+1)/2
	u, v := make([]int32, w), make([]int32, w)
	for y := range h {
		near := y / 2
		far := min(max(near-1+y%2*2, 0), ch-1)
		upsampleVP8(u, img.Cb[near*img.CStride:][:cw], img.Cb[far*img.CStride:][:cw])
		upsampleVP8(v, img.Cr[near*img.CStride:][:cw], img.Cr[far*img.CStride:][:cw])
		for x, luma := range img.Y[y*img.YStride:][:w] {
			base := int32(luma) * 19077 >> 8
			i := y*w + x
			d.Pix8[0][i] = clip6(base + v[x]*26149>>8 - 14234)
			d.Pix8[1][i] = clip6(base - u[x]*6419>>8 - v[x]*13320>>8 + 8708)
			d.Pix8[2][i] = clip6(base + u[x]*33050>>8 - 17685)
		}
	}
	return d
}

// clip6 drops six fractional bits and clips to 0 to 255.
func clip6(v int32) uint8 { return uint8(min(max(v>>6, 0), 255)) }

// upsampleVP8 interpolates a row of samples with libwebp's rounding. Of the two rows of
// samples, near is the closer one to the row of pixels.
func upsampleVP8(to []int32, near, far []uint8) {
	last := len(near) - 1
	for x := range to {
		i := x / 2
		k := min(max(i-1+x%2*2, 0), last)
		a, b, c, e := int32(near[i]), int32(near[k]), int32(far[i]), int32(far[k])
		if i == k {
			to[x] = (3*a + c + 2) >> 2
			continue
		}
		// (9a + 3b + 3c + e) / 16 in libwebp's two steps.
		diagonal := (a + b + c + e + 8 + 2*(b+c)) >> 3
		to[x] = (diagonal + a) >> 1
	}
}
