package task_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// adding is a degradation that adds random numbers to factor times the image.
func adding(factor float32) task.Degrade {
	return func(input, clean pixel.Images, _ task.Grid, _ []float32, r *random.Stream) error {
		for i, v := range clean.Data {
			input.Data[i] = factor*v + r.Float32()
		}
		return nil
	}
}

// halving is a degradation that keeps every second pixel.
func halving(input, clean pixel.Images, _ task.Grid, _ []float32, _ *random.Stream) error {
	mesh.Nearest.Halve(input, clean)
	return nil
}

// TestChain: each step gets the result of the previous one, and draws from its own stream.
func TestChain(t *testing.T) {
	clean := normals(pixel.Shape{N: 1, C: 2, H: 6, W: 4}, 1)
	before := slices.Clone(clean.Data)
	apply := func(d task.Degrade, h, w int) pixel.Images {
		t.Helper()
		input, r := pixel.NewImages(1, 2, h, w), random.New(2)
		if err := d(input, clean, task.On(0, input), []float32{0.25}, &r); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(clean.Data, before) {
			t.Fatal("the clean image has changed")
		}
		return input
	}
	all := apply(task.Chain(adding(2), adding(3), adding(5), adding(7)), 6, 4)
	// The same by hand.
	r, want := random.New(2), clean
	for i, factor := range []float32{2, 3, 5, 7} {
		own, next := r.Child("chain", uint64(i)), pixel.NewImages(1, 2, 6, 4)
		if err := adding(factor)(next, want, task.On(0, next), nil, &own); err != nil {
			t.Fatal(err)
		}
		want = next
	}
	if !slices.Equal(all.Data, want.Data) {
		t.Errorf("%v, want %v", all.Data, want.Data)
	}
	if alone := apply(task.Chain(adding(2)), 6, 4); slices.Equal(alone.Data, all.Data) {
		t.Error("one step is all of them")
	}
	// The last step may make a smaller input.
	small := apply(task.Chain(adding(1), halving), 3, 2)
	if whole := apply(task.Chain(adding(1)), 6, 4); !slices.Equal(small.Data, mesh.Restrict(mesh.Nearest, whole, 1).Data) {
		t.Errorf("%v is not half of %v", small.Data, whole.Data)
	}
	for name, d := range map[string]task.Degrade{"no steps": task.Chain(), "noise of no condition": task.Chain(adding(1), task.WhiteNoise(1))} {
		input := pixel.NewImages(1, 2, 6, 4)
		if err := d(input, clean, task.On(0, input), []float32{0.25}, &r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestChainOnMeshes: in a chain of blur and noise, the noise is independent between meshes, and the blur is
// that of Blur.
func TestChainOnMeshes(t *testing.T) {
	clean := normals(pixel.Shape{N: 1, C: 3, H: 64, W: 64}, 1)
	apply := func(level int, deviation float32) []float32 {
		input, r := pixel.NewImages(1, 3, 64, 64), random.New(2)
		if err := task.Chain(task.Blur(2), task.WhiteNoise(0))(input, clean, task.On(level, clean), []float32{deviation}, &r); err != nil {
			t.Fatal(err)
		}
		return input.Data
	}
	still, noisy, coarse := apply(0, 0), apply(0, 0.5), apply(1, 0.5)
	var square, product float64
	for i, v := range apply(1, 0) {
		a, b := float64(noisy[i]-still[i])/0.5, float64(coarse[i]-v)/0.5
		square, product = square+a*a, product+a*b
	}
	n := float64(len(still))
	// The bounds are five standard errors of a variance and a covariance.
	if bound := 5 / math.Sqrt(n); math.Abs(square/n-1) > math.Sqrt2*bound || math.Abs(product/n) > bound {
		t.Errorf("variance %v, covariance of two meshes %v", square/n, product/n)
	}
	if want := degrade(t, blurring(2), clean, task.On(0, clean), 0, 2).Data; !slices.Equal(still, want) {
		t.Error("without noise it is not the blurred image")
	}
}

// blurring is a task that blurs.
func blurring(sigma float64) task.Task {
	return task.Task{Scale: 1, Degrade: task.Blur(sigma)}
}

// TestJPEG: the input is the decoded JPEG file with the drawn quality, in grey and colour, for any sides
// and normalisation.
func TestJPEG(t *testing.T) {
	for _, c := range []struct{ channels, w, h int }{{3, 21, 18}, {1, 16, 16}, {4, 9, 7}} {
		for _, scale := range []pixel.Scale{pixel.Unit, pixel.Signed} {
			p := dataset.DeadLeaves(random.New(3), 40, 40).Cut(5, 5, c.w, c.h)
			clean := pixel.NewImages(1, c.channels, c.h, c.w)
			for k := range c.channels {
				for i := range c.w * c.h {
					clean.Data[k*c.w*c.h+i] = float32(float64(p.Pix[k%3*c.w*c.h+i]) / 255)
				}
			}
			scale.Normalise(clean)
			input, r := pixel.NewImages(1, c.channels, c.h, c.w), random.New(4)
			if err := task.JPEG(scale, 7, 70)(input, clean, task.On(0, clean), nil, &r); err != nil {
				t.Fatal(err)
			}
			drawn := random.New(4)
			quality := 7 + drawn.Intn(64)
			for k := range c.channels {
				var img image.Image
				if c.channels == 3 {
					rgba := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
					for i := range c.w * c.h {
						rgba.Set(i%c.w, i/c.w, color.RGBA{p.Pix[i], p.Pix[c.w*c.h+i], p.Pix[2*c.w*c.h+i], 255})
					}
					img = rgba
				} else {
					grey := image.NewGray(image.Rect(0, 0, c.w, c.h))
					copy(grey.Pix, p.Pix[k%3*c.w*c.h:][:c.w*c.h])
					img = grey
				}
				var file bytes.Buffer
				if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: quality}); err != nil {
					t.Fatal(err)
				}
				want, err := picture.Decode("", bytes.NewReader(file.Bytes()))
				if err != nil {
					t.Fatal(err)
				}
				at := 0
				if c.channels == 3 {
					at = k * c.w * c.h
				}
				back := scale.Pixels(input)
				for i := range c.w * c.h {
					// Bytes go through the normalisation and back.
					if got, w := back.Data[k*c.w*c.h+i], float64(want.Pix[at+i])/255; math.Abs(float64(got)-w) > 1e-6 {
						t.Fatalf("%d channels, quality %d: pixel %d of channel %d is %v, want %v", c.channels, quality, i, k, got, w)
					}
				}
			}
		}
	}
	clean := pixel.NewImages(1, 3, 8, 8)
	for name, d := range map[string]task.Degrade{"quality 0": task.JPEG(pixel.Unit, 0, 10), "quality 101": task.JPEG(pixel.Unit, 10, 101), "none": task.JPEG(pixel.Unit, 20, 10),
		"another scale": task.JPEG(pixel.Scale{Mean: []float64{0, 0}, Std: []float64{1, 1}}, 10, 20)} {
		r := random.New(1)
		if err := d(pixel.NewImages(1, 3, 8, 8), clean, task.On(0, clean), nil, &r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
