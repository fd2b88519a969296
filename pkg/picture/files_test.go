package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encoded(t testing.TB, p *Planar, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Encode(&b, name); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// headerPNG is a PNG file that ends after its header.
func headerPNG(w, h uint32) []byte {
	data := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	data = binary.BigEndian.AppendUint32(data, w)
	data = binary.BigEndian.AppendUint32(data, h)
	data = append(data, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(data, crc(data[12:]))
}

func crc(data []byte) uint32 {
	c := ^uint32(0)
	for _, b := range data {
		c ^= uint32(b)
		for range 8 {
			c = c>>1 ^ 0xedb88320*(c&1)
		}
	}
	return ^c
}

// turnedJPEG returns a JPEG file with an EXIF orientation.
func turnedJPEG(t testing.TB, img image.Image, orientation byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
	return append(append([]byte("\xff\xd8"), exif...), b.Bytes()[2:]...)
}

// cmykJPEG returns an 8x8 JPEG file of one colour with four components in the form that
// prepress programs write: inverted, with an Adobe segment.
func cmykJPEG(cmyk [4]uint8) []byte {
	data := []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	data = append(data, "\xff\xdb\x00\x43\x00"...)
	data = append(data, bytes.Repeat([]byte{8}, 64)...) // a DC coefficient is 8 x the mean
	data = append(data, "\xff\xc0\x00\x14\x08\x00\x08\x00\x08\x04\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00"...)
	data = append(data, "\xff\xc4\x00\x1f\x00\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"...)
	data = append(data, "\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	data = append(data, "\xff\xda\x00\x0e\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00"...)
	var bits []byte
	put := func(v, n int) {
		for n--; n >= 0; n-- {
			bits = append(bits, byte(v>>n&1))
		}
	}
	for _, ink := range cmyk {
		dc, size := 255-int(ink)-128, 0
		for size = 0; dc >= 1<<size || -dc >= 1<<size; size++ {
		}
		put(size, 4)
		if dc < 0 {
			dc += 1<<size - 1
		}
		put(dc, size)
		put(0, 1) // no AC coefficients
	}
	for len(bits)%8 != 0 {
		bits = append(bits, 1)
	}
	for ; len(bits) > 0; bits = bits[8:] {
		v := byte(0)
		for _, b := range bits[:8] {
			v = v<<1 | b
		}
		if data = append(data, v); v == 0xff {
			data = append(data, 0)
		}
	}
	return append(data, "\xff\xd9"...)
}

// quarters returns a picture whose four quarters have different colours.
func quarters(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.NRGBA{uint8(255 * (2 * x / w)), uint8(255 * (2 * y / h)), 64, 255})
		}
	}
	return img
}
