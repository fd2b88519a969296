package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func at(p *Planar, x, y int) [3]uint8 {
	i, n := y*p.W+x, p.W*p.H
	return [3]uint8{p.Pix[i], p.Pix[n+i], p.Pix[2*n+i]}
}

func near(a, b [3]uint8, tolerance int) bool {
	for c := range a {
		if d := int(a[c]) - int(b[c]); d > tolerance || -d > tolerance {
			return false
		}
	}
	return true
}

func TestOpenColourModels(t *testing.T) {
	rect := image.Rect(0, 0, 3, 2)
	grey, grey16 := image.NewGray(rect), image.NewGray16(rect)
	deep := image.NewNRGBA64(rect)
	clear := image.NewNRGBA(rect)
	palette := image.NewPaletted(rect, color.Palette{color.Black, color.NRGBA{10, 20, 30, 255}})
	for i := range 6 {
		x, y := i%3, i/3
		grey.Set(x, y, color.Gray{100})
		grey16.Set(x, y, color.Gray16{0x6480})
		deep.Set(x, y, color.NRGBA64{0x0aff, 0x1400, 0x1e80, 0xffff})
		clear.Set(x, y, color.NRGBA{200, 100, 0, 51})
		palette.SetColorIndex(x, y, 1)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want [3]uint8
		near int
	}{
		{"grey.png", encodePNG(t, grey), [3]uint8{100, 100, 100}, 0},
		{"grey16.png", encodePNG(t, grey16), [3]uint8{100, 100, 100}, 0},
		{"deep.png", encodePNG(t, deep), [3]uint8{10, 20, 30}, 0},
		{"palette.png", encodePNG(t, palette), [3]uint8{10, 20, 30}, 0},
		{"alpha.png", encodePNG(t, clear), [3]uint8{244, 224, 204}, 0},
		{"cmyk.jpg", cmykJPEG([4]uint8{255, 0, 0, 0}), [3]uint8{0, 255, 255}, 1},
		{"cmyk-dark.jpg", cmykJPEG([4]uint8{0, 100, 200, 128}), [3]uint8{127, 77, 27}, 2},
	} {
		p, err := Open(write(t, tc.name, tc.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := at(p, 1, 1); !near(got, tc.want, tc.near) {
			t.Errorf("%s: pixel is %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestFromImage converts images of all types, whole ones and parts of larger ones.
func TestFromImage(t *testing.T) {
	type drawable interface {
		draw.Image
		SubImage(image.Rectangle) image.Image
	}
	rect := image.Rect(0, 0, 6, 5)
	ycc := image.NewYCbCr(rect, image.YCbCrSubsampleRatio444)
	for i := range ycc.Y {
		ycc.Y[i], ycc.Cb[i], ycc.Cr[i] = 100, 128, 128
	}
	for _, tc := range []struct {
		img  drawable
		want [3]uint8
		near int
	}{
		{image.NewNRGBA(rect), [3]uint8{244, 224, 204}, 0},
		{image.NewRGBA(rect), [3]uint8{244, 224, 204}, 1},
		{image.NewNRGBA64(rect), [3]uint8{244, 224, 204}, 0},
		{image.NewRGBA64(rect), [3]uint8{244, 224, 204}, 1},
		{image.NewGray(rect), [3]uint8{23, 23, 23}, 1}, // laid over black
		{image.NewGray16(rect), [3]uint8{23, 23, 23}, 1},
		{image.NewCMYK(rect), [3]uint8{40, 20, 0}, 1}, // laid over black
		{image.NewPaletted(rect, color.Palette{color.Black, color.NRGBA{200, 100, 0, 51}}), [3]uint8{244, 224, 204}, 0},
	} {
		for y := range 5 {
			for x := range 6 {
				tc.img.Set(x, y, color.NRGBA{200, 100, 0, 51})
			}
		}
		tc.img.Set(3, 3, color.Black)
		p := FromImage(tc.img.SubImage(image.Rect(2, 1, 6, 4)))
		if p.W != 4 || p.H != 3 {
			t.Errorf("%T: %dx%d pixels", tc.img, p.W, p.H)
			continue
		}
		if got, black := at(p, 3, 1), at(p, 1, 2); !near(got, tc.want, tc.near) || black != [3]uint8{} {
			t.Errorf("%T: %v and %v, want %v and black", tc.img, got, black, tc.want)
		}
	}
	if p := FromImage(ycc); at(p, 5, 4) != [3]uint8{100, 100, 100} {
		t.Errorf("YCbCr: %v", at(p, 5, 4))
	}
}

func TestOpenTurnsUpright(t *testing.T) {
	img := quarters(32, 16)
	p, err := Open(write(t, "turned.jpg", turnedJPEG(t, img, 6))) // 90 degrees clockwise
	if err != nil {
		t.Fatal(err)
	}
	if p.W != 16 || p.H != 32 {
		t.Fatalf("size %dx%d", p.W, p.H)
	}
	upright := FromImage(img)
	if a, b := at(p, 13, 3), at(upright, 3, 3); !near(a, b, 12) { // JPEG's losses
		t.Errorf("upper right is %v, want %v", a, b)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := encodePNG(t, quarters(40, 40))
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 0xff
	for _, tc := range []struct {
		name  string
		file  []byte
		words string
	}{
		{"text.png", []byte("hello\n"), "not a PNG, JPEG"},
		{"empty.jpg", nil, "the file is empty"},
		{"wide.png", headerPNG(50_000, 10), "50000x10 pixels, more than"},
		{"tall.png", headerPNG(1, 1<<31-1), "pixels, more than"},
		{"large.png", headerPNG(30_000, 30_000), "30000x30000 pixels, more than"},
		{"nothing.png", headerPNG(0, 10), "nothing.png"},
		{"short.png", good[:len(good)/2], "cut short"},
		{"headeronly.png", good[:40], "cut short"},
		{"short.gif", encoded(t, FromImage(quarters(40, 40)), "a.gif")[:20], "cut short"},
		{"flipped.png", flipped, "damaged"},
		{"short.jpg", encoded(t, FromImage(quarters(40, 40)), "a.jpg")[:400], "short.jpg"},
	} {
		path := write(t, tc.name, tc.file)
		_, err := Open(path)
		if err == nil {
			t.Errorf("%s: no error", tc.name)
			continue
		}
		if msg := err.Error(); !strings.HasPrefix(msg, path) || !strings.Contains(msg, tc.words) || strings.Contains(msg, "\n") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none.png")} {
		if _, err := Open(path); err == nil || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSize(t *testing.T) {
	for _, name := range []string{"a.png", "a.jpg", "a.gif", "a.bmp", "a.tiff"} {
		w, h, err := Size(write(t, name, encoded(t, FromImage(quarters(21, 7)), name)))
		if err != nil || w != 21 || h != 7 {
			t.Errorf("%s: %dx%d, %v", name, w, h, err)
		}
	}
}

func TestSaveAndOpen(t *testing.T) {
	p := FromImage(quarters(20, 12))
	for name, tolerance := range map[string]int{"a.png": 0, "a.bmp": 0, "a.tif": 0, "a.gif": 40, "a.JPG": 12} {
		path := filepath.Join(t.TempDir(), name)
		if err := p.Save(path); err != nil {
			t.Error(err)
			continue
		}
		q, err := Open(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, at8 := range [][2]int{{2, 2}, {17, 2}, {2, 9}, {17, 9}} {
			if a, b := at(q, at8[0], at8[1]), at(p, at8[0], at8[1]); !near(a, b, tolerance) {
				t.Errorf("%s at %v: %v, want %v", name, at8, a, b)
			}
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "a", "none/a.png"} {
		path := filepath.Join(dir, name)
		if err := p.Save(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("saving as %s: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("failed saves leave %v", left)
	}
}

func TestFloatRoundTrip(t *testing.T) {
	p := New(3, 16, 16)
	for i := range p.Pix {
		p.Pix[i] = uint8(i)
	}
	planes := make([]float32, len(p.Pix))
	p.Float(planes)
	if q := FromFloat(planes, 16, 16); !bytes.Equal(p.Pix, q.Pix) {
		t.Error("bytes change on their way through float32")
	}
	nan := float32(math.NaN())
	got := FromFloat([]float32{-1, 2, nan, 0.5, 0.4999 / 255, 0.5001 / 255, 0, 1, 254.6 / 255, 0, 0, 0}, 2, 2).Pix
	if want := []uint8{0, 255, 0, 128, 0, 1, 0, 255, 255, 0, 0, 0}; !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCropCutNearest(t *testing.T) {
	p := New(3, 5, 4)
	for i := range p.Pix {
		p.Pix[i] = uint8(i)
	}
	cut := p.Cut(1, 2, 3, 2)
	if want := []uint8{11, 12, 13, 16, 17, 18}; !bytes.Equal(cut.Pix[:6], want) {
		t.Errorf("cut %v, want %v", cut.Pix[:6], want)
	}
	plain, flipped := make([]float32, 18), make([]float32, 18)
	p.Crop(plain, 1, 2, 3, 2, false)
	p.Crop(flipped, 1, 2, 3, 2, true)
	for i := range 18 {
		if want := float32(cut.Pix[i]) / 255; plain[i] != want || flipped[i/3*3+2-i%3] != want {
			t.Errorf("crop value %d: %v, flipped %v, want %v", i, plain[i], flipped[i/3*3+2-i%3], want)
		}
	}
	if big := p.Nearest(10, 4); !bytes.Equal(big.Pix[:10], []uint8{0, 0, 1, 1, 2, 2, 3, 3, 4, 4}) {
		t.Errorf("enlarged row %v", big.Pix[:10])
	}
	if small := p.Nearest(2, 2); !bytes.Equal(small.Pix[:4], []uint8{0, 2, 10, 12}) {
		t.Errorf("reduced picture %v", small.Pix[:4])
	}
	defer func() {
		if recover() == nil {
			t.Error("a crop outside the picture does not panic")
		}
	}()
	p.Crop(plain, 3, 2, 3, 2, false)
}

// TestWindow: a window of a resized picture equals a crop of the resized picture, also if
// it is wide.
func TestWindow(t *testing.T) {
	p := New(3, 13, 9)
	for i := range p.Pix {
		p.Pix[i] = uint8(7 * i)
	}
	for _, v := range []Window{
		{FullW: 13, FullH: 9, X: 2, Y: 3, W: 8, H: 5},
		{FullW: 13, FullH: 9, X: 5, Y: 4, W: 8, H: 5, Flip: true},
		{FullW: 13, FullH: 9, X: 0, Y: 0, W: 13, H: 9, Flip: true},
		{FullW: 13, FullH: 9, X: 13, Y: 9, W: 0, H: 0},
		{FullW: 40, FullH: 20, X: 7, Y: 1, W: 30, H: 16, Flip: true},
		{FullW: 900, FullH: 11, X: 100, Y: 2, W: 700, H: 7},
		{FullW: 6, FullH: 4, X: 1, Y: 0, W: 5, H: 4},
	} {
		got, want := make([]float32, 3*v.W*v.H), make([]float32, 3*v.W*v.H)
		p.Nearest(v.FullW, v.FullH).Crop(want, v.X, v.Y, v.W, v.H, v.Flip)
		p.Window(got, v)
		if !slices.Equal(got, want) {
			t.Errorf("%+v: not the crop", v)
		}
	}
}

func TestSheet(t *testing.T) {
	p := FromImage(quarters(8, 8))
	page := Sheet{Columns: []string{"clean", "noisy"}, Labels: []string{"one"}, Rows: [][]*Planar{{p, nil}, {p, p}}, Zoom: 5}.Render()
	dark, blue := 0, 0
	for i := range page.W * page.H {
		switch px := at(page, i%page.W, i/page.W); {
		case px == [3]uint8{}:
			dark++
		case px[2] == 64:
			blue++
		}
	}
	if blue != 3*40*40 || dark < 100 {
		t.Errorf("%d pixels of pictures, %d of text", blue, dark)
	}
	if empty := (Sheet{}).Render(); empty.W <= 0 || empty.H <= 0 {
		t.Error("an empty sheet has no size")
	}
}

func FuzzDecode(f *testing.F) {
	p := FromImage(quarters(9, 5))
	for _, name := range []string{"a.png", "a.jpg", "a.gif", "a.bmp", "a.tif"} {
		f.Add(encoded(f, p, name))
	}
	f.Add(cmykJPEG([4]uint8{1, 2, 3, 4}))
	f.Add(turnedJPEG(f, quarters(8, 16), 6))
	f.Add(headerPNG(50_000, 10))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, format, err := newSource("fuzz", bytes.NewReader(data)); err == nil {
			if w, h, err := header(s, format); err == nil && w*h > 1<<20 {
				return // decoding it only takes time
			}
		}
		p, err := Decode("fuzz", bytes.NewReader(data))
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), "fuzz: "):
			t.Errorf("the error does not name the file: %v", err)
		case err == nil && (p.W <= 0 || p.H <= 0 || len(p.Pix) != 3*p.W*p.H):
			t.Errorf("%dx%d picture of %d bytes", p.W, p.H, len(p.Pix))
		}
	})
}
