package picture

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

func TestCheckWritable(t *testing.T) {
	for _, tc := range []struct {
		name string
		w, h int
		want string // of the error; none if empty
	}{
		{"a.png", 65_536, 1, ""},
		{"a.tif", 70_000, 70_000, ""},
		{"a.jpg", 65_535, 65_535, ""},
		{"a.JPEG", 65_536, 1, "65535 pixels a side at most, and the picture has 65536x1"},
		{"a.gif", 1, 65_536, "65535 pixels a side"},
		{"a.webp", 1, 1, "not written as .webp"},
		{"a.heic", 1, 1, "not written as .heic"},
		{"a.txt", 1, 1, `unknown picture format ".txt"`},
		{"a", 0, 0, `unknown picture format ""`},
	} {
		err := CheckWritable(tc.name, tc.w, tc.h)
		if (err == nil) != (tc.want == "") || err != nil && (!strings.HasPrefix(err.Error(), tc.name+": ") || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s of %dx%d: %v", tc.name, tc.w, tc.h, err)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"a.PNG": "read", "b.jfif": "read", "c.webp": "read", "d.heic": "HEIC", "e.AVIF": "AVIF", "f.jxl": "JPEG XL", "g.nef": "camera raw", "h.txt": "", "i": ""} {
		got := Unread(name)
		if IsName(name) {
			got = "read"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestGIFPalette: few colours are kept exactly, many are approximated, and the bytes are
// the same every time.
func TestGIFPalette(t *testing.T) {
	gradient := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			gradient.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(255 - (x+y)/2), 255})
		}
	}
	noise := image.NewNRGBA(image.Rect(0, 0, 300, 300)) // more than 65,536 colours
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(state >> 24)
		if i%4 == 3 {
			noise.Pix[i] = 255
		}
	}
	for _, tc := range []struct {
		name string
		img  *image.NRGBA
		psnr float64
	}{
		{"quarters", quarters(40, 30), math.Inf(1)},
		{"gradient", gradient, 33}, // 16 by 16 squares of colour give 34.5 dB
		{"noise", noise, 19},       // the cubes of 256 colours give 20.6 dB
	} {
		data := encodedImage(t, tc.img, "a.gif")
		p, err := Decode("a.gif", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, v := range FromImage(tc.img).Pix {
			d := float64(v) - float64(p.Pix[i])
			sum += d * d
		}
		if psnr := 10 * math.Log10(255*255*float64(len(p.Pix))/sum); psnr < tc.psnr {
			t.Errorf("%s: %.1f dB, want %.1f", tc.name, psnr, tc.psnr)
		}
		if !bytes.Equal(data, encodedImage(t, tc.img, "a.gif")) {
			t.Errorf("%s: other bytes the second time", tc.name)
		}
	}
}

func encodedImage(t testing.TB, img *image.NRGBA, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, name, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSeen: invisible pixels continue the colours around them. Other pixels, and alpha, do
// not change.
func TestSeen(t *testing.T) {
	const w, h = 37, 21
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{0, 255, 0, 0}
			switch {
			case x < 10:
				c = color.NRGBA{200, 100, 50, 255}
			case x > 30:
				c = color.NRGBA{100, 100, 150, 7}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	before := append([]uint8(nil), img.Pix...)
	fillIn(img)
	for y := range h {
		for x := range w {
			i := img.PixOffset(x, y)
			if visible := before[i+3] != 0; visible && !bytes.Equal(before[i:i+4], img.Pix[i:i+4]) {
				t.Fatalf("(%d,%d) has become %v", x, y, img.Pix[i:i+4])
			}
			if c := img.NRGBAAt(x, y); c.A != before[i+3] || c.R < 100 || c.R > 200 || c.G != 100 || c.B < 50 || c.B > 150 {
				t.Fatalf("(%d,%d) is %v", x, y, c)
			}
		}
	}
	if c := img.NRGBAAt(10, 10); c.R < 180 {
		t.Errorf("beside the edge: %v", c)
	}
	none := image.NewNRGBA(image.Rect(0, 0, 3, 2)) // nothing to fill from
	fillIn(none)
	for _, v := range none.Pix {
		if v != 0 {
			t.Fatal("colours from nowhere")
		}
	}
}

// fillIn fills the invisible pixels of an image by Seen.
func fillIn(img *image.NRGBA) {
	planes, _ := decodedOf(img).Seen()
	for c, plane := range planes {
		for i, v := range plane {
			img.Pix[4*i+c] = v
		}
	}
}
