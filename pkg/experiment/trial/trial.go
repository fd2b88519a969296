// Package trial spoils clean pictures on purpose, has models restore them, and
// measures how far they come: whole pictures, of any size, one at a time.
package trial

import (
	"context"
	"fmt"
	"slices"

	"multiscale/onnx/session"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Trial is a clean picture and what was made of it. Only the latter is kept as
// normalised numbers: of a photograph they fill hundreds of megabytes.
type Trial struct {
	Degradation Degradation
	Pixels      pixel.Scale
	Clean       *picture.Planar8
	Input       pixel.Images // one picture, normalised
	T           float32      // told to networks that take it
}

// New spoils a picture. What is random comes from r, whose position does not
// matter. low, for super-resolution, is the picture at half its sides; nil has it made.
func New(d Degradation, clean, low *picture.Planar8, pixels pixel.Scale, r random.Stream) (*Trial, error) {
	t := &Trial{Degradation: d, Pixels: pixels, T: d.T()}
	scale := d.Task.Scale()
	if scale == 1 {
		t.Clean, t.Input = clean, normalised(clean, pixels)
		d.apply(t.Input.Data, clean.H, clean.W, r.Child(d.Task.Name()))
		return t, nil
	}
	if clean.W < scale || clean.H < scale {
		return nil, fmt.Errorf("%dx%d pixels cannot be halved", clean.W, clean.H)
	}
	if low == nil {
		low = clean.Half()
	}
	t.Clean, t.Input = clean.Cut(0, 0, scale*low.W, scale*low.H), normalised(low, pixels)
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

func normalised(p *picture.Planar8, pixels pixel.Scale) pixel.Images {
	x := pixel.NewImages(1, 3, p.H, p.W)
	for c := range 3 {
		values := normalise(pixels, c)
		for y := range p.H {
			put(x.Data[(c*p.H+y)*p.W:], p.Row(c, y), values)
		}
	}
	return x
}

// normalise is what the bytes of a channel become.
func normalise(pixels pixel.Scale, c int) *[256]float32 {
	var bytes picture.Planar8
	for v := range 256 {
		bytes.Pix = append(bytes.Pix, uint8(v))
	}
	var values [256]float32
	bytes.Float(values[:])
	mean, std := channel(pixels, c)
	for i, v := range values {
		values[i] = (v - mean) / std
	}
	return &values
}

func put(dst []float32, bytes []uint8, values *[256]float32) {
	for i, v := range bytes {
		dst[i] = values[v]
	}
}

// channel is a scale's mean and standard deviation of a channel; one entry may
// serve all.
func channel(s pixel.Scale, c int) (mean, std float32) {
	c %= len(s.Mean)
	return float32(s.Mean[c]), float32(s.Std[c])
}

// Measures say how close a picture is to the clean one.
type Measures struct {
	MSE      float64 // of normalised values, as the paper has it
	PSNR     float64 // dB, of red, green and blue on [0,1], clamped
	PSNRLuma float64 // dB, of luma; for super-resolution without a border as wide as the factor
	SSIM     float64 // on [0,1], clamped
}

// Trivial measures the answer that takes no network: the degraded picture itself, or
// what bilinear interpolation makes of a reduced one. Where answer, of the clean
// picture's size, is not nil, it receives it.
func (t *Trial) Trivial(answer *picture.Planar8) Measures {
	x, h, w := t.Input, t.Clean.H, t.Clean.W
	if x.H != h || x.W != w {
		x = pixel.NewImages(1, 3, h, w)
		resample.Bilinear(x.Data, t.Input.Data, 3, t.Input.H, t.Input.W, h, w, float64(t.Input.H)/float64(h), float64(t.Input.W)/float64(w))
	}
	var planes [3][]float32
	for c := range planes {
		planes[c] = x.Data[c*h*w:][:h*w]
	}
	j := t.judge(answer)
	j.add(planes, 0, h)
	return j.measures()
}

// Restore has a model restore the picture and measures what comes; see Trivial for
// answer and tile.Runner.Run for done.
func (t *Trial) Restore(ctx context.Context, r *tile.Runner, told float32, answer *picture.Planar8, done func(tiles, of int)) (Measures, error) {
	x := t.Input
	in := tile.Picture{H: x.H, W: x.W, Read: func(dst []float32, top, left, h, w int) {
		for c := range 3 {
			for i := range h {
				copy(dst[(c*h+i)*w:][:w], x.Data[(c*x.H+top+i)*x.W+left:])
			}
		}
	}}
	j := t.judge(answer)
	if err := r.Run(ctx, in, told, j.add, done); err != nil {
		return Measures{}, err
	}
	return j.measures(), nil
}

// judge measures an answer row by row.
type judge struct {
	*metric.Running
	trial  *Trial
	answer *picture.Planar8
	values [3]*[256]float32 // of the clean picture's bytes
	clean  [3][]float32     // a row
	pixels []float32        // a row of the answer
}

func (t *Trial) judge(answer *picture.Planar8) *judge {
	h, w := t.Clean.H, t.Clean.W
	border := t.Degradation.Task.Scale()
	if border == 1 || 2*border >= min(h, w) {
		border = 0
	}
	j := &judge{Running: metric.NewRunning(h, w, t.Pixels, border), trial: t, answer: answer, pixels: make([]float32, w)}
	for c := range j.values {
		j.values[c] = normalise(t.Pixels, c)
	}
	return j
}

// judgedRows is how many rows are brought to numbers at once.
const judgedRows = 64

// add is a tile.Write.
func (j *judge) add(planes [3][]float32, y, rows int) {
	w := j.trial.Clean.W
	for first := 0; first < rows; first += judgedRows {
		n := min(judgedRows, rows-first)
		var got [3][]float32
		for c, plane := range planes {
			got[c] = plane[first*w:][:n*w]
			if j.clean[c] == nil {
				j.clean[c] = make([]float32, judgedRows*w)
			}
			j.clean[c] = j.clean[c][:n*w]
			for i := range n {
				put(j.clean[c][i*w:], j.trial.Clean.Row(c, y+first+i), j.values[c])
			}
		}
		j.Add(got, j.clean)
		if j.answer != nil {
			j.paint(got, y+first)
		}
	}
}

// paint puts rows of the answer into the picture, from row y on.
func (j *judge) paint(planes [3][]float32, y int) {
	w := len(j.pixels)
	for c, plane := range planes {
		mean, std := channel(j.trial.Pixels, c)
		for i := 0; i*w < len(plane); i++ {
			for x, v := range plane[i*w:][:w] {
				j.pixels[x] = mean + std*v
			}
			j.answer.Put(c, y+i, j.pixels)
		}
	}
}

func (j *judge) measures() Measures {
	return Measures{MSE: j.MSE(), PSNR: j.PSNR(), PSNRLuma: j.PSNRLuma(), SSIM: j.SSIM()}
}

// SamePixels says whether two scales are equal.
func SamePixels(a, b pixel.Scale) bool {
	return slices.Equal(a.Mean, b.Mean) && slices.Equal(a.Std, b.Std)
}
