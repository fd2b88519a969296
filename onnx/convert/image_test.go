package main

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestImage: in this project's backend, the image form gives the result of restore for normalised pictures and the t of
// the noise level, also for sides that the network does not accept and for pictures smaller than what is added to them.
func TestImage(t *testing.T) {
	for _, c := range []struct {
		name, sigma string
		data        []byte
		t           float64 // sigma 25 with a deviation of 1/2: 1/(1+s)
		scale       int
	}{
		{"unet", "25", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")), 1 / (1 + 50.0/255), 1},
		{"espcn", "", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")), 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := sessiontest.File(t, "m.onnx", c.data), filepath.Join(t.TempDir(), "image.onnx")
			args := []string{"-form", "image"}
			if c.sigma != "" {
				args = append(args, "-sigma", c.sigma)
			}
			var stdout, stderr bytes.Buffer
			if code := invoke(append(args, from, to), &stdout, &stderr); code != 0 {
				t.Fatal(stderr.String())
			}
			m, err := onnx.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			b, err := backend.New(m)
			if err != nil {
				t.Fatal(err)
			}
			s, err := session.Open(from, session.Options{Runtime: session.OnnxGo})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, side := range [][2]int{{16, 24}, {13, 18}, {1, 3}, {2, 1}} {
				h, w := side[0], side[1]
				x := pixel.NewImages(1, 3, h, w)
				r := random.New(1)
				for i := range x.Data {
					x.Data[i] = r.Float32()
				}
				out, err := b.Run(map[string]onnx.Value{imageInput: {Shape: []int{1, 3, h, w}, Data: x.Data}})
				if err != nil {
					t.Fatal(err)
				}
				got := out[imageOutput]
				if len(got.Data) != 3*h*w*c.scale*c.scale || got.Shape[3] != w*c.scale {
					t.Fatalf("%v of %v", got.Shape, side)
				}
				s.Pixels().Normalise(x)
				var conditions []float32
				if s.Conditions > 0 {
					conditions = []float32{float32(c.t)}
					for i := range x.Data {
						x.Data[i] *= float32(c.t)
					}
				}
				want := make([]float32, len(got.Data))
				tiles, plane := tile.Runner{Session: s, Memory: 1 << 30}, len(want)/3
				copyRows := func(planes [][]float32, y, rows int) {
					for i, p := range planes {
						copy(want[i*plane+y*w*c.scale:], p[:rows*w*c.scale])
					}
				}
				if err := tiles.Run(t.Context(), tile.Of(x), conditions, copyRows, nil); err != nil {
					t.Fatal(err)
				}
				pixels := s.Pixels().Pixels(pixel.Images{Shape: pixel.Shape{N: 1, C: 3, H: c.scale * h, W: c.scale * w}, Data: want})
				for i, v := range got.Data {
					if math.Abs(float64(v-pixels.Data[i])) > 1e-4 { // rounding in and after the normalisation
						t.Fatalf("value %d: %v, want %v", i, v, pixels.Data[i])
					}
				}
			}
		})
	}
	from := sessiontest.File(t, "m.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")))
	plain := sessiontest.File(t, "p.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	to := filepath.Join(t.TempDir(), "out.onnx")
	var stdout, stderr bytes.Buffer
	if code := invoke([]string{"-form", "image", "enlarge", to}, &stdout, &stderr); code != 0 { // a model that comes with the project
		t.Errorf("enlarge: exit %d: %s", code, stderr.String())
	}
	for args, want := range map[string]string{
		"-form image shrink " + to:                         "neither such a file nor a model of that name",
		"-half " + from + " " + to:                         "-form image",
		"-form image -sigma 25 " + plain + " " + to:        "takes no noise level",
		"-form image -sigma 999 " + from + " " + to:        "from 0 to 255",
		"-sigma 25 " + from + " " + to:                     "-form image",
		"-form image -ops core " + from + " " + to:         "-form",
		"-form image -sigma 25 " + from + " x.safetensors": "-form",
	} {
		var stdout, stderr bytes.Buffer
		if code := invoke(strings.Fields(args), &stdout, &stderr); code == 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit %d: %s", args, code, stderr.String())
		}
	}
}
