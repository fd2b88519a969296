package task_test

import (
	"math"
	"slices"
	"testing"

	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// TestNoiseIsWhatTSays: on every mesh, the input is the target plus noise with standard deviation t, which is within the
// range of levels.
func TestNoiseIsWhatTSays(t *testing.T) {
	levels := task.Levels{Low: 10, High: 50}
	s := sampler(t, task.AWGN().OfLevels(levels), 1)
	check := func(what string, b mesh.Batch) {
		per := b.Input.C * b.Input.H * b.Input.W
		var sum float64
		for i := range b.Len() {
			if sigma := 255 * float64(b.T[i]); sigma < levels.Low || sigma > levels.High {
				t.Errorf("%s: sigma %v", what, sigma)
			}
			for k := i * per; k < (i+1)*per; k++ {
				z := float64(b.Input.Data[k]-b.Target.Data[k]) / float64(b.T[i])
				sum += z * z
			}
		}
		n := float64(b.Len() * per)
		// The bound is five standard errors of a variance of n normal values.
		if v := sum / n; math.Abs(v-1) > 5*math.Sqrt(2/n) {
			t.Errorf("%s: the variance of the noise is %v of what t says", what, v)
		}
	}
	for _, anew := range []bool{false, true} {
		s.DegradeCoarse = anew
		for level := range 2 {
			fine, coarse, err := s.Draw(mesh.Request{Level: level, Size: 40, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			check("fine", fine)
			check("coarse", coarse)
		}
		crops, _, err := s.Draw(mesh.Request{Level: 1, Size: 40, Crops: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		check("crops", crops)
	}
}

// TestOfLevels: levels are drawn uniformly from the range, and OfLevels does not change the task itself.
func TestOfLevels(t *testing.T) {
	of := task.AWGN()
	narrow := of.OfLevels(task.Levels{Low: 25, High: 25})
	r := random.New(1)
	var drawn [1]float32
	if narrow.Conditions(drawn[:], &r); drawn[0] != float32(25.0/255) {
		t.Errorf("t is %v", drawn[0])
	}
	const n = 10000
	var mean float64
	for range n {
		of.Conditions(drawn[:], &r)
		mean += 255 * float64(drawn[0]) / n
	}
	if want := of.NoiseLevels.High / 2; math.Abs(mean-want) > 5*of.NoiseLevels.High/math.Sqrt(12*n) {
		t.Errorf("sigma is %v on average, want %v", mean, want)
	}
	cases := of.Cases(nil)
	if len(cases) != 3 || cases[1].Name != "sigma=25" || !slices.Equal(cases[1].T, []float32{float32(25.0 / 255)}) {
		t.Errorf("%+v", cases)
	}
}

// TestSharpening: without noise the input is the picture with the requested blur, which has the same width in the scene on
// coarse meshes.
func TestSharpening(t *testing.T) {
	clean := normals(pixel.Shape{N: 1, C: 3, H: 16, W: 20}, 1)
	of := task.Sharpening()
	for level := range 2 {
		input, want := pixel.NewImages(1, 3, 16, 20), make([]float32, len(clean.Data))
		r := random.New(2)
		if err := of.Evaluation.Degrade([]float64{2, 0})(input, clean, task.On(level, clean), []float32{0}, &r); err != nil {
			t.Fatal(err)
		}
		blur.Mirrored(want, clean.Data, 3, 16, 20, 2/float64(int(1)<<level))
		if !slices.Equal(input.Data, want) {
			t.Errorf("level %d: not the blurred picture", level)
		}
	}
	// In training, the width of the blur differs from picture to picture.
	one, two := degrade(t, of, clean, task.On(0, clean), 0, 2), degrade(t, of, clean, task.On(0, clean), 0, 3)
	if slices.Equal(one.Data, two.Data) {
		t.Error("two pictures are blurred alike")
	}
}
