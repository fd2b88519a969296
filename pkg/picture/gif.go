package picture

import (
	"bytes"
	"image/gif"
	"io"
)

func sizeGIF(s *source) (w, h int, err error) {
	c, err := gif.DecodeConfig(s.stream())
	return c.Width, c.Height, err
}

func readGIF(s *source) (*raw, error) {
	data, err := s.all()
	if err != nil {
		return nil, err
	}
	size, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	img, err := gif.Decode(bytes.NewReader(data)) // the first frame, where it stands
	if err != nil {
		return nil, err
	}
	r := &raw{Decoded: *decodedOf(img)}
	at := img.Bounds().Min
	if err := r.place(size.Width, size.Height, at.X, at.Y); err != nil {
		return nil, err
	}
	if n := countFrames(data); n > 1 {
		r.note("the first of %d frames is taken", n)
	}
	return r, nil
}

// countFrames counts the pictures of a GIF file by their blocks, up to where the file
// ends or is damaged.
func countFrames(data []byte) (frames int) {
	r := bytes.NewReader(data)
	skip := func(n int) bool { _, err := r.Seek(int64(n), io.SeekCurrent); return err == nil && r.Len() > 0 }
	table := func(flags byte) int { // of colours
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if len(data) < 13 || !skip(13+table(data[10])) {
		return 0
	}
	blocks := func() bool { // each has its length before it; one of none is the last
		for {
			n, err := r.ReadByte()
			if err != nil {
				return false
			}
			if n == 0 {
				return true
			}
			if !skip(int(n)) {
				return false
			}
		}
	}
	for {
		kind, err := r.ReadByte()
		switch {
		case err != nil:
			return frames
		case kind == 0x2c:
			var place [9]byte
			if _, err := io.ReadFull(r, place[:]); err != nil || !skip(table(place[8])+1) {
				return frames
			}
			frames++
		case kind == 0x21:
			if !skip(1) {
				return frames
			}
		default:
			return frames
		}
		if !blocks() {
			return frames
		}
	}
}
