package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"io"
)

// gifStart is the number of bytes that are searched for the first frame.
const gifStart = 64 << 10

func sizeGIF(s *source) (w, h int, err error) {
	data, err := s.start(gifStart)
	if err != nil {
		return 0, 0, err
	}
	if len(data) < 13 {
		return 0, 0, io.ErrUnexpectedEOF
	}
	w, h = screen(data)
	return w, h, nil
}

// screen returns the size of the picture: the header's size, enlarged if the first frame
// reaches beyond it. Old programs write arbitrary sizes to the header, even 0.
func screen(data []byte) (w, h int) {
	w, h = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	walkGIF(data[:min(len(data), gifStart)], func(frame image.Rectangle) bool {
		w, h = max(w, frame.Max.X), max(h, frame.Max.Y)
		return false
	})
	return w, h
}

func readGIF(s *source) (*raw, error) {
	data, err := s.all()
	if err != nil {
		return nil, err
	}
	w, h := screen(data)
	if w > 65_535 || h > 65_535 {
		return nil, io.ErrUnexpectedEOF
	}
	binary.LittleEndian.PutUint16(data[6:], uint16(w)) // else image/gif would refuse the frame
	binary.LittleEndian.PutUint16(data[8:], uint16(h))
	img, err := gif.Decode(bytes.NewReader(data)) // the first frame, with its position
	if err != nil {
		return nil, err
	}
	r := &raw{Decoded: *decodedOf(img)}
	at := img.Bounds().Min
	if err := r.place(w, h, at.X, at.Y); err != nil {
		return nil, err
	}
	frames := 0
	walkGIF(data, func(image.Rectangle) bool { frames++; return true })
	if frames > 1 {
		r.note("the first of %d frames is taken", frames)
	}
	return r, nil
}

// walkGIF calls visit for the frames of a GIF file, until the file ends or is damaged, or
// visit returns false.
func walkGIF(data []byte, visit func(frame image.Rectangle) bool) {
	r := bytes.NewReader(data)
	skip := func(n int) bool { _, err := r.Seek(int64(n), io.SeekCurrent); return err == nil && r.Len() > 0 }
	table := func(flags byte) int { // bytes of a colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if len(data) < 13 || !skip(13+table(data[10])) {
		return
	}
	blocks := func() bool { // skips blocks, which begin with their length; the last has length 0
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
			return
		case kind == 0x2c:
			var place [9]byte
			if _, err := io.ReadFull(r, place[:]); err != nil {
				return
			}
			number := func(i int) int { return int(binary.LittleEndian.Uint16(place[i:])) }
			at := image.Pt(number(0), number(2))
			if !visit(image.Rectangle{at, at.Add(image.Pt(number(4), number(6)))}) || !skip(table(place[8])+1) {
				return
			}
		case kind == 0x21:
			if !skip(1) {
				return
			}
		default:
			return
		}
		if !blocks() {
			return
		}
	}
}
