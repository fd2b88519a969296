package trial_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// oblong returns a picture that is not square, and whose sides are not multiples of anything.
func oblong() *picture.Planar { return dataset.DeadLeaves(random.New(1), 90, 51) }

func try(t *testing.T, of task.Task, with string, p *picture.Planar, r random.Stream) *trial.Trial {
	t.Helper()
	c, err := of.ParseCase(with)
	if err != nil {
		t.Fatal(err)
	}
	got, err := trial.New(of, c, p, nil, pixel.Signed, r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// target returns the normalised clean picture.
func target(t *testing.T, p *picture.Planar) []float32 {
	t.Helper()
	return try(t, task.Denoising(), "noise=0", p, random.New(2)).Input.Data
}

// TestOwnScale: a custom task that enlarges degrades pictures of odd height without their
// last row.
func TestOwnScale(t *testing.T) {
	of, err := task.Task{Name: "own", Scale: 2, Degrade: func(input, clean pixel.Images, _ task.Grid, _ []float32, _ *random.Stream) error {
		if clean.H != 2*input.H || clean.W != 2*input.W {
			t.Errorf("input of %v, clean of %v", input.Shape, clean.Shape)
		}
		for i := range input.Data {
			input.Data[i] = 0.5
		}
		return nil
	}}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	got := try(t, of, task.Trained, oblong(), random.New(1))
	if got.Clean.H != 50 || got.Clean.W != 90 || got.Input.H != 25 || got.Input.W != 45 || got.Input.Data[0] != 0.5 {
		t.Errorf("clean %dx%d, input %v with %v", got.Clean.W, got.Clean.H, got.Input.Shape, got.Input.Data[0])
	}
	if _, err := trial.New(of, of.Cases(nil)[0], picture.New(3, 1, 9), nil, pixel.Signed, random.New(1)); err == nil {
		t.Error("one column is halved")
	}
}

// TestDegradations: each degradation follows its formula, here without noise.
func TestDegradations(t *testing.T) {
	p := oblong()
	clean := try(t, task.Denoising(), "noise=0", p, random.New(2))
	for i, v := range clean.Input.Data {
		if want := float32(2*float64(p.Pix[i])/255 - 1); math.Abs(float64(v-want)) > 1e-6 || clean.T[0] != 1 {
			t.Fatalf("no noise makes %v of %v; t = %v", v, want, clean.T[0])
		}
	}
	answer := picture.New(3, p.W, p.H)
	if m := clean.Trivial(answer); !slices.Equal(answer.Pix, p.Pix) || m["mse"] != 0 || !math.IsInf(m["psnr"], 1) || math.Abs(m["ssim"]-1) > 1e-12 {
		t.Errorf("the clean picture itself: %+v", m)
	}
	want := make([]float32, len(clean.Input.Data))
	blur.New(p.H, p.W, 3, 3).Apply(want, clean.Input.Data, 3)
	if got := try(t, task.Deblurring(), "blur=3,noise=0", p, random.New(2)); !slices.Equal(got.Input.Data, want) || got.T[0] != 0 {
		t.Errorf("not the blur; t = %v", got.T)
	}
	for seed := range uint64(20) {
		boxes := try(t, task.Inpainting(), "boxes,noise=0", p, random.New(seed))
		changed := 0
		for i, v := range boxes.Input.Data {
			if v != clean.Input.Data[i] {
				if changed++; v != 0 {
					t.Fatalf("seed %d: pixel %d is %v", seed, i, v)
				}
			}
		}
		// One box of a tenth by a tenth, to three of a third by a third.
		if share := float64(changed) / float64(len(want)); share < 0.005 || share > 3./9 {
			t.Errorf("seed %d: %.3f of the picture is boxes", seed, share)
		}
	}
	half := try(t, task.Superresolution(), "half", p, random.New(2))
	if half.Input.W != 45 || half.Input.H != 25 || half.Clean.W != 90 || half.Clean.H != 50 {
		t.Errorf("halved: %dx%d of %dx%d", half.Input.W, half.Input.H, half.Clean.W, half.Clean.H)
	}
	if m := half.Trivial(nil); m["psnr"] < 15 {
		t.Errorf("bilinear: %+v", m)
	}
	if _, err := trial.New(task.Superresolution(), task.Case{}, picture.New(3, 1, 5), nil, pixel.Unit, random.New(1)); err == nil {
		t.Error("a picture one pixel wide was halved")
	}
}

// TestNoise: the noise has the strength of its share. It depends on the stream, but not on
// the stream's position.
func TestNoise(t *testing.T) {
	p := oblong()
	a := try(t, task.Denoising(), "noise=0.4", p, random.New(2))
	clean := target(t, p)
	var square float64
	for i, v := range a.Input.Data {
		z := (float64(v) - 0.6*float64(clean[i])) / 0.4
		square += z * z / float64(len(a.Input.Data))
	}
	// Five standard errors of the variance of so many normal values.
	if math.Abs(square-1) > 5*math.Sqrt(2/float64(len(a.Input.Data))) || math.Abs(float64(a.T[0])-0.6) > 1e-6 {
		t.Errorf("variance %v, t = %v", square, a.T)
	}
	moved := random.New(2)
	moved.Uint64()
	if b := try(t, task.Denoising(), "noise=0.4", p, moved); !slices.Equal(a.Input.Data, b.Input.Data) {
		t.Error("equal streams give other noise")
	}
	if b := try(t, task.Denoising(), "noise=0.4", p, random.New(3)); slices.Equal(a.Input.Data, b.Input.Data) {
		t.Error("another stream gives the same noise")
	}
}

func TestTiny(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 3}, {1, 40}} {
		p := dataset.DeadLeaves(random.New(1), size[0], size[1])
		for _, of := range []task.Task{task.Denoising(), task.Deblurring(), task.Inpainting()} {
			m := try(t, of, of.Form(), p, random.New(1))
			if v := m.Trivial(nil); math.IsNaN(v["mse"] + v["ssim"]) {
				t.Errorf("%s of %v: %v", of.Name, size, v)
			}
		}
	}
}

func Example() {
	s, err := session.Load("smooth.onnx", sessiontest.Smooth(&testing.T{}), session.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	clean := dataset.DeadLeaves(random.New(1), 64, 64)
	denoising := task.Denoising()
	noise, err := denoising.ParseCase("noise=0.2")
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := trial.New(denoising, noise, clean, nil, s.Pixels(), random.New(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	restored, err := t.Restore(context.Background(), &tile.Runner{Session: s, Memory: 1 << 30}, t.T, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("closer to the clean picture:", restored["psnr"] > t.Trivial(nil)["psnr"])
	// Output: closer to the clean picture: true
}
