package jpeg

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLibjpeg: the pixels are exactly those of libjpeg. The files have all kinds of
// subsampling; they are sequential, progressive or with restarts, and of odd and tiny sizes.
// Some lack scans: the last ones, or all of a component.
//
// cjpeg (libjpeg-turbo 2.1.5) wrote the files. Pillow wrote those with inks, and video.jpg,
// which has no Huffman tables. pixels.txt has width, height, planes, and the digest of the
// planes that djpeg -pnm or, for files that lack scans, Pillow 13 (libjpeg-turbo 3.2) decodes.
func TestLibjpeg(t *testing.T) {
	list, err := os.ReadFile("testdata/pixels.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		var name, want string
		var w, h, n int
		if _, err := fmt.Sscan(line, &name, &w, &h, &n, &want); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			p, err := Decode(file(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if p.W != w || p.H != h || len(p.Planes) != n {
				t.Fatalf("%dx%d pixels, %d planes", p.W, p.H, len(p.Planes))
			}
			if p.Inks != (strings.Contains(name, "cmyk") || strings.Contains(name, "ycck")) || p.Unended || p.Partial != strings.HasPrefix(name, "partial") {
				t.Errorf("inks %v, unended %v, partial %v", p.Inks, p.Unended, p.Partial)
			}
			if got := fmt.Sprintf("%x", sha256.Sum256(bytes.Join(p.Planes, nil)))[:32]; got != want {
				t.Error("the pixels are not libjpeg's")
			}
		})
	}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCutShort: a file without its end marker is complete; one that is cut anywhere before is
// an error.
func TestCutShort(t *testing.T) {
	for _, name := range []string{"420.jpg", "420-progressive.jpg", "422-restart.jpg", "grey.jpg", "444-progressive.jpg"} {
		data := file(t, name)
		whole, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, missing := range []int{1, 2} {
			p, err := Decode(data[:len(data)-missing])
			if err != nil || !p.Unended || !bytes.Equal(bytes.Join(p.Planes, nil), bytes.Join(whole.Planes, nil)) {
				t.Errorf("%s without %d bytes: %v", name, missing, err)
			}
		}
		for n := range len(data) - 4 {
			if _, err := Decode(data[:n]); err == nil {
				t.Errorf("%s of %d bytes of %d: no error", name, n, len(data))
			}
		}
	}
}

// TestPartial: a progressive file that ends after its first scan is decoded as partial.
func TestPartial(t *testing.T) {
	data := file(t, "420-progressive.jpg")
	first := bytes.Index(data, []byte{0xff, sos})
	second := first + 2 + bytes.Index(data[first+2:], []byte{0xff, dht})
	p, err := Decode(append(bytes.Clone(data[:second]), 0xff, eoi))
	if err != nil || !p.Partial || p.Unended || p.W != 17 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestUnsupported(t *testing.T) {
	base := file(t, "420-8x8.jpg")
	frame := bytes.Index(base, []byte{0xff, sof0})
	changed := func(at int, v byte) []byte {
		data := bytes.Clone(base)
		data[at] = v
		return data
	}
	fraction := bytes.Clone(base)
	fraction[frame+11], fraction[frame+14] = 0x31, 0x21 // 3 and 2 across
	for name, data := range map[string][]byte{
		"arithmetic":   file(t, "arithmetic.jpg"),
		"lossless":     changed(frame+1, 0xc3),
		"hierarchical": changed(frame+1, 0xc5),
		"JPEG-LS":      changed(frame+1, 0xf7),
		"12 bits":      changed(frame+4, 12),
		"2 components": changed(frame+9, 2),
		"fractional":   fraction,
	} {
		if _, err := Decode(data); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLargeClaim: a header with a large size allocates no pixels.
func TestLargeClaim(t *testing.T) {
	for _, name := range []string{"420.jpg", "420-progressive.jpg"} {
		data := file(t, name)
		frame := max(bytes.Index(data, []byte{0xff, sof0, 0}), bytes.Index(data, []byte{0xff, sof2, 0}))
		copy(data[frame+5:], []byte{0x80, 0, 0x80, 0})
		allocated := testing.AllocsPerRun(1, func() {
			if _, err := Decode(data); err != io.ErrUnexpectedEOF {
				t.Errorf("%s: %v", name, err)
			}
		})
		if allocated > 100 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}

func TestHeader(t *testing.T) {
	data := file(t, "420.jpg")
	segment := func(marker byte, body string) []byte {
		n := len(body) + 2
		return append([]byte{0xff, marker, byte(n >> 8), byte(n)}, body...)
	}
	with := bytes.Join([][]byte{data[:2], segment(0xe2, "ICC_PROFILE\x00\x02\x02second"), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00xmp"),
		segment(0xe1, "Exif\x00\x00exif"), segment(0xe2, "ICC_PROFILE\x00\x01\x02first"), data[2:]}, nil)
	h, err := ReadHeader(with)
	if err != nil || h.W != 17 || h.H != 33 || h.Components != 3 || string(h.EXIF) != "exif" || string(h.XMP) != "xmp" || string(h.ICC) != "firstsecond" {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := ReadHeader(bytes.Join([][]byte{data[:2], segment(0xe2, "ICC_PROFILE\x00\x02\x02second"), data[2:]}, nil)); err != nil || h.ICC == nil || len(h.ICC) != 0 {
		t.Errorf("half a profile: %+v, %v", h, err)
	}
	if _, err := ReadHeader(with[:60]); err != io.ErrUnexpectedEOF {
		t.Errorf("the beginning of a header: %v", err)
	}
}

func TestDecodeAs(t *testing.T) {
	data := file(t, "444.jpg")
	as, err := DecodeAs(data, YCbCr)
	if err != nil {
		t.Fatal(err)
	}
	marked, _ := Decode(data)
	raw, _ := DecodeAs(data, RGB)
	if !bytes.Equal(as.Planes[1], marked.Planes[1]) || bytes.Equal(raw.Planes[1], marked.Planes[1]) {
		t.Error("the colours are not the requested ones")
	}
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(names) == 0 {
		f.Fatal(err)
	}
	for _, name := range names {
		f.Add(file(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(data)
		if err != nil {
			if p, err := Decode(data); err == nil {
				t.Errorf("%dx%d pixels without a header", p.W, p.H)
			}
			return
		}
		if h.W*h.H > 1<<20 {
			return // decoding it only takes time
		}
		if p, err := Decode(data); err == nil && (p.W != h.W || p.H != h.H || len(p.Planes[len(p.Planes)-1]) != h.W*h.H) {
			t.Errorf("%dx%d pixels, the header says %dx%d", p.W, p.H, h.W, h.H)
		}
	})
}
