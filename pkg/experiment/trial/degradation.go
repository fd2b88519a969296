package trial

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Degradation is a fixed way to spoil a clean picture, of one task.
type Degradation struct {
	Task  task.Task
	Noise float64 // share of noise in what the network sees: 1-t in denoising, t elsewhere
	Blur  float64 // deblurring: standard deviation in pixels
}

// Denoising mixes (1-noise)*x with noise*z, z ~ N(0,I).
func Denoising(noise float64) Degradation { return Degradation{Task: task.Denoising{}, Noise: noise} }

// Deblurring blurs with a Gaussian of standard deviation sigma, periodic at the
// borders, and mixes in noise.
func Deblurring(sigma, noise float64) Degradation {
	return Degradation{Task: task.Deblurring{}, Blur: sigma, Noise: noise}
}

// Inpainting sets one to three random boxes to zero, the middle of the
// normalised range, and mixes in noise.
func Inpainting(noise float64) Degradation { return Degradation{Task: task.Inpainting{}, Noise: noise} }

// Superresolution reduces the picture to half its sides.
func Superresolution() Degradation { return Degradation{Task: task.Superresolution{}} }

// TrainedNoise is the share of noise of deblurring and inpainting where none is
// asked for: the mean of what networks are trained with.
const TrainedNoise = 0.05

// Form says how Parse wants a degradation written.
const Form = "noise=0.2|blur=3|boxes|half"

// Parse reads a degradation as a user writes it: noise=0.2, blur=3, boxes or
// half; after blur and boxes ",noise=0.1" may say how much noise there is.
func Parse(s string) (Degradation, error) {
	what, more, _ := strings.Cut(s, ",")
	noise := TrainedNoise
	name, value, _ := strings.Cut(what, "=")
	if more != "" {
		second, text, _ := strings.Cut(more, "=")
		if second != "noise" || name != "blur" && name != "boxes" {
			return Degradation{}, fmt.Errorf("%q is not known; write %s", more, Form)
		}
		var err error
		if noise, err = ParseNoise(text); err != nil {
			return Degradation{}, err
		}
	}
	switch {
	case name == "noise":
		noise, err := ParseNoise(value)
		return Denoising(noise), err
	case name == "blur":
		sigma, err := ParseBlur(value)
		return Deblurring(sigma, noise), err
	case what == "boxes":
		return Inpainting(noise), nil
	case what == "half":
		return Superresolution(), nil
	}
	return Degradation{}, fmt.Errorf("%q is not known; write %s", what, Form)
}

// ParseNoise reads a share of noise.
func ParseNoise(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, fmt.Errorf("%q is not a share of noise; give a number from 0 to 1, like 0.2", s)
	}
	return v, nil
}

// mostBlur bounds the blur: beyond, nothing is left of any picture.
const mostBlur = 100

// ParseBlur reads the standard deviation of a blur in pixels.
func ParseBlur(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v > 0 && v <= mostBlur) {
		return 0, fmt.Errorf("%q is not the width of a blur in pixels; give a number above 0, at most %d, like 3", s, mostBlur)
	}
	return v, nil
}

// String writes the degradation as Parse reads it.
func (d Degradation) String() string {
	noise := ",noise=" + strconv.FormatFloat(d.Noise, 'g', -1, 64)
	switch d.Task.(type) {
	case task.Deblurring:
		return "blur=" + strconv.FormatFloat(d.Blur, 'g', -1, 64) + noise
	case task.Inpainting:
		return "boxes" + noise
	case task.Superresolution:
		return "half"
	}
	return noise[1:]
}

// T is the number t that the network is told.
func (d Degradation) T() float32 { return TimeOf(d.Task.Name(), d.Noise) }

// TimeOf is the number t that goes with a share of noise: in denoising t weights
// the picture, elsewhere the noise.
func TimeOf(taskName string, noise float64) float32 {
	if taskName == (task.Denoising{}).Name() {
		return float32(1 - noise)
	}
	return float32(noise)
}

// apply spoils a normalised picture, planes (3,h,w), of any size, in place. The paper's tasks know
// squares only, hence the boxes here; on squares they are drawn alike.
func (d Degradation) apply(dst []float32, h, w int, r random.Stream) {
	if _, blurred := d.Task.(task.Deblurring); blurred {
		g := blur.New(h, w, d.Blur, d.Blur)
		sharp := make([]float32, h*w)
		for c := range 3 {
			plane := dst[c*h*w:][:h*w]
			copy(sharp, plane)
			g.Apply(plane, sharp, 1)
		}
	}
	if _, boxes := d.Task.(task.Inpainting); boxes {
		for range 1 + r.Intn(mostBoxes) {
			clearBox(dst, h, w, &r)
		}
	}
	task.AddNoise(dst, task.Mesh{}, float32(1-d.Noise), &r)
}

const mostBoxes = 3

// clearBox sets a random box to zero in all channels: sides of a tenth to a third
// of the picture's, uniformly, then a place, uniformly.
func clearBox(x []float32, h, w int, r *random.Stream) {
	below := func(n int) int { return int(r.Float64() * float64(n)) }
	length := func(side int) int {
		least := max(1, (side+9)/10)
		return least + below(max(1, side/3-least+1))
	}
	boxH, boxW := length(h), length(w)
	top, left := below(h-boxH+1), below(w-boxW+1)
	for c := range 3 {
		for i := range boxH {
			clear(x[(c*h+top+i)*w+left:][:boxW])
		}
	}
}
