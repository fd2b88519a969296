// Package field measures models by the benchmarks of the field: on the usual sets of
// pictures, with the usual degradations and measures, next to simple methods and
// published figures. It is the body of evaluate's -benchmark.
package field

import (
	"fmt"

	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Benchmark is a way to degrade clean 8-bit pictures and to measure restored ones, which
// are first clipped and rounded to 8 bits.
type Benchmark struct {
	Name     string
	Channels int      // of the pictures
	Scale    int      // by which models enlarge
	Tasks    []string // of models; empty for any model that removes white noise
	Settings []Setting
	Measures []metric.Measure
	Protocol string // a description of the benchmark, in a few sentences

	degrade func(from source, s Setting, r random.Stream) (*observation, error)
	// methods do not use a network. The first one is the baseline: the degraded picture, or its enlargement.
	methods []method
	gains   bool // tables show the gain in PSNR over the first method
}

// Setting is one strength of a degradation.
type Setting struct {
	Name  string
	Sigma float64 // standard deviation of the noise on the 8-bit scale
	Blur  float64 // standard deviation of the blur in pixels
}

// observation is a degraded picture. Its pixels are on [0,1], but neither clipped nor rounded.
type observation struct {
	pixel.Images
	Setting
	missing []bool // by pixel, the same in all channels; nil if none is missing
}

// method restores a picture without a network. It returns pixels on [0,1].
type method struct {
	name    string
	restore func(o *observation) pixel.Images
}

// noise returns the standard deviation, on the 8-bit scale, of a share of noise t: the
// degraded picture is (1-t) times the clean one plus t times white noise, in values that
// are normalised with mean and standard deviation 1/2, and is divided by 1-t.
func noise(t float64) float64 { return 255.0 / 2 * t / (1 - t) }

// shares has the shares of noise of deblurring and inpainting, from weak to the strongest
// with which networks are trained.
var shares = []float64{0.01, 0.05, 0.1}

// sharpeningNoise is the standard deviation of the noise of sharpening, on the 8-bit scale.
const sharpeningNoise = 2

// border is the width in pixels that measures of luma leave out; see metric.PSNRLuma.
const border = 2

// All returns the benchmarks.
func All() []Benchmark {
	var white, blurred, soft, boxes []Setting
	for _, sigma := range []float64{15, 25, 50} {
		white = append(white, Setting{Name: fmt.Sprintf("sigma=%v", sigma), Sigma: sigma})
	}
	for _, t := range shares {
		s := Setting{Name: fmt.Sprintf("noise=%v", t), Sigma: noise(t)}
		boxes = append(boxes, s)
		s.Name, s.Blur = "blur=3,"+s.Name, 3
		blurred = append(blurred, s)
	}
	for _, width := range []float64{1, 2, 3} {
		soft = append(soft, Setting{Name: fmt.Sprintf("blur=%v,sigma=%v", width, sharpeningNoise), Sigma: sharpeningNoise, Blur: width})
	}
	input := method{"(input)", func(o *observation) pixel.Images { return o.Images }}
	awgn := Benchmark{
		Scale: 1, Settings: white, Measures: []metric.Measure{metric.PSNR}, degrade: whiten, methods: []method{input},
		Protocol: "White Gaussian noise on the 8-bit scale, neither clipped nor rounded, on whole pictures.",
	}
	color, gray := awgn, awgn
	color.Name, color.Channels = "awgn-color", 3
	gray.Name, gray.Channels = "awgn-gray", 1
	gray.Protocol += " Colours are brought to grey by the luma of BT.601, rounded."
	whole := []metric.Measure{metric.PSNR, metric.SSIM}
	return []Benchmark{
		color, gray,
		{
			Name: "sr-x2", Channels: 3, Scale: 2, Tasks: []string{task.Superresolution().Name}, Settings: []Setting{{Name: "x2"}},
			Measures: []metric.Measure{metric.PSNRLuma, metric.SSIMLuma}, degrade: reduce,
			methods: []method{{"(bicubic)", enlarge}}, gains: true,
			Protocol: fmt.Sprintf("Pictures, cut to even sides, are halved by MATLAB's antialiased bicubic and rounded to 8 bits, "+
				"unless the set has halves in a folder LR. "+
				"Measures are of luma (BT.601, 16 to 235) without a border of %d pixels; windows of SSIM lie inside.", border),
		},
		{
			Name: "deblurring", Channels: 3, Scale: 1, Tasks: []string{task.Deblurring().Name}, Settings: blurred, Measures: whole,
			degrade: blur, methods: []method{input, {"(wiener)", wiener}},
			Protocol: "A periodic Gaussian blur of 3 pixels and white noise: 127.5 t/(1-t) on the 8-bit scale for a noise of t. " +
				"Wiener's filter knows blur and noise.",
		},
		{
			Name: "sharpening", Channels: 3, Scale: 1, Tasks: []string{task.Sharpening().Name}, Settings: soft, Measures: whole,
			degrade: soften, methods: []method{input, {"(wiener)", mirrored(wiener)}},
			Protocol: "A Gaussian blur of pictures that are mirrored at their borders, and white noise on the 8-bit scale. " +
				"Wiener's filter knows blur and noise, networks the noise.",
		},
		{
			Name: "inpainting", Channels: 3, Scale: 1, Tasks: []string{task.Inpainting().Name, task.Filling().Name}, Settings: boxes, Measures: whole,
			degrade: cover, methods: []method{input, {"(harmonic)", filled}},
			Protocol: "One to three boxes of middle grey, each a tenth to a third of the sides, and white noise: 127.5 t/(1-t) on the " +
				"8-bit scale for a noise of t. The harmonic fill and models for filling know the boxes.",
		},
	}
}

// Names returns the names of the benchmarks.
func Names() []string {
	return lists.Of(All(), nameOf)
}

func nameOf(b Benchmark) string { return b.Name }
