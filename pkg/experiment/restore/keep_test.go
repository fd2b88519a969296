package restore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disintegration/imaging"

	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/task"
)

// fine returns a picture whose samples need 16 bits.
func fine(w, h int) *image.NRGBA64 {
	img := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA64(x, y, color.NRGBA64{uint16(20_000 + 37*x), uint16(20_000 + 41*y), uint16(30_000 + 13*x*y%997), 65535})
		}
	}
	return img
}

// Test16Bits: 16-bit samples stay 16-bit from PNG and TIFF to PNG and TIFF. Rounded to 8 bits, they
// equal the 8-bit result. For formats of 8 bits there is a note.
func Test16Bits(t *testing.T) {
	grey := sessiontest.ResNet
	grey.Out = 1
	for name, model := range map[string]string{
		"smooth": sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)),
		"espcn":  sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution"))),
		"grey":   sessiontest.File(t, "grey.onnx", sessiontest.Channels(t, 1, grey, sessiontest.Unit("denoising"))),
	} {
		dir := t.TempDir()
		var first *picture.Decoded
		for _, from := range []string{"png", "tif"} {
			in := filepath.Join(dir, "in."+from)
			if err := imaging.Save(fine(20, 14), in); err != nil {
				t.Fatal(err)
			}
			line := []string{"-model", model, "-in", in}
			if name != "espcn" {
				line = append(line, "-t", "0.9")
			}
			for _, to := range []string{"png", "tif"} {
				out := filepath.Join(dir, from+"."+to)
				must(t, append(line, "-out", out)...)
				got, err := picture.Read(out)
				if err != nil || got.Bits() != 16 || !slices.ContainsFunc(got.Pix16[0], func(v uint16) bool { return v>>8 != v&255 }) {
					t.Fatalf("%s: %s: %d bits, %v", name, out, got.Bits(), err)
				}
				if first == nil {
					first = got
				}
				for c := range first.Pix16 {
					if !slices.Equal(got.Pix16[c], first.Pix16[c]) {
						t.Errorf("%s: %s: other pixels", name, out)
					}
				}
			}
			out := filepath.Join(dir, from+".bmp")
			if printed := must(t, append(line, "-out", out)...); !strings.Contains(printed, "the format has 8 bits a sample, the picture has 16") {
				t.Errorf("%s prints %q", name, printed)
			}
			rounded := load(t, out)
			for i, v := range rounded.Pix {
				n := rounded.W * rounded.H
				if d := float64(v)*257 - float64(first.Pix16[i/n][i%n]); d < -130 || d > 130 {
					t.Fatalf("%s: sample %d is %d of 255 and %d of 65535", name, i, v, first.Pix16[i/n][i%n])
				}
			}
		}
	}
}

// TestKept: a colour profile is kept; if the format has none, there is a note.
func TestKept(t *testing.T) {
	profile := make([]byte, 200) // of red, green and blue, without curves
	binary.BigEndian.PutUint32(profile, 200)
	copy(profile[12:], "mntrRGB XYZ ")
	copy(profile[36:], "acsp")
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, leaves(30, 20).Image(), nil); err != nil {
		t.Fatal(err)
	}
	segment := append([]byte("\xff\xe2\x00\xd8ICC_PROFILE\x00\x01\x01"), profile...)
	in := filepath.Join(t.TempDir(), "in.jpg")
	if err := os.WriteFile(in, slices.Concat(plain.Bytes()[:2], segment, plain.Bytes()[2:]), 0o666); err != nil {
		t.Fatal(err)
	}
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	for _, to := range []string{"png", "jpg", "tif", "bmp", "gif"} {
		out := filepath.Join(t.TempDir(), "out."+to)
		printed := must(t, "-model", model, "-in", in, "-out", out, "-t", "1")
		_, about, err := picture.ReadWith(out, true)
		if err != nil {
			t.Fatal(err)
		}
		kept := to != "bmp" && to != "gif"
		if kept != strings.Contains(about.String(), "colour profile") || kept == strings.Contains(printed, "colour profile") {
			t.Errorf("%s says %q and prints %q", to, about, printed)
		}
	}
}

// TestMaskTransparency: what a hole shows in the picture, its opacity included, changes neither the result nor the estimated noise,
// also beside transparent pixels. A filled pixel is opaque, and all other pixels keep their colour and opacity. White of a mask counts
// by its opacity.
func TestMaskTransparency(t *testing.T) {
	const w, h = 48, 32
	signed := sessiontest.Signed("filling")
	signed.Time, signed.Measures = string(task.NoiseShare), []string{metric.PSNR.Name}
	model := sessiontest.File(t, "inpaint.onnx", sessiontest.Network(t, sessiontest.UNet, signed))
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	inHole := func(x, y int) bool { return x >= 10 && x < 20 && y >= 8 && y < 20 || x%16 == 14 } // in each block of the noise estimate
	clear := func(x, y int) bool { return x >= 20 && x < 26 && y >= 8 && y < 20 }
	paint := func(hidden color.NRGBA) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		draw.Draw(img, img.Rect, leaves(w, h).Image(), image.Point{}, draw.Src)
		for i := range w * h {
			x, y := i%w, i/w
			if clear(x, y) {
				img.SetNRGBA(x, y, color.NRGBA{90, 20, 30, 0})
			}
			if inHole(x, y) { // not the same in all rows, of which the estimate takes differences
				now := hidden
				now.R, now.G = uint8(y%2)*hidden.R, uint8(y/2%2)*hidden.G
				img.SetNRGBA(x, y, now)
			}
		}
		return img
	}
	mask := image.NewNRGBA(image.Rect(0, 0, w, h)) // white paint on a transparent layer of white
	for i := range w * h {
		mask.SetNRGBA(i%w, i/w, color.NRGBA{255, 255, 255, 0})
		if inHole(i%w, i/w) {
			mask.SetNRGBA(i%w, i/w, color.NRGBA{255, 255, 255, 255})
		}
	}
	for name, img := range map[string]image.Image{
		"red.png": paint(color.NRGBA{255, 0, 0, 255}), "erased.png": paint(color.NRGBA{0, 0, 0, 0}), "half.png": paint(color.NRGBA{0, 200, 0, 100}), "mask.png": mask,
	} {
		if err := imaging.Save(img, path(name)); err != nil {
			t.Fatal(err)
		}
	}
	var first *picture.Decoded
	var printed string
	for _, name := range []string{"red.png", "erased.png", "half.png"} {
		said := must(t, "-model", model, "-in", path(name), "-out", path("out.png"), "-mask", path("mask.png"))
		out, err := picture.Read(path("out.png"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first, printed = out, said
		}
		if said != printed {
			t.Errorf("%s prints %q, the first picture %q", name, said, printed)
		}
		in, err := picture.Read(path(name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range w * h {
			opacity := uint8(255)
			if clear(i%w, i/w) {
				opacity = 0
			}
			if out.Alpha8[i] != opacity {
				t.Fatalf("%s: pixel %d has the opacity %d, want %d", name, i, out.Alpha8[i], opacity)
			}
			for c := range 3 {
				switch filled := inHole(i%w, i/w); {
				case filled && out.Pix8[c][i] != first.Pix8[c][i]:
					t.Fatalf("%s: pixel %d of the hole is %d, with other colours under the mask %d", name, i, out.Pix8[c][i], first.Pix8[c][i])
				case !filled && out.Pix8[c][i] != in.Pix8[c][i]:
					t.Fatalf("%s: pixel %d, outside of the mask, was %d and is %d", name, i, in.Pix8[c][i], out.Pix8[c][i])
				}
			}
		}
	}
	if _, err := invoke(t.Context(), t, "-model", model, "-in", path("red.png"), "-out", path("mask.png"), "-mask", path("mask.png")); err == nil || !strings.Contains(err.Error(), "it is the mask, which would be lost") {
		t.Errorf("-out is the mask: %v", err)
	}
	if said := must(t, "-model", model, "-in", path("red.png"), "-out", path("out.png")); !strings.Contains(said, "without -mask nothing is filled") {
		t.Errorf("without a mask it prints %q", said)
	}
}

// TestMaskFill: networks see in holes what their task sets there. The answer is that to a picture which has the
// same there.
func TestMaskFill(t *testing.T) {
	of := task.Inpainting()
	of.Name = "spots"
	of.Fill = func(x pixel.Images, hole []bool) { // 51 of 255
		for i := range x.Data {
			if hole[i%x.Plane()] {
				x.Data[i] = 2*51.0/255 - 1
			}
		}
	}
	tasks := catalog.Standard()
	tasks.Tasks = append(slices.Clone(tasks.Tasks), of)
	signed := sessiontest.Signed("spots")
	signed.Time, signed.Measures = string(task.NoiseShare), []string{metric.MSE.Name}
	model := sessiontest.File(t, "spots.onnx", sessiontest.Network(t, sessiontest.UNet, signed))
	dir := t.TempDir()
	mask, clear, spotted := image.NewGray(image.Rect(0, 0, 30, 20)), leaves(30, 20).Image(), leaves(30, 20).Image()
	for y := 5; y < 12; y++ {
		for x := 8; x < 15; x++ {
			mask.SetGray(x, y, color.Gray{255})
			spotted.Set(x, y, color.NRGBA{51, 51, 51, 255})
		}
	}
	for name, img := range map[string]image.Image{"mask.png": mask, "clear.png": clear, "spotted.png": spotted} {
		if err := imaging.Save(img, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	restored := func(in, mask string) [][]uint8 {
		r := Request{Catalog: tasks, Model: model, In: filepath.Join(dir, in), Out: filepath.Join(dir, "out.png"), T: []float32{0}, Memory: 1 << 30}
		if mask != "" {
			r.Mask = filepath.Join(dir, mask)
		}
		if err := Run(t.Context(), r, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		p, err := picture.Read(r.Out)
		if err != nil {
			t.Fatal(err)
		}
		return p.Pix8
	}
	masked, whole := restored("clear.png", "mask.png"), restored("spotted.png", "")
	for i, v := range mask.Pix {
		for c := range masked {
			if v == 255 && masked[c][i] != whole[c][i] {
				t.Fatalf("pixel %d of the hole is %d, want %d", i, masked[c][i], whole[c][i])
			}
		}
	}
}

// TestMask: pixels that are white in the mask are filled, and all others keep their exact values.
func TestMask(t *testing.T) {
	model := sessiontest.File(t, "inpaint.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("inpainting")))
	other := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	img := image.NewGray(image.Rect(0, 0, 30, 20))
	for y := 5; y < 12; y++ {
		for x := 8; x < 15; x++ {
			img.SetGray(x, y, color.Gray{uint8(120 + x)}) // values from 128 on count as white
		}
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	white := image.NewGray(img.Rect)
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	painted := fine(30, 20) // other pixels under the mask change nothing
	for y := 5; y < 12; y++ {
		for x := 8; x < 15; x++ {
			painted.SetNRGBA64(x, y, color.NRGBA64{65535, 0, 0, 65535})
		}
	}
	for name, img := range map[string]image.Image{
		"in.png": fine(30, 20), "painted.png": painted, "8.png": leaves(30, 20).Image(),
		"mask.png": img, "white.png": white, "black.png": image.NewGray(img.Rect), "small.png": image.NewGray(image.Rect(0, 0, 3, 3)),
	} {
		if err := imaging.Save(img, path(name)); err != nil {
			t.Fatal(err)
		}
	}
	var filled []uint16
	for _, name := range []string{"in.png", "painted.png", "8.png"} {
		must(t, "-model", model, "-in", path(name), "-out", path("out.png"), "-mask", path("mask.png"), "-t", "0")
		in, err := picture.Read(path(name))
		if err != nil {
			t.Fatal(err)
		}
		out, err := picture.Read(path("out.png"))
		if err != nil {
			t.Fatal(err)
		}
		changed, now := 0, []uint16(nil)
		for i := range in.W * in.H {
			for c := range 3 {
				var a, b uint16
				if in.Bits() == 16 {
					a, b = in.Pix16[c][i], out.Pix16[c][i]
				} else {
					a, b = uint16(in.Pix8[c][i]), uint16(out.Pix8[c][i])
				}
				if hole := img.Pix[i] >= 128; hole {
					now = append(now, b)
					if a != b {
						changed++
					}
				} else if name != "painted.png" && a != b {
					t.Fatalf("%s: pixel %d, outside of the mask, was %d and is %d", name, i, a, b)
				}
			}
		}
		if changed == 0 {
			t.Errorf("%s: nothing is filled", name)
		}
		switch name {
		case "in.png":
			filled = now
		case "painted.png":
			if !slices.Equal(now, filled) {
				t.Error("what is under the mask shows")
			}
		}
	}
	for _, c := range []struct {
		line   string
		status int
		want   string
	}{
		{"-mask small.png", 1, "it has 3x3 pixels, in.png has 30x20"},
		{"-mask black.png", 1, "no pixel of it is white"},
		{"-mask white.png", 1, "all of it is white"},
		{"-mask none.png", 1, "-mask none.png"},
		{"-mask mask.png -test boxes", 2, "-test makes its own holes"},
		{"-mask mask.png -model " + other, 2, "which fills no holes"},
	} {
		t.Chdir(dir)
		line := append([]string{"-in", "in.png", "-out", "no.png"}, strings.Fields(c.line)...)
		if !strings.Contains(c.line, "-model") {
			line = append(line, "-model", model)
		}
		if _, err := invoke(t.Context(), t, line...); command.Status(err) != c.status || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
}
