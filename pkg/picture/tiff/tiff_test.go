package tiff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tag is a tag of a file that tiffOf writes. Its values are 16-bit numbers.
type tag struct {
	id     uint16
	values []uint16
}

// tiffOf returns a TIFF file of one strip.
func tiffOf(order binary.ByteOrder, pixels []byte, tags ...tag) []byte {
	data := []byte("II*\x00")
	if order == binary.BigEndian {
		data = []byte("MM\x00*")
	}
	number := func(v, n int) {
		b := make([]byte, 4)
		if n == 2 {
			order.PutUint16(b, uint16(v))
		} else {
			order.PutUint32(b, uint32(v))
		}
		data = append(data, b[:n]...)
	}
	tags = append(tags, tag{stripOffsets, []uint16{8}}, tag{stripCounts, []uint16{uint16(len(pixels))}})
	longer := 8 + len(pixels) // values of more than two numbers
	var lists []byte
	for _, t := range tags {
		if len(t.values) > 2 {
			for _, v := range t.values {
				b := make([]byte, 2)
				order.PutUint16(b, v)
				lists = append(lists, b...)
			}
		}
	}
	number(longer+len(lists), 4)
	data = append(append(data, pixels...), lists...)
	number(len(tags), 2)
	for _, t := range tags {
		number(int(t.id), 2)
		number(3, 2)
		number(len(t.values), 4)
		switch {
		case len(t.values) > 2:
			number(longer, 4)
			longer += 2 * len(t.values)
		case len(t.values) == 2:
			number(int(t.values[0]), 2)
			number(int(t.values[1]), 2)
		default:
			number(int(t.values[0]), 2)
			number(0, 2)
		}
	}
	number(0, 4)
	return data
}

func one(id, value uint16) tag { return tag{id, []uint16{value}} }

// with returns the tags of a picture. Later tags replace earlier ones.
func with(w, h, bits, samples, model uint16, more ...tag) []tag {
	tags := []tag{one(imageWidth, w), one(imageLength, h), one(samplesPerPixel, samples), one(photometric, model)}
	list := make([]uint16, samples)
	for i := range list {
		list[i] = bits
	}
	tags = append(tags, tag{bitsPerSample, list})
	for _, m := range more {
		for i, t := range tags {
			if t.id == m.id {
				tags = append(tags[:i], tags[i+1:]...)
				break
			}
		}
		tags = append(tags, m)
	}
	return tags
}

func decodeFile(data []byte) (*File, *Picture, error) {
	f, err := Open(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	p, err := f.Decode()
	return f, p, err
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pixels []byte
		tags   []tag
		want   string
	}{
		{"1 bit", []byte{0xa0, 0x40}, with(3, 2, 1, 1, 1), "[[255 0 255 0 255 0]] []"},
		{"1 bit, white is zero", []byte{0xa0}, with(3, 1, 1, 1, 0), "[[0 255 0]] []"},
		{"1 bit, reversed", []byte{0x05}, with(3, 1, 1, 1, 1, one(fillOrder, 2)), "[[255 0 255]] []"},
		{"4 bits", []byte{0x0f, 0x80}, with(3, 1, 4, 1, 1), "[[0 255 136]] []"},
		{"12 bits", []byte{0xff, 0xf8, 0x00}, with(2, 1, 12, 1, 1), "[] [[65535 32776]]"},
		{"grey and alpha", []byte{9, 128}, with(1, 1, 8, 2, 1, one(extraSamples, 2)), "[[9] [128]] []"},
		{"an extra sample of no meaning", []byte{1, 2, 3, 4}, with(1, 1, 8, 4, 2, one(extraSamples, 0)), "[[1] [2] [3]] []"},
		{"differences", []byte{1, 2, 3, 1, 1, 1}, with(2, 1, 8, 3, 2, one(predictor, 2)), "[[1 2] [2 3] [3 4]] []"},
		{"white is zero, alpha is not", []byte{9, 128}, with(1, 1, 8, 2, 0, one(extraSamples, 2)), "[[246] [128]] []"},
		{"PackBits", []byte{0xfe, 7, 0, 9, 0x80}, with(4, 1, 8, 1, 1, one(compression, packBits)), "[[7 7 7 9]] []"},
		{"inks", []byte{0, 128, 255, 0}, with(1, 1, 8, 4, 5), "[[255] [127] [0]] []"},
		{"palette", []byte{0x40}, with(2, 1, 2, 1, 3, tag{colourMap, []uint16{0, 0x0a0a, 0, 0, 0, 0x1400, 0, 0, 0, 0x1e1e, 0, 0}}), "[[10 0] [20 0] [30 0]] []"},
		{"palette of 16 bits", []byte{0x40}, with(1, 1, 2, 1, 3, tag{colourMap, []uint16{0, 0x0a0b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}), "[] [[2571] [0] [0]]"},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			f, p, err := decodeFile(tiffOf(order, tc.pixels, tc.tags...))
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
				continue
			}
			if dropped := strings.Contains(tc.name, "no meaning"); dropped != (p.Dropped == 1) {
				t.Errorf("%s: %d samples are left out", tc.name, p.Dropped)
			}
			if got := fmt.Sprint(p.Pix8, p.Pix16); got != tc.want || f.Pages != 1 {
				t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	grey := func(more ...tag) []byte {
		return tiffOf(binary.LittleEndian, []byte{1, 2, 3, 4}, with(2, 2, 8, 1, 1, more...)...)
	}
	ring := grey() // a directory that is its own successor
	copy(ring[len(ring)-4:], ring[4:8])
	if f, _, err := decodeFile(ring); err != nil || f.Pages != 1 {
		t.Errorf("a ring of directories: %v", err)
	}
	for _, tc := range []struct {
		data        []byte
		unsupported bool
		words       string
	}{
		{grey(one(sampleFormat, 3)), true, "floating-point"},
		{grey(one(sampleFormat, 6)), true, "complex"},
		{grey(one(sampleFormat, 2)), true, "signed"},
		{grey(one(compression, 6)), true, "JPEG compression of the old kind"},
		{grey(one(compression, 34925)), true, "LZMA"},
		{grey(one(compression, 50000)), true, "Zstandard"},
		{grey(one(compression, 12345)), true, "compression 12345"},
		{grey(one(photometric, 8)), true, "CIELab"},
		{grey(one(photometric, 6)), true, "YCbCr"},
		{grey(one(bitsPerSample, 32)), true, "32 bits"},
		{grey(one(dngVersion, 1)), true, "DNG"},
		{grey(one(subfileType, 1)), true, "raw file"},
		{grey(one(imageWidth, 0)), false, "no width"},
		{grey(one(imageLength, 60000)), false, "unexpected EOF"},
		{grey(one(rowsPerStrip, 1)), false, "fewer strips"},
		{grey(one(tileWidth, 4096), one(tileLength, 4096)), false, "tiles of 4096x4096"},
		{grey(one(stripCounts, 3)), false, "unexpected EOF"},
		{grey(tag{bitsPerSample, []uint16{8, 7}}), true, "differ"},
		{grey(one(compression, jpegCode)), false, "start marker"},
		{[]byte("II*\x00\x00\x00\x00\x00"), false, "no directory"},
		{[]byte("II*\x00\xff\xff\xff\x7f"), false, "unexpected EOF"},
		{[]byte("II+\x00\x08\x00\x00\x00"), true, "BigTIFF"},
	} {
		_, _, err := decodeFile(tc.data)
		if err == nil || errors.Is(err, errors.ErrUnsupported) != tc.unsupported || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("want %q: %v", tc.words, err)
		}
	}
}

// TestNumbers: with a limit, the first numbers are returned.
func TestNumbers(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		all, err := Directories(bytes.NewReader(tiffOf(order, nil, tag{900, []uint16{7, 8, 9}}, one(901, 5))), 1)
		if err != nil {
			t.Fatal(err)
		}
		d := all[0]
		list, err := d.Numbers(900, 2)
		if err != nil || fmt.Sprint(list) != "[7 8]" || d.Number(900, 0) != 7 || d.Number(901, 0) != 5 || d.Number(902, 3) != 3 {
			t.Errorf("%v, %v", list, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("../testdata/files/*.tif")
	if err != nil || len(names) == 0 {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(tiffOf(binary.BigEndian, []byte{1, 2, 3, 1, 1, 1}, with(2, 1, 8, 3, 2, one(predictor, 2))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(bytes.NewReader(data))
		if err != nil || file.W > 1<<8 || file.H > 1<<8 {
			return
		}
		p, err := file.Decode()
		if err != nil {
			return
		}
		n := len(p.Pix8) + len(p.Pix16)
		if p.W != file.W || p.H != file.H || n < 1 || n > 4 || p.Alpha == (n%2 == 1) {
			t.Errorf("%dx%d pixels, %d planes, alpha %v", p.W, p.H, n, p.Alpha)
		}
	})
}
