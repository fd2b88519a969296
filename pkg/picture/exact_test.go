package picture_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"multiscale/pkg/picture"
)

// 16-bit samples become numbers without loss; 8-bit samples stay bytes.
func TestExact(t *testing.T) {
	colours := image.NewNRGBA64(image.Rect(0, 0, 3, 1))
	colours.SetNRGBA64(0, 0, color.NRGBA64{R: 1, G: 258, B: 65535, A: 65535})
	colours.SetNRGBA64(1, 0, color.NRGBA64{R: 0, G: 65535, B: 13107, A: 13107})
	grey := image.NewGray16(image.Rect(0, 0, 2, 1))
	grey.SetGray16(1, 0, color.Gray16{Y: 4096})
	bytes := image.NewGray(image.Rect(0, 0, 1, 1))
	for name, tc := range map[string]struct {
		img  image.Image
		want []float32
	}{
		"colours":    {colours, []float32{1. / 65535, 0.8, 1, 258. / 65535, 1, 1, 1, 0.8 + 0.2*0.2, 1}},
		"16-bit":     {grey, []float32{0, 4096. / 65535, 0, 4096. / 65535, 0, 4096. / 65535}},
		"8-bit grey": {bytes, nil},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, tc.img); err != nil {
			t.Fatal(err)
		}
		f.Close()
		d, err := picture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		p := d.Exact()
		if len(p.Values) != len(tc.want) || (tc.want == nil) != (p.Pix != nil) {
			t.Fatalf("%s: %d numbers, %d bytes", name, len(p.Values), len(p.Pix))
		}
		for i, v := range tc.want {
			if d := p.Values[i] - v; d > 1e-7 || d < -1e-7 { // one rounding to float32
				t.Errorf("%s: value %d is %v, want %v", name, i, p.Values[i], v)
			}
		}
	}
}
