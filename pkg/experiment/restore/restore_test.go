package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/disintegration/imaging"

	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/shipped"
	"multiscale/pkg/task"
)

// leaves returns a clean picture.
func leaves(w, h int) *picture.Planar { return dataset.DeadLeaves(random.New(5), w, h) }

// noisy adds noise with a standard deviation on the 8-bit scale.
func noisy(p *picture.Planar, deviation float64) *picture.Planar {
	q := picture.New(3, p.W, p.H)
	r := random.New(6)
	for i, v := range p.Pix {
		q.Pix[i] = uint8(math.Round(min(max(float64(v)+deviation*float64(r.Normal()), 0), 255)))
	}
	return q
}

// decoded returns the picture as it is read from a file.
func decoded(p *picture.Planar) *picture.Decoded {
	n := p.W * p.H
	return &picture.Decoded{W: p.W, H: p.H, Pix8: [][]uint8{p.Pix[:n], p.Pix[n:][:n], p.Pix[2*n:]}}
}

// nrgba reads a picture with its transparency.
func nrgba(t *testing.T, path string) *image.NRGBA {
	t.Helper()
	d, err := picture.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return d.NRGBA()
}

func psnr(a, b *picture.Planar) float64 {
	return metric.PeakRatios(task.Normalised(a, pixel.Unit), task.Normalised(b, pixel.Unit))[0]
}

// invoke runs a command line and returns what it prints.
func invoke(ctx context.Context, t *testing.T, line ...string) (string, error) {
	t.Helper()
	var printed bytes.Buffer
	r, err := parse(catalog.Standard(), line, &printed)
	if err != nil {
		return printed.String(), err
	}
	err = Run(ctx, r, &printed, &printed)
	return printed.String(), err
}

// TestShipped: -model accepts the name of a model that comes with the program.
func TestShipped(t *testing.T) {
	data := sessiontest.Smooth(t)
	in := save(t, noisy(leaves(40, 30), 25).Image(), "in.png")
	out := filepath.Join(t.TempDir(), "out.png")
	manifest := fmt.Sprintf(`{"models": [{"name": "denoise", "about": "noise", "file": "m.onnx", "sha256": "%x", "task": "t", "network": "n", "version": "1",
		"card": "m.onnx", "test": {"in": "m.onnx", "in_sha256": "%[1]x", "out": "m.onnx", "out_sha256": "%[1]x"}}]}`, sha256.Sum256(data))
	known := catalog.Standard()
	known.Models = fstest.MapFS{shipped.Manifest: {Data: []byte(manifest)}, "m.onnx": {Data: data}}
	for name, want := range map[string]string{"denoise": "", "denoize": "come with the program: denoise"} {
		r, err := parse(known, []string{"-model", name, "-in", in, "-out", out}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := Run(t.Context(), r, io.Discard, io.Discard); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("-model %s: %v, want %q", name, err, want)
		}
	}
	load(t, out)
}

func must(t *testing.T, line ...string) string {
	t.Helper()
	printed, err := invoke(t.Context(), t, line...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", line, err, printed)
	}
	return printed
}

func load(t *testing.T, path string) *picture.Planar {
	t.Helper()
	p, err := picture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func save(t *testing.T, img image.Image, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := imaging.Save(img, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNoise: noise is estimated from the samples of the file, in grey, in colour and with 16 bits, without the pixels
// of a hole and without transparent ones.
func TestNoise(t *testing.T) {
	const deviation = 20
	p := decoded(noisy(leaves(200, 160), deviation))
	near := func(what string, p *picture.Decoded, hole []bool) {
		t.Helper()
		if got := noiseOf(p, hole); got < 0.9*deviation || got > 1.15*deviation {
			t.Errorf("%s: noise of %v is estimated at %.2f", what, deviation, got)
		}
	}
	near("colour", p, nil)
	near("grey", &picture.Decoded{W: p.W, H: p.H, Pix8: p.Pix8[:1]}, nil)
	deep := &picture.Decoded{W: p.W, H: p.H}
	for _, plane := range p.Pix8 {
		wide := make([]uint16, len(plane))
		for i, v := range plane {
			wide[i] = 257 * uint16(v)
		}
		deep.Pix16 = append(deep.Pix16, wide)
	}
	if got, want := noiseOf(deep, nil), noiseOf(p, nil); math.Abs(got-want) > 1e-3 {
		t.Errorf("of 16 bits %v, of 8 bits %v", got, want)
	}
	hole := make([]bool, p.W*p.H) // all but a corner, in a plain colour
	seen := make([]uint8, len(hole))
	for i := range hole {
		if hole[i] = i/p.W >= 64; hole[i] {
			for _, plane := range p.Pix8 {
				plane[i] = 100
			}
		} else {
			seen[i] = 255
		}
	}
	near("hole", p, hole)
	near("transparent", &picture.Decoded{W: p.W, H: p.H, Pix8: p.Pix8, Alpha8: seen}, nil)
	if got := noiseOf(p, nil); got > deviation/2 {
		t.Errorf("with the hole %v", got)
	}
	if got := noiseOf(decoded(picture.New(3, 9, 9)), nil); got != 0 {
		t.Errorf("a black picture has noise of %v", got)
	}
	if got := noiseOf(decoded(leaves(2, 1)), nil); !(got >= 0 && got < 255) {
		t.Errorf("a picture of two pixels has noise of %v", got)
	}
}

// TestPhotograph: a noisy picture is restored in tiles, in every runtime, and with the noise estimated
// or given.
func TestPhotograph(t *testing.T) {
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	clean := leaves(150, 97)
	spoilt := noisy(clean, 25)
	in := save(t, spoilt.Image(), "noisy.png")
	var first *picture.Planar
	for _, more := range [][]string{{}, {"-tile", "48"}, {"-runtime", "onnx-go"}, {"-t", "0.8"}} {
		out := filepath.Join(t.TempDir(), "restored.png")
		printed := must(t, append([]string{"-model", model, "-in", in, "-out", out}, more...)...)
		if estimated := strings.Contains(printed, "noise estimated"); estimated == (len(more) > 0 && more[0] == "-t") {
			t.Errorf("%v prints %q", more, printed)
		}
		got := load(t, out)
		if before, after := psnr(spoilt, clean), psnr(got, clean); after < before+1 {
			t.Errorf("%v: from %.2f to %.2f dB", more, before, after)
		}
		if first == nil {
			first = got
		}
		// After rounding to 8 bits, runtimes differ only in values near a rounding threshold.
		if d := largest(first, got); d > 1 {
			t.Errorf("%v: differs by %d", more, d)
		}
	}
}

func largest(a, b *picture.Planar) int {
	worst := 0
	for i, v := range a.Pix {
		worst = max(worst, int(v)-int(b.Pix[i]), int(b.Pix[i])-int(v))
	}
	return worst
}

// TestEnlarge: super-resolution writes a picture of twice the sides, and tiles give the
// same bytes.
func TestEnlarge(t *testing.T) {
	model := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	in := save(t, leaves(61, 44).Image(), "small.png")
	whole, tiled := filepath.Join(t.TempDir(), "whole.png"), filepath.Join(t.TempDir(), "tiled.png")
	must(t, "-model", model, "-in", in, "-out", whole)
	if printed := must(t, "-model", model, "-in", in, "-out", tiled, "-tile", "16"); !strings.Contains(printed, "tiles") || strings.Contains(printed, "noise") {
		t.Errorf("prints %q", printed)
	}
	a, b := load(t, whole), load(t, tiled)
	if a.W != 122 || a.H != 88 || !bytes.Equal(a.Pix, b.Pix) {
		t.Errorf("%dx%d pixels; tiles differ by %d", a.W, a.H, largest(a, b))
	}
	if _, err := invoke(t.Context(), t, "-model", model, "-in", in, "-out", whole, "-t", "0.5"); err == nil || !strings.Contains(err.Error(), "-t 0.5: ") {
		t.Errorf("-t with a model that takes none: %v", err)
	}
}

// TestAlpha: transparency and the colours of transparent pixels are kept. If the format has
// no transparency, the picture is laid over white.
func TestAlpha(t *testing.T) {
	img := leaves(40, 30).Image()
	for y := range 30 {
		for x := range 40 {
			c := img.NRGBAAt(x, y)
			switch {
			case x < 10:
				c = color.NRGBA{1, 2, 3, 0}
			case x < 20:
				c.A = uint8(10 * x)
			}
			img.SetNRGBA(x, y, c)
		}
	}
	in := save(t, img, "alpha.png")
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	for _, ending := range []string{"png", "tif", "jpg", "bmp"} {
		out := filepath.Join(t.TempDir(), "out."+ending)
		printed := must(t, "-model", smooth, "-in", in, "-out", out)
		if laid := strings.Contains(printed, "over white"); laid != (ending == "jpg" || ending == "bmp") {
			t.Errorf("%s prints %q", ending, printed)
		}
		got := nrgba(t, out)
		if ending == "jpg" || ending == "bmp" {
			if c := got.NRGBAAt(3, 3); c.R < 250 || c.A != 255 {
				t.Errorf("%s: %v", ending, c)
			}
			continue
		}
		for _, x := range []int{3, 12, 30} {
			if got.NRGBAAt(x, 5).A != img.NRGBAAt(x, 5).A {
				t.Errorf("%s: alpha at %d is %d, was %d", ending, x, got.NRGBAAt(x, 5).A, img.NRGBAAt(x, 5).A)
			}
		}
		if c := got.NRGBAAt(3, 3); ending == "png" && c != img.NRGBAAt(3, 3) {
			t.Errorf("a pixel that cannot be seen has become %v", c)
		}
	}
	espcn := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	out := filepath.Join(t.TempDir(), "large.png")
	must(t, "-model", espcn, "-in", in, "-out", out)
	got := nrgba(t, out)
	// Bilinear: pixel 25 of the double lies a quarter from pixel 12 to 13.
	for x, want := range map[int]uint8{4: 0, 25: 123, 70: 255} {
		if a := got.NRGBAAt(x, 9).A; a != want {
			t.Errorf("enlarged: alpha at %d is %d, want %d", x, a, want)
		}
	}
}

// TestFringe: the colours of transparent pixels do not affect the edge of a cut-out.
func TestFringe(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 24, 16))
	for y := range 16 {
		for x := range 24 {
			c := color.NRGBA{0, 0, 0, 0}
			if d := (x-12)*(x-12) + (y-8)*(y-8); d < 36 {
				c = color.NRGBA{120, 10, 10, uint8(min(255, 20*(36-d)))}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	for _, model := range []string{
		sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)),
		sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution"))),
	} {
		results := make([]*image.NRGBA, 2)
		for i, ground := range []color.NRGBA{{0, 0, 0, 0}, {255, 255, 255, 0}} {
			for y := range 16 {
				for x := range 24 {
					if img.NRGBAAt(x, y).A == 0 {
						img.SetNRGBA(x, y, ground)
					}
				}
			}
			in := save(t, img, "disc.png")
			out := filepath.Join(t.TempDir(), "out.png")
			must(t, "-model", model, "-in", in, "-out", out)
			results[i] = nrgba(t, out)
		}
		for i := 3; i < len(results[0].Pix); i += 4 {
			if a, b := results[0].Pix[i-3:i+1], results[1].Pix[i-3:i+1]; a[3] != 0 && !bytes.Equal(a, b) {
				t.Fatalf("%s: a pixel is %v on invisible black and %v on invisible white", model, a, b)
			}
		}
	}
}

// TestNotes: there are notes on what of a file is changed or left out.
func TestNotes(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, leaves(40, 30).Image(), nil); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "unended.jpg")
	if err := os.WriteFile(in, file.Bytes()[:file.Len()-2], 0o666); err != nil {
		t.Fatal(err)
	}
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	for _, more := range [][]string{nil, {"-test", "noise=0.1"}} {
		out := filepath.Join(t.TempDir(), "out.png")
		if printed := must(t, append([]string{"-model", model, "-in", in, "-out", out}, more...)...); !strings.Contains(printed, in+": the end marker is missing") {
			t.Errorf("%v prints %q", more, printed)
		}
	}
}

// TestTooLargeForFormat: if the format cannot hold the result, there is an error before the work.
func TestTooLargeForFormat(t *testing.T) {
	espcn := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	in := save(t, image.NewNRGBA(image.Rect(0, 0, picture.MaxSide, 1)), "long.png")
	for _, line := range [][]string{{"-model", espcn}, {"-model", smooth, "-test", "noise=0.1"}} {
		out := filepath.Join(t.TempDir(), "out.jpg")
		printed, err := invoke(t.Context(), t, append(line, "-in", in, "-out", out)...)
		if err == nil || !strings.Contains(err.Error(), "65535 pixels a side") || strings.Contains(printed, "pixels as a whole") {
			t.Errorf("%v: %v", line, err)
		}
	}
}

// TestOrientation: a picture that is turned by its EXIF orientation is written upright.
func TestOrientation(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, leaves(48, 32).Image(), nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	data := append(append(append([]byte{}, file.Bytes()[:2]...), append(segment, exif...)...), file.Bytes()[2:]...)
	in := filepath.Join(t.TempDir(), "turned.jpg")
	if err := os.WriteFile(in, data, 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.png")
	must(t, "-model", sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)), "-in", in, "-out", out, "-t", "1")
	got, want := load(t, out), load(t, in) // pkg/picture turns upright, too
	if got.W != 32 || got.H != 48 || psnr(got, want) < 20 {
		t.Errorf("%dx%d pixels, %.1f dB from the upright picture", got.W, got.H, psnr(got, want))
	}
}

// TestTest: -test degrades, restores and measures.
func TestTest(t *testing.T) {
	in := save(t, leaves(64, 48).Image(), "clean.png")
	models := map[string]string{
		"denoising":       sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)),
		"deblurring":      sessiontest.File(t, "deblur.onnx", sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("deblurring"))),
		"inpainting":      sessiontest.File(t, "inpaint.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("inpainting"))),
		"superresolution": sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution"))),
	}
	number := regexp.MustCompile(`(degraded|restored)  PSNR ([0-9.]+) dB  SSIM (-?[0-9.]+)`)
	for task, test := range map[string]string{"denoising": "noise=0.2", "deblurring": "blur=3", "inpainting": "boxes", "superresolution": "half"} {
		out := filepath.Join(t.TempDir(), "side.png")
		printed := must(t, "-model", models[task], "-in", in, "-out", out, "-test", test)
		found := number.FindAllStringSubmatch(printed, -1)
		if len(found) != 2 || !strings.Contains(printed, test) {
			t.Fatalf("%s prints %q", task, printed)
		}
		if p := load(t, out); p.W < 3*64 {
			t.Errorf("%s: the picture is %d pixels wide", task, p.W)
		}
		if task == "denoising" {
			before, _ := strconv.ParseFloat(found[0][2], 64)
			after, _ := strconv.ParseFloat(found[1][2], 64)
			if after < before+1 {
				t.Errorf("denoising goes from %v to %v dB", before, after)
			}
		}
	}
	_, err := invoke(t.Context(), t, "-model", models["denoising"], "-in", in, "-out", "x.png", "-test", "blur=3")
	var usage *command.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "denoising") {
		t.Errorf("a test of another task: %v", err)
	}
}

// TestPlanes: models of any number of channels restore arrays, and -test works on these. The
// result is an array, or a picture if it has one or three channels.
func TestPlanes(t *testing.T) {
	for _, channels := range []int{1, 4} {
		n := sessiontest.ResNet
		n.Out = channels
		model := sessiontest.File(t, "m.onnx", sessiontest.Channels(t, channels, n, sessiontest.Unit("denoising")))
		in, out := filepath.Join(t.TempDir(), "in.npy"), filepath.Join(t.TempDir(), "out.npy")
		p := numbers(channels, 20, 12)
		for i := range p.Values {
			p.Values[i] = float32(i%20) / 20
		}
		if err := saveArray(in, p); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			more  []string
			width int
		}{{[]string{"-t", "0.9"}, 20}, {[]string{"-test", "noise=0.1"}, 3 * 20}} {
			line := append([]string{"-model", model, "-in", in}, c.more...)
			must(t, append(line, "-out", out)...)
			got, _, err := dataset.Load(out, 0)
			if err != nil || got.C != channels || got.W != c.width || got.H != 12 {
				t.Fatalf("%v: %+v, %v", line, got, err)
			}
			for row := range channels * 12 * (c.width / 60) { // the clean picture is the last third
				if !slices.Equal(got.Values[row*60+40:][:20], p.Values[row*20:][:20]) {
					t.Fatalf("row %d is %v", row, got.Values[row*60:][:60])
				}
			}
			_, err = invoke(t.Context(), t, append(line, "-out", filepath.Join(t.TempDir(), "x.png"))...)
			var usage *command.UsageError
			if channels == 1 && err != nil || channels == 4 && (!errors.As(err, &usage) || !strings.Contains(err.Error(), ".npy")) {
				t.Errorf("%v to a picture: %v", line, err)
			}
		}
		if _, err := invoke(t.Context(), t, "-model", model, "-in", in, "-out", out); err == nil || !strings.Contains(err.Error(), "-t: missing") {
			t.Errorf("without t: %v", err)
		}
	}
	other := sessiontest.File(t, "m.onnx", sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("dehazing")))
	in := save(t, leaves(16, 16).Image(), "in.png")
	if _, err := invoke(t.Context(), t, "-model", other, "-in", in, "-out", "x.png", "-test", "noise=0.1"); err == nil || !strings.Contains(err.Error(), "the program that trained it") {
		t.Errorf("a test of a task that is not known: %v", err)
	}
}

// TestMistakes: each error has one line and names the flag or the file.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name string, data []byte) {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("m.onnx", sessiontest.Smooth(t))
	write("cut.onnx", sessiontest.Smooth(t)[:50])
	var p bytes.Buffer
	if err := png.Encode(&p, leaves(30, 20).Image()); err != nil {
		t.Fatal(err)
	}
	write("a.png", p.Bytes())
	write("cut.png", p.Bytes()[:300])
	write("text.png", []byte("no picture"))
	huge := bytes.Clone(p.Bytes())
	copy(huge[16:], []byte{0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff})
	write("huge.png", huge)
	if err := os.Mkdir("folder.png", 0o777); err != nil {
		t.Fatal(err)
	}
	const good = "-model m.onnx -in a.png -out b.png"
	for _, c := range []struct {
		line, want string
		usage      bool
	}{
		{"-in a.png -out b.png", "-model: missing", true},
		{"-model m.onnx -out b.png", "-in: missing", true},
		{"-model m.onnx -in a.png", "-out: missing", true},
		{good + " -t 2", "-t 2: ", true},
		{good + " -t x", "-t x: ", true},
		{good + " -t nan", "-t nan: ", true},
		{good + " -test noise", "-test noise: ", true},
		{good + " -test noise=3", "-test noise=3: ", true},
		{good + " -test blur=-1", "-test blur=-1: ", true},
		{good + " -test half,noise=0.1", "-test half,noise=0.1: ", true},
		{good + " -test fog", "-test fog: ", true},
		{good + " -test half", "-test half: m.onnx is a model for denoising", true},
		{good + " -memory 3", "-memory 3: ", true},
		{good + " -tile 1", "-tile 1: ", true},
		{good + " -runtime magic", "-runtime magic: ", true},
		{good + " -onnxruntime none.so", "none.so", false},
		{"-model none.onnx -in a.png -out b.png", "-model", false},
		{"-model cut.onnx -in a.png -out b.png", "-model cut.onnx: ", false},
		{"-model m.onnx -in none.png -out b.png", "-in none.png: ", false},
		{"-model m.onnx -in cut.png -out b.png", "-in cut.png: ", false},
		{"-model m.onnx -in text.png -out b.png", "-in text.png: ", false},
		{"-model m.onnx -in huge.png -out b.png", "-in huge.png: ", false},
		{"-model m.onnx -in folder.png -out b.png", "-in folder.png: ", false},
		{"-model m.onnx -in a.png -out b.xyz", "-out b.xyz: ", false},
		{"-model m.onnx -in a.png -out none/b.png", "-out none/b.png: ", false},
		{"-model m.onnx -in a.png -out folder.png", "-out folder.png: ", false},
		{"-model m.onnx -in a.png -out ./a.png", "-out ./a.png: ", false},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, err := invoke(t.Context(), t, strings.Fields(c.line)...)
			var usage *command.UsageError
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || errors.As(err, &usage) != c.usage {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if _, err := os.Stat("b.png"); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "b.png")
	_, err := invoke(ctx, t, "-model", sessiontest.File(t, "m.onnx", sessiontest.Smooth(t)), "-in", save(t, leaves(30, 20).Image(), "a.png"), "-out", out)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was not written") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}

func TestHelp(t *testing.T) {
	var help bytes.Buffer
	if _, err := parse(catalog.Standard(), []string{"-h"}, &help); err == nil {
		t.Error("no error for -h")
	}
	for _, flag := range []string{"-model", "-in", "-out", "-t ", "-test", "-memory", "-tile", "-runtime", "-onnxruntime"} {
		if !strings.Contains(help.String(), flag) {
			t.Errorf("the help lacks %s", flag)
		}
	}
}

// No file makes the reader or the estimate panic.
func FuzzPhoto(f *testing.F) {
	for _, encode := range []imaging.Format{imaging.PNG, imaging.JPEG, imaging.GIF, imaging.BMP, imaging.TIFF} {
		var b bytes.Buffer
		if err := imaging.Encode(&b, leaves(5, 4).Image(), encode); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.png")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if w, h, err := picture.Size(path); err != nil || w*h > 1<<12 {
			return
		}
		p, err := open(path, true)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		if n := noiseOf(p.Decoded, nil); !(n >= 0 && n < 4*255) {
			t.Errorf("noise of %v", n)
		}
	})
}
