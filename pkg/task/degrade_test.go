package task_test

import (
	"math"
	"slices"
	"testing"

	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// TestConditions: t is uniform on [0,1) if it weights the image, and on [0,0.1) if it weights the noise.
// Super-resolution has no t.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		of  task.Task
		max float64
	}{{task.Denoising(), 1}, {task.Deblurring(), 0.1}, {task.Inpainting(), 0.1}} {
		const n = 10000
		r := random.New(1)
		var mean, square, largest float64
		for range n {
			var drawn [1]float32
			c.of.Conditions(drawn[:], &r)
			v := float64(drawn[0])
			if v < 0 {
				t.Fatalf("%s: t = %v", c.of.Name, v)
			}
			mean, square, largest = mean+v/n, square+v*v/n, max(largest, v)
		}
		// The tolerance is five standard errors of the mean, and more of the variance.
		tolerance := 5 * c.max / math.Sqrt(12*n)
		if largest > c.max || math.Abs(mean-c.max/2) > tolerance || math.Abs(square-mean*mean-c.max*c.max/12) > tolerance {
			t.Errorf("%s: mean %v, mean square %v, largest %v", c.of.Name, mean, square, largest)
		}
	}
	if of := task.Superresolution(); of.Conditions != nil || of.NumConditions != 0 {
		t.Error("super-resolution has conditions")
	}
}

// normals returns an image of standard normal values.
func normals(shape pixel.Shape, seed uint64) pixel.Images {
	x := pixel.Images{Shape: shape, Data: make([]float32, shape.Len())}
	r := random.New(seed)
	r.Normals(x.Data)
	return x
}

// degrade degrades an image with one stream of random numbers.
func degrade(t testing.TB, of task.Task, clean pixel.Images, at task.Grid, time float32, seed uint64) pixel.Images {
	t.Helper()
	input := pixel.NewImages(1, clean.C, clean.H/of.Scale, clean.W/of.Scale)
	r := random.New(seed)
	if err := of.Degrade(input, clean, at, []float32{time}, &r); err != nil {
		t.Fatal(err)
	}
	return input
}

// TestDeblurringBlurs: without noise the input is K x, with a blur of 3 pixels on the finest mesh and the
// same width in the scene on coarser meshes.
func TestDeblurringBlurs(t *testing.T) {
	for _, c := range []struct {
		level, h, w int
		sigma       float64
	}{{0, 32, 32, 3}, {1, 16, 20, 1.5}, {3, 9, 9, 0.375}} {
		clean := normals(pixel.Shape{N: 1, C: 3, H: c.h, W: c.w}, 1)
		want := make([]float32, len(clean.Data))
		blur.New(c.h, c.w, c.sigma, c.sigma).Apply(want, clean.Data, 3)
		if !slices.Equal(degrade(t, task.Deblurring(), clean, task.On(c.level, clean), 0, 2).Data, want) {
			t.Errorf("level %d, t = 0: not the blurred image", c.level)
		}
	}
}

// TestNoise: t weights the noise, which is normally distributed and independent between meshes.
func TestNoise(t *testing.T) {
	const side, n = 64, 3 * 64 * 64
	clean := normals(pixel.Shape{N: 1, C: 3, H: side, W: side}, 1)
	for _, of := range []task.Task{task.Deblurring(), task.Inpainting()} {
		t.Run(of.Name, func(t *testing.T) {
			const time = 0.08
			noise := func(level int) []float64 {
				// The same stream gives the same mask.
				at := task.On(level, clean)
				input, still := degrade(t, of, clean, at, time, 2).Data, degrade(t, of, clean, at, 0, 2).Data
				z := make([]float64, n)
				for i := range z {
					z[i] = (float64(input[i]) - (1-time)*float64(still[i])) / time
				}
				return z
			}
			first, second := noise(0), noise(1)
			var mean, square, product float64
			for i, z := range first {
				mean, square, product = mean+z/n, square+z*z/n, product+z*second[i]/n
			}
			// Five standard errors of a mean, a variance and a covariance.
			if bound := 5 / math.Sqrt(n); math.Abs(mean) > bound || math.Abs(square-1) > math.Sqrt2*bound || math.Abs(product) > bound {
				t.Errorf("mean %v, variance %v, covariance of two meshes %v", mean, square, product)
			}
		})
	}
}

// TestBoxes: one to three boxes are zero in all channels, and all other pixels are unchanged. The sides of
// boxes are from a tenth to a third of the picture's sides, and every row and column can be missing.
func TestBoxes(t *testing.T) {
	for _, side := range []int{1, 2, 3, 5, 8, 16, 33, 64} {
		low, high := max(1, (side+9)/10), max(1, side/3)
		clean := normals(pixel.Shape{N: 1, C: 3, H: side, W: side}, 1)
		rows, columns := make([]int, side), make([]int, side)
		var samples, total int
		for seed := range uint64(300) {
			x := degrade(t, task.Inpainting(), clean, task.On(0, clean), 0, seed).Data
			holes := 0
			for i := range side * side {
				hole := x[i] == 0
				for c := range 3 {
					at := c*side*side + i
					if want := clean.Data[at]; (x[at] == 0) != hole || !hole && x[at] != want {
						t.Fatalf("side %d, pixel %d, channel %d: %v of %v", side, i, c, x[at], want)
					}
				}
				if hole {
					holes++
					rows[i/side]++
					columns[i%side]++
				}
			}
			if holes < low*low || holes > 3*high*high {
				t.Errorf("side %d: %d pixels are missing", side, holes)
			}
			samples, total = samples+1, total+holes
		}
		if slices.Min(rows) == 0 || slices.Min(columns) == 0 {
			t.Errorf("side %d: some rows or columns have never been missing: %v, %v", side, rows, columns)
		}
		if side < 33 {
			continue
		}
		// On average two boxes, each ((1/10+1/3)/2)^2 = 4.7% of the picture.
		if share := float64(total) / float64(samples*side*side); share < 0.07 || share > 0.1 {
			t.Errorf("side %d: %.1f%% of the pixels are missing", side, 100*share)
		}
	}
}

// TestBoxesScale: on the next coarser mesh the boxes are the same, up to a pixel at their edges.
func TestBoxesScale(t *testing.T) {
	const side = 64
	fine, coarse := pixel.NewImages(1, 3, side, side), pixel.NewImages(1, 3, side/2, side/2)
	for _, x := range []pixel.Images{fine, coarse} {
		for i := range x.Data {
			x.Data[i] = 1
		}
	}
	differ, missing := 0.0, 0.0
	for seed := range uint64(100) {
		restricted := mesh.Restrict(mesh.Nearest, degrade(t, task.Inpainting(), fine, task.On(0, fine), 0, seed), 1).Data
		for i, v := range degrade(t, task.Inpainting(), coarse, task.On(1, coarse), 0, seed).Data {
			if v != restricted[i] {
				differ++
			}
			missing += float64(1 - v)
		}
	}
	// Boxes at other positions would agree in less than a tenth of their pixels.
	if differ > 0.25*missing {
		t.Errorf("%v of %v missing pixels are others on the coarse mesh", differ, missing)
	}
}

// TestSuperresolutionHalves: with DegradeCoarse the coarse input is the antialiased half of the coarse
// target. On the finest mesh the input is that of the data set.
func TestSuperresolutionHalves(t *testing.T) {
	s := sampler(t, task.Superresolution(), 1)
	s.Restriction = mesh.Bilinear
	fine, _, err := s.Draw(mesh.Request{Size: 3, Coarse: true})
	if err != nil {
		t.Fatal(err)
	}
	s.DegradeCoarse = true
	_, coarse, err := s.Draw(mesh.Request{Size: 3, Coarse: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range fine.Len() {
		high := coarse.Target.Slice(i, i+1)
		want := make([]float32, 3*4*4)
		picture.FromFloat(high.Data, 8, 8).Half().Float(want)
		if !slices.Equal(coarse.Input.Slice(i, i+1).Data, want) {
			t.Errorf("sample %d: the coarse input is not half of the coarse target", i)
		}
		// Both show the same scene, so that their means are nearly equal.
		if m, n := mean(fine.Input.Slice(i, i+1).Data), mean(fine.Target.Slice(i, i+1).Data); math.Abs(m-n) > 0.05 {
			t.Errorf("sample %d: the input has mean %v, the target %v", i, m, n)
		}
	}
	if min, max := slices.Min(fine.Target.Data), slices.Max(fine.Target.Data); min < 0 || max > 1 {
		t.Errorf("pixels from %v to %v", min, max)
	}
}

func mean(x []float32) (m float64) {
	for _, v := range x {
		m += float64(v) / float64(len(x))
	}
	return m
}

// TestTrivialAnswer: for super-resolution, Degraded measures bilinear enlargement.
func TestTrivialAnswer(t *testing.T) {
	v, err := task.NewValidation(task.Superresolution(), leaves(t, 16), 16, 4, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := v.Batch.Input
	y := make([]float32, 4*len(x.Data))
	resample.Bilinear(y, x.Data, 3*x.N, x.H, x.W, 2*x.H, 2*x.W, 0.5, 0.5)
	var want float64
	for i, target := range v.Batch.Target.Data {
		d := float64(y[i]) - float64(target)
		want += d * d / float64(len(y))
	}
	if got := v.Degraded().Of(metric.MSE); math.Abs(got-want) > 1e-9 {
		t.Errorf("MSE %v, want %v", got, want)
	}
}

// BenchmarkDraw measures the time to draw a batch of 16 images with the paper's sides.
func BenchmarkDraw(b *testing.B) {
	for _, of := range task.All() {
		b.Run(of.Name, func(b *testing.B) {
			set := leaves(b, 128)
			if err := set.Train.Prepare(); err != nil {
				b.Fatal(err)
			}
			s := task.NewSampler(of, set, 128, 1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, _, err := s.Draw(mesh.Request{Iteration: i, Size: 16, Coarse: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestStep: for a pointwise task, degrading selected pixels gives the same values as degrading the whole
// image.
func TestStep(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		if !of.Pointwise {
			return
		}
		whole := normals(pixel.Shape{N: 1, C: 2, H: 32, W: 16}, 1)
		degraded := degrade(t, of, whole, task.On(0, whole), 0.07, 2)
		for level := range 4 {
			picked := mesh.Restrict(mesh.Nearest, whole, level)
			got := degrade(t, of, picked, task.Grid{Step: 1 << level, H: whole.H, W: whole.W}, 0.07, 2)
			if !slices.Equal(got.Data, mesh.Restrict(mesh.Nearest, degraded, level).Data) {
				t.Errorf("step %d: other pixels", 1<<level)
			}
		}
	})
}
