package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/dataset"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// estimator returns a model whose only result is the estimate.
func estimator(t *testing.T) *onnx.Model {
	t.Helper()
	w := &wrapping{}
	w.constants()
	sigma := w.estimate(3)
	dims := func(d ...onnx.Dim) []onnx.Dim { return d }
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name: "estimator", Nodes: w.nodes, Initializers: w.weights,
		Inputs:  []*onnx.ValueInfo{{Name: imageInput, Type: onnx.Float32, Dims: dims(onnx.Symbolic("N"), onnx.Fixed(3), onnx.Symbolic("height"), onnx.Symbolic("width"))}},
		Outputs: []*onnx.ValueInfo{{Name: sigma, Type: onnx.Float32, Dims: dims(onnx.Symbolic("N"), onnx.Fixed(1), onnx.Fixed(1), onnx.Fixed(1))}},
	}}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	return m
}

// direct returns the estimate of one picture by package metric.
func direct(x pixel.Images) float64 {
	return metric.Noise(x.C, x.H, x.W, func(to []float32, c, y int) { copy(to, x.Data[(c*x.H+y)*x.W:]) }, nil)
}

// noisy returns a picture of leaves with noise, (1,3,h,w). If clipped is set, values are in [0,1].
func noisy(h, w int, deviation float64, clipped bool) pixel.Images {
	x := pixel.NewImages(1, 3, h, w)
	dataset.DeadLeaves(random.New(1), w, h).Float(x.Data)
	r := random.New(2)
	for i := range x.Data {
		x.Data[i] += float32(deviation / 255 * float64(r.Normal()))
		if clipped {
			x.Data[i] = min(max(x.Data[i], 0), 1)
		}
	}
	return x
}

// engines returns functions that run a model in this project's backend and, if it is available, in ONNX Runtime.
func engines(t *testing.T, m *onnx.Model) map[string]session.Runner {
	t.Helper()
	b, err := backend.New(m)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]session.Runner{"backend": b}
	if library, err := runtime.Load(""); err == nil {
		r, err := library.Open(sessiontest.Encode(t, m))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		all["ONNX Runtime"] = r
	}
	return all
}

func apply(t *testing.T, r session.Runner, x pixel.Images) onnx.Value {
	t.Helper()
	out, err := r.Run(map[string]onnx.Value{imageInput: {Shape: []int{x.N, x.C, x.H, x.W}, Data: x.Data}})
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range out {
		return y
	}
	t.Fatal("no output")
	return onnx.Value{}
}

// TestEstimate: the graph computes the estimate as defined, for each picture of a batch, of any
// size and with any part clipped. The estimate is close to the added noise.
func TestEstimate(t *testing.T) {
	half := noisy(40, 50, 25, true) // its left half is white
	for i := range half.Data {
		if i%50 < 25 {
			half.Data[i] = 1
		}
	}
	white := pixel.NewImages(1, 3, 20, 20)
	for i := range white.Data {
		white.Data[i] = 1
	}
	pictures := map[string]pixel.Images{"half": half, "white": white, "black": pixel.NewImages(1, 3, 7, 9)}
	for name, side := range map[string][2]int{"pixel": {1, 1}, "line": {1, 40}, "small": {9, 5}, "block": {16, 16}, "odd": {33, 47}} {
		pictures[name] = noisy(side[0], side[1], 20, true)
	}
	for engine, run := range engines(t, estimator(t)) {
		for name, x := range pictures {
			got := apply(t, run, x)
			if want := direct(x); len(got.Data) != 1 || math.Abs(float64(got.Data[0])-want) > 1e-5 {
				t.Errorf("%s, %s: %v, want %v", engine, name, got.Data, want)
			}
		}
		two := pixel.NewImages(2, 3, 160, 200)
		for i, deviation := range []float64{15, 50} {
			x := noisy(160, 200, deviation, false)
			copy(two.Data[i*len(x.Data):], x.Data)
			alone, again := apply(t, run, x), apply(t, run, two)
			if i == 1 && math.Abs(float64(alone.Data[0]-again.Data[1])) > 1e-6 {
				t.Errorf("%s: %v alone and %v in a batch", engine, alone.Data, again.Data)
			}
			if got := 255 * float64(alone.Data[0]); got < 0.95*deviation || got > 1.08*deviation {
				t.Errorf("%s: noise of %v is estimated at %v", engine, deviation, got)
			}
		}
	}
}

// TestEstimated: without -sigma, the image form gives the same result as with -sigma set to the estimate, for
// each meaning of t.
func TestEstimated(t *testing.T) {
	x := noisy(37, 43, 25, true)
	sigma := 255 * direct(x)
	for _, meaning := range []string{"share of the image", "share of noise", "standard deviation"} {
		about := sessiontest.Signed("denoising")
		about.Time = meaning
		from := sessiontest.File(t, "m.onnx", sessiontest.Network(t, sessiontest.ResNet, about))
		given, estimated := imageForm(t, from, "-sigma", strconv.FormatFloat(sigma, 'g', -1, 64)), imageForm(t, from)
		want := apply(t, engines(t, given)["backend"], x)
		for engine, run := range engines(t, estimated) {
			got := apply(t, run, x)
			if d, err := onnx.Difference(got, want); err != nil || d > 1e-4 {
				t.Errorf("%s, %s: differs by %g, %v", engine, meaning, d, err)
			}
		}
	}
}

// TestHalf: float16 weights take half the bytes. In every runtime they change the result little, and the change is
// printed.
func TestHalf(t *testing.T) {
	wide := sessiontest.ResNet
	wide.Hidden = 32
	from := sessiontest.File(t, "m.onnx", sessiontest.Network(t, wide, sessiontest.Signed("denoising")))
	dir := t.TempDir()
	single, half := filepath.Join(dir, "single.onnx"), filepath.Join(dir, "half.onnx")
	var printed, stderr bytes.Buffer
	for to, more := range map[string][]string{single: nil, half: {"-half"}} {
		if code := invoke(append(more, "-form", "image", from, to), &printed, &stderr); code != 0 {
			t.Fatal(stderr.String())
		}
	}
	if !strings.Contains(printed.String(), "float16 weights: ") {
		t.Errorf("prints %q", printed.String())
	}
	a, b := size(t, single), size(t, half)
	if float64(b) > 0.65*float64(a) {
		t.Errorf("%d bytes become %d", a, b)
	}
	x := noisy(30, 41, 25, true)
	want := apply(t, engines(t, read(t, single))["backend"], x)
	for engine, run := range engines(t, read(t, half)) {
		d, err := onnx.Difference(apply(t, run, x), want)
		if err != nil || d == 0 || d > 5e-3 {
			t.Errorf("%s: differs by %g, %v", engine, d, err)
		}
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func read(t *testing.T, path string) *onnx.Model {
	t.Helper()
	m, err := onnx.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// imageForm converts a file to the image form.
func imageForm(t *testing.T, from string, more ...string) *onnx.Model {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image.onnx")
	var stdout, stderr bytes.Buffer
	if code := invoke(append(append([]string{"-form", "image"}, more...), from, to), &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	return read(t, to)
}
