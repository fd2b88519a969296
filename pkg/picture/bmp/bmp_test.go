package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// options of a file that bmpOf writes
type options struct {
	info, bpp, compression int // info is 40 for Windows 3, 12 for OS/2, 124 for version 5
	masks                  []uint32
	palette                [][4]uint8 // blue, green, red
	pixels                 []byte
}

func bmpOf(w, h int, o options) []byte {
	le := binary.LittleEndian
	info := make([]byte, o.info)
	le.PutUint32(info, uint32(o.info))
	if o.info == 12 {
		le.PutUint16(info[4:], uint16(w))
		le.PutUint16(info[6:], uint16(h))
		info[8], info[10] = 1, byte(o.bpp)
	} else {
		le.PutUint32(info[4:], uint32(w))
		le.PutUint32(info[8:], uint32(h))
		info[12], info[14], info[16] = 1, byte(o.bpp), byte(o.compression)
		info[32] = byte(len(o.palette))
	}
	for i, m := range o.masks {
		if o.info > 40 {
			le.PutUint32(info[40+4*i:], m)
		} else {
			info = le.AppendUint32(info, m)
		}
	}
	for _, c := range o.palette {
		if o.info == 12 {
			info = append(info, c[:3]...)
		} else {
			info = append(info, c[:]...)
		}
	}
	data := append([]byte("BM"), make([]byte, 12)...)
	le.PutUint32(data[10:], uint32(14+len(info)))
	return append(append(data, info...), o.pixels...)
}

var colours = [][4]uint8{{0, 0, 0, 0}, {10, 20, 30, 0}, {40, 50, 60, 0}, {255, 255, 255, 0}}

// TestDecode: each kind of file has the pixels that it was made of. They are compared as
// text: red in rows from the top, and alpha.
func TestDecode(t *testing.T) {
	word := func(values ...uint32) (b []byte) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return b
	}
	for _, tc := range []struct {
		name string
		w, h int
		o    options
		want string
	}{
		{"1 bit", 3, 2, options{40, 1, 0, nil, colours[:2], []byte{0xa0, 0, 0, 0, 0x40, 0, 0, 0}}, "[0 30 0 30 0 30] []"},
		{"4 bits", 3, 1, options{40, 4, 0, nil, colours, []byte{0x12, 0x30, 0, 0}}, "[30 60 255] []"},
		{"8 bits, from the top", 2, -2, options{40, 8, 0, nil, colours, []byte{1, 2, 0, 0, 3, 0, 0, 0}}, "[30 60 255 0] []"},
		{"OS/2", 2, 1, options{12, 8, 0, nil, append(slices.Clone(colours), make([][4]uint8, 252)...), []byte{3, 1, 0, 0}}, "[255 30] []"},
		{"24 bits", 1, 2, options{40, 24, 0, nil, nil, []byte{1, 2, 3, 0, 4, 5, 6, 0}}, "[6 3] []"},
		{"555", 2, 1, options{40, 16, 0, nil, nil, word(0x7c00<<16 | 0x4000)}, "[132 255] []"},
		{"565", 2, 1, options{40, 16, 3, []uint32{0xf800, 0x07e0, 0x1f}, nil, word(0xf800<<16 | 0x8000)}, "[132 255] []"},
		{"32 bits without alpha", 1, 1, options{40, 32, 0, nil, nil, word(0x80112233)}, "[17] []"},
		{"32 bits with alpha", 2, 1, options{124, 32, 3, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, nil, word(0x80112233, 0xff445566)}, "[17 68] [128 255]"},
		{"alpha of nothing", 1, 1, options{124, 32, 3, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, nil, word(0x00112233)}, "[17] []"},
		{"10 bits", 1, 1, options{40, 32, 3, []uint32{0x3ff00000, 0xffc00, 0x3ff}, nil, word(0x200 << 20)}, "[128] []"},
		{"RLE8", 4, 3, options{40, 8, 1, nil, colours, []byte{4, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 2, 0, 1, 1, 3, 0, 1}}, "[0 0 0 255 30 60 255 0 30 30 30 30] []"},
		{"RLE4", 5, 2, options{40, 4, 2, nil, colours, []byte{5, 0x12, 0, 0, 0, 4, 0x31, 0x20, 1, 0x30}}, "[255 30 60 0 255 30 60 30 60 30] []"},
	} {
		data := bmpOf(tc.w, tc.h, tc.o)
		w, h, err := Size(data)
		if err != nil || w != tc.w || h != max(tc.h, -tc.h) {
			t.Errorf("%s: size %dx%d, %v", tc.name, w, h, err)
		}
		p, err := Decode(data)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if got := fmt.Sprint(p.Pix[0], p.Alpha); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if tc.o.compression == rgb {
			if _, err := Decode(data[:len(data)-max(tc.o.bpp/8, 1)-3]); err != io.ErrUnexpectedEOF {
				t.Errorf("%s cut short: %v", tc.name, err)
			}
		}
	}
}

// TestProfile: files of version 5 may have an ICC profile after the pixels.
func TestProfile(t *testing.T) {
	data := bmpOf(1, 1, options{124, 24, 0, nil, nil, []byte{1, 2, 3, 0}})
	copy(data[70:], "DEBM")
	binary.LittleEndian.PutUint32(data[126:], uint32(len(data)-14))
	binary.LittleEndian.PutUint32(data[130:], 7)
	data = append(data, "profile"...)
	p, err := Decode(data)
	if err != nil || string(p.ICC) != "profile" || p.Pix[0][0] != 3 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := Decode(data[:len(data)-1]); err != io.ErrUnexpectedEOF {
		t.Errorf("cut short: %v", err)
	}
}

func TestRefuses(t *testing.T) {
	for _, tc := range []struct {
		o           options
		unsupported bool
		words       string
	}{
		{options{40, 24, 4, nil, nil, nil}, true, "JPEG inside"},
		{options{40, 24, 5, nil, nil, nil}, true, "PNG inside"},
		{options{40, 8, 11, nil, nil, nil}, true, "compression 11"},
		{options{64, 24, 3, nil, nil, nil}, true, "OS/2"},
		{options{40, 24, 1, nil, nil, nil}, false, "24 bits a pixel"},
		{options{40, 7, 0, nil, nil, nil}, false, "7 bits a pixel"},
		{options{200, 24, 0, nil, nil, nil}, false, "header of unknown length"},
	} {
		_, _, err := Size(bmpOf(8, 8, tc.o))
		if err == nil || errors.Is(err, errors.ErrUnsupported) != tc.unsupported || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%+v: %v", tc.o, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(bmpOf(3, 2, options{40, 1, 0, nil, colours[:2], make([]byte, 8)}))
	f.Add(bmpOf(4, 3, options{40, 8, 1, nil, colours, []byte{4, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 2, 0, 1, 1, 3, 0, 1}}))
	f.Add(bmpOf(2, 1, options{124, 32, 3, []uint32{0xff0000, 0xff00, 0xff, 0xff000000}, nil, make([]byte, 8)}))
	f.Add(bmpOf(2, 1, options{12, 24, 0, nil, nil, make([]byte, 8)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, h, err := Size(data)
		if err != nil || w > 1<<10 || h > 1<<10 {
			return
		}
		if p, err := Decode(data); err == nil && (p.W != w || p.H != h || len(p.Pix[2]) != w*h) {
			t.Errorf("%dx%d pixels, the header says %dx%d", p.W, p.H, w, h)
		}
	})
}
