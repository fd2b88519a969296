// Package trial spoils clean pictures on purpose, has models restore them, and
// measures how far they come: whole pictures, of any size, one at a time.
package trial

import (
	"context"
	"fmt"
	"slices"

	"multiscale/experiments/internal/tile"
	"multiscale/onnx/session"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// Trial is a picture and what was made of it, both normalised.
type Trial struct {
	Degradation   Degradation
	Pixels        metric.Scale
	Input, Target mesh.Images // one picture each
	T             float32     // told to networks that take it
}

// New spoils a picture. What is random comes from r, whose position does not
// matter. low, for super-resolution, is the picture at half its sides; nil has it made.
func New(d Degradation, clean, low *picture.Planar8, pixels metric.Scale, r random.Stream) (*Trial, error) {
	t := &Trial{Degradation: d, Pixels: pixels, T: d.T()}
	scale := d.Task.Scale()
	if scale == 1 {
		t.Target = normalised(clean, pixels)
		t.Input = mesh.NewImages(1, 3, clean.H, clean.W)
		d.apply(t.Input.Data, t.Target.Data, clean.H, clean.W, r.Child(d.Task.Name()))
		return t, nil
	}
	if clean.W < scale || clean.H < scale {
		return nil, fmt.Errorf("%dx%d pixels cannot be halved", clean.W, clean.H)
	}
	if low == nil {
		low = clean.Half()
	}
	t.Target = normalised(clean.Cut(0, 0, scale*low.W, scale*low.H), pixels)
	t.Input = normalised(low, pixels)
	return t, nil
}

// Fits refuses a model that the trial is not for.
func (d Degradation) Fits(s *session.Session) error {
	if s.Task != d.Task.Name() {
		return fmt.Errorf("%s is a model for %s", s.Path, s.Task)
	}
	if s.Scale != d.Task.Scale() {
		return fmt.Errorf("%s enlarges pictures by %d, the task %s by %d", s.Path, s.Scale, s.Task, d.Task.Scale())
	}
	return nil
}

func normalised(p *picture.Planar8, pixels metric.Scale) mesh.Images {
	x := mesh.NewImages(1, 3, p.H, p.W)
	p.Float(x.Data)
	size := p.H * p.W
	for c := range 3 {
		mean, std := channel(pixels, c)
		plane := x.Data[c*size:][:size]
		for i, v := range plane {
			plane[i] = (v - mean) / std
		}
	}
	return x
}

// channel is a scale's mean and standard deviation of a channel; one entry may
// serve all.
func channel(s metric.Scale, c int) (mean, std float32) {
	c %= len(s.Mean)
	return float32(s.Mean[c]), float32(s.Std[c])
}

// Trivial is the answer that takes no network: the degraded picture itself, or
// what bilinear interpolation makes of a reduced one.
func (t *Trial) Trivial() []float32 {
	x, y := t.Input, t.Target
	if x.H == y.H && x.W == y.W {
		return x.Data
	}
	out := make([]float32, len(y.Data))
	resample.Bilinear(out, x.Data, 3, x.H, x.W, y.H, y.W, float64(x.H)/float64(y.H), float64(x.W)/float64(y.W))
	return out
}

// Restore has a model restore the picture; see tile.Runner.Run for done.
func (t *Trial) Restore(ctx context.Context, r *tile.Runner, told float32, done func(tiles, of int)) ([]float32, error) {
	x, y := t.Input, make([]float32, len(t.Target.Data))
	size := t.Target.H * t.Target.W
	in := tile.Picture{H: x.H, W: x.W, Read: func(dst []float32, top, left, h, w int) {
		for c := range 3 {
			for i := range h {
				copy(dst[(c*h+i)*w:][:w], x.Data[(c*x.H+top+i)*x.W+left:])
			}
		}
	}}
	err := r.Run(ctx, in, told, func(planes [3][]float32, row, _ int) {
		for c, p := range planes {
			copy(y[c*size+row*t.Target.W:], p)
		}
	}, done)
	return y, err
}

// Measures say how close a picture is to the clean one.
type Measures struct {
	MSE      float64 // of normalised values, as the paper has it
	PSNR     float64 // dB, of red, green and blue on [0,1], clamped
	PSNRLuma float64 // dB, of luma; for super-resolution without a border as wide as the factor
	SSIM     float64 // on [0,1], clamped
}

// Measure measures a normalised picture against the clean one.
func (t *Trial) Measure(y []float32) Measures {
	shape := metric.Shape{N: 1, C: 3, H: t.Target.H, W: t.Target.W}
	border := t.Degradation.Task.Scale()
	if border == 1 || 2*border >= min(shape.H, shape.W) {
		border = 0
	}
	got, want := metric.Pixels(y, shape, t.Pixels), metric.Pixels(t.Target.Data, shape, t.Pixels)
	return Measures{
		MSE:      metric.MSE(y, t.Target.Data, shape)[0],
		PSNR:     metric.PSNR(got, want, shape)[0],
		PSNRLuma: metric.PSNRLuma(got, want, shape, border)[0],
		SSIM:     metric.SSIM(got, want, shape)[0],
	}
}

// Picture brings a normalised answer to 8 bits.
func (t *Trial) Picture(y []float32) *picture.Planar8 {
	shape := metric.Shape{N: 1, C: 3, H: t.Target.H, W: t.Target.W}
	return picture.FromFloat(metric.Pixels(y, shape, t.Pixels), shape.W, shape.H)
}

// SamePixels says whether two scales are equal.
func SamePixels(a, b metric.Scale) bool {
	return slices.Equal(a.Mean, b.Mean) && slices.Equal(a.Std, b.Std)
}
