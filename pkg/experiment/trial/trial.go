// Package trial degrades clean pictures, restores them with models and measures the results: whole
// pictures of any size, one at a time. It also has what the commands that measure models share: flags,
// opening several models, and the folder of their tables.
package trial

import (
	"context"
	"fmt"
	"slices"

	"multiscale/onnx/session"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Trial is a clean picture and its degraded version. Only the latter is stored as
// normalised numbers, because these take hundreds of megabytes for a photograph.
type Trial struct {
	Task  task.Task
	Case  task.Case
	Scale pixel.Scale
	Clean *picture.Planar
	Input pixel.Images // one image, normalised
	T     []float32    // the conditions, for networks that take them
}

// New degrades a picture by a case of the task. Random numbers come from children of r,
// so r's position does not matter. If input is not nil, it is the degraded picture of the
// data set, and New does not degrade. For super-resolution, a nil input stands for the
// picture at half its sides.
func New(t task.Task, c task.Case, clean, input *picture.Planar, scale pixel.Scale, r random.Stream) (*Trial, error) {
	r = r.Child(t.Name)
	trial := &Trial{Task: t, Case: c, Scale: scale, Clean: clean, T: c.T}
	if trial.T == nil && t.NumConditions > 0 {
		trial.T = make([]float32, t.NumConditions)
		drawn := r.Child("conditions")
		t.Conditions(trial.T, &drawn)
	}
	if t.Paired() || input != nil {
		return trial, trial.pair(input)
	}
	h, w := clean.H/t.Scale, clean.W/t.Scale
	if err := trial.cut(h, w); err != nil {
		return nil, err
	}
	x := task.Normalised(trial.Clean, scale)
	trial.Input = pixel.NewImages(1, x.C, h, w)
	if err := c.Degrade(trial.Input, x, task.On(0, trial.Input), trial.T, &r); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return trial, nil
}

// pair sets the degraded picture to input, or to the reduced clean picture if that is nil.
func (t *Trial) pair(input *picture.Planar) error {
	if input == nil {
		if t.Task.Scale != 2 {
			return fmt.Errorf("task %s: there is no degraded picture; use -data pairs", t.Task.Name)
		}
		input = t.Clean.Half()
	}
	if err := t.cut(input.H, input.W); err != nil {
		return err
	}
	t.Input = task.Normalised(input, t.Scale)
	return nil
}

// cut crops the clean picture to the part that an input of h by w pixels shows.
func (t *Trial) cut(h, w int) error {
	scale := t.Task.Scale
	if h < 1 || w < 1 {
		return fmt.Errorf("%dx%d pixels are too few to be reduced by %d", t.Clean.W, t.Clean.H, scale)
	}
	if t.Clean.W != scale*w || t.Clean.H != scale*h {
		t.Clean = t.Clean.Cut(0, 0, scale*w, scale*h)
	}
	return nil
}

// Fits returns an error if a model is not for the task.
func Fits(t task.Task, s *session.Session) error {
	if s.Task != t.Name {
		return fmt.Errorf("%s is a model for %s", s.Path, s.Task)
	}
	if s.Scale != t.Scale {
		return fmt.Errorf("%s enlarges pictures by %d, the task %s by %d", s.Path, s.Scale, s.Task, t.Scale)
	}
	return nil
}

// Trivial measures the result without a network: the degraded picture, enlarged by
// bilinear interpolation if the task enlarges. If answer is not nil, it must have the
// clean picture's size, and receives that result.
func (t *Trial) Trivial(answer *picture.Planar) metric.Values {
	x := task.Enlarged(t.Input, t.Task.Scale)
	planes := slices.Collect(slices.Chunk(x.Data, x.Plane()))
	j := t.judge(answer)
	j.add(planes, 0, x.H)
	return j.Values()
}

// Restore restores the picture with a model and measures the result. If answer is not nil,
// it receives the result, as in Trivial; for done see tile.Runner.Run.
func (t *Trial) Restore(ctx context.Context, r *tile.Runner, conditions []float32, answer *picture.Planar, done func(tiles, of int)) (metric.Values, error) {
	j := t.judge(answer)
	if err := r.Run(ctx, tile.Of(t.Input), conditions, j.add, done); err != nil {
		return nil, err
	}
	return j.Values(), nil
}

// judge measures a result in groups of rows, and stores it in answer, if that is not nil.
type judge struct {
	*metric.Running
	trial  *Trial
	answer *picture.Planar
	pixels []float32 // a row of the result
}

func (t *Trial) judge(answer *picture.Planar) *judge {
	p := t.Clean
	border := t.Task.Scale
	if border == 1 || 2*border >= min(p.H, p.W) {
		border = 0
	}
	shape := pixel.Shape{N: 1, C: p.C, H: p.H, W: p.W}
	return &judge{Running: metric.NewRunning(shape, t.Scale, border), trial: t, answer: answer, pixels: make([]float32, p.W)}
}

// judgedRows is the number of rows of the clean picture that are normalised at once.
const judgedRows = 64

// add is a tile.Write.
func (j *judge) add(planes [][]float32, y, rows int) {
	clean, w := j.trial.Clean, j.trial.Clean.W
	for first := 0; first < rows; first += judgedRows {
		n := min(judgedRows, rows-first)
		got, want := make([][]float32, len(planes)), make([][]float32, len(planes))
		x := task.Normalised(clean.Cut(0, y+first, w, n), j.trial.Scale)
		for c, plane := range planes {
			got[c] = plane[first*w:][:n*w]
			want[c] = x.Data[c*x.Plane():][:x.Plane()]
		}
		j.Add(got, want)
		if j.answer != nil {
			j.paint(got, y+first)
		}
	}
}

// paint stores rows of the result in the answer, from row y on.
func (j *judge) paint(planes [][]float32, y int) {
	w := len(j.pixels)
	for c, plane := range planes {
		mean, std := j.trial.Scale.Channel(c)
		for i := 0; i*w < len(plane); i++ {
			for x, v := range plane[i*w:][:w] {
				j.pixels[x] = float32(mean) + float32(float32(std)*v)
			}
			j.answer.Put(c, y+i, j.pixels)
		}
	}
}
