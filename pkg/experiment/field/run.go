package field

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Request is a request to measure models by a benchmark.
type Request struct {
	Catalog   catalog.Catalog
	Benchmark string
	Models    []string
	Root      string // folder of clean pictures; for super-resolution it may have folders HR and LR
	List      string // a file of names below Root, one a line; empty for all pictures
	Pictures  int    // measure only the first ones; 0 for all
	Memory    int64  // bytes for a network's activations
	Out       string
	Options   session.Options
}

// model is one of the compared models.
type model struct {
	*trial.Model
	noise task.Noise                           // the meaning of its t
	fill  func(x pixel.Images, missing []bool) // of its task; nil if the model sees missing pixels as they are observed
}

// measurement is a request in progress.
type measurement struct {
	Request
	Benchmark Benchmark
	pictures  *pictures
	opened    trial.Models
	models    []*model
	results   []*result
	failed    []error // one for each picture that could not be measured
	notes     []string
	progress  *progress.Printer
}

// result has the measures of one method or model with one setting.
type result struct {
	method  string
	model   *model // nil for a method without a network
	setting string
	// names is by picture; values is by measure, then by picture.
	names  []string
	values [][]float64
}

// Run runs the request: it prints the table to out and progress to log.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	b, ok := lists.Find(All(), nameOf, r.Benchmark)
	if !ok {
		return command.Wrong("benchmark", r.Benchmark, "unknown", command.OneOf(Names()))
	}
	m := &measurement{Request: r, Benchmark: b, progress: progress.New(log)}
	defer m.progress.Close()
	defer func() { m.opened.Close() }()
	if err := m.open(); err != nil {
		return err
	}
	if err := m.claim(); err != nil {
		return err
	}
	if err := m.measure(ctx); err != nil {
		return err
	}
	if len(m.results) > 0 {
		if err := m.report(out); err != nil {
			return err
		}
	}
	if len(m.failed) > 0 {
		return fmt.Errorf("%d of %d pictures could not be measured; the first: %w", len(m.failed), len(m.pictures.names), m.failed[0])
	}
	return nil
}

// open opens pictures and models.
func (m *measurement) open() (err error) {
	if m.pictures, err = openPictures(m.Request, m.Benchmark); err != nil {
		return err
	}
	if m.opened, err = trial.OpenModels(m.Catalog.Models, m.Models, m.Memory, m.Options, m.progress.Print); err != nil {
		return err
	}
	for i, path := range m.Models {
		o := &model{Model: m.opened[i]}
		if of, err := m.Catalog.Task(o.Task); err == nil {
			o.fill = of.Fill
		}
		m.models = append(m.models, o)
		if o.noise, err = task.ParseNoise(o.Time); err == nil {
			err = m.Benchmark.fits(o)
		}
		if err != nil {
			return fmt.Errorf("-model %s: %w", path, err)
		}
	}
	return nil
}

// fits returns an error if the benchmark is not for a model.
func (b Benchmark) fits(o *model) error {
	of := func(a Benchmark) bool { return slices.Contains(a.Tasks, o.Task) }
	switch {
	case len(b.Tasks) > 0 && !of(b), len(b.Tasks) == 0 && slices.ContainsFunc(All(), of):
		return fmt.Errorf("it is a model for %s, which -benchmark %s does not measure", o.Task, b.Name)
	case o.Scale != b.Scale:
		return fmt.Errorf("it enlarges by %d, -benchmark %s needs %d", o.Scale, b.Name, b.Scale)
	case o.Channels != b.Channels:
		return fmt.Errorf("it takes %d channels, pictures of -benchmark %s have %d", o.Channels, b.Name, b.Channels)
	case o.Conditions > 1, o.Conditions == 1 && o.noise == task.NoNoise:
		return errors.New("what it takes beside a picture does not follow from the noise")
	}
	return nil
}

// measure measures the pictures, one at a time.
func (m *measurement) measure(ctx context.Context) error {
	total := len(m.pictures.names) * len(m.Benchmark.Settings) * max(1, len(m.models))
	done := 0
	for i, name := range m.pictures.names {
		found, err := m.picture(ctx, name, func() {
			done++
			m.progress.Count("pictures restored", done, total)
		})
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d pictures; nothing was written: %w", i, len(m.pictures.names), ctx.Err())
		}
		if err != nil { // continue with the other pictures
			m.failed = append(m.failed, err)
			m.progress.Print("%v", err)
			continue
		}
		m.add(name, found)
	}
	m.progress.Counted(m.notes)
	return nil
}

// add appends a picture's results to those of the others.
func (m *measurement) add(name string, found []*result) {
	if m.results == nil {
		m.results = found
	} else {
		for i, r := range found {
			for k, v := range r.values {
				m.results[i].values[k] = append(m.results[i].values[k], v...)
			}
		}
	}
	for _, r := range m.results {
		r.names = append(r.names, name)
	}
}

// picture measures a picture with all settings, methods and models.
func (m *measurement) picture(ctx context.Context, name string, done func()) (found []*result, err error) {
	b := m.Benchmark
	from, err := m.pictures.load(name, b)
	if err != nil {
		return nil, err
	}
	m.notes = append(m.notes, from.notes...)
	clean := from.clean
	for _, s := range b.Settings {
		// The noise depends only on the benchmark, the setting and the picture's name without folder and
		// extension, not on the other pictures or on the file format.
		base := filepath.Base(filepath.FromSlash(name))
		r := random.New(0).Child("benchmark/" + b.Name).Child(s.Name).Child(strings.TrimSuffix(base, filepath.Ext(base)))
		o, err := b.degrade(from, s, r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		score := func(method string, by *model, answer pixel.Images) {
			found = append(found, &result{method: method, model: by, setting: s.Name, values: b.score(answer, clean)})
		}
		for _, method := range b.methods {
			score(method.name, nil, method.restore(o))
		}
		for _, by := range m.models {
			answer, err := by.restore(ctx, o)
			if err != nil {
				return nil, err
			}
			score(by.Name, by, answer)
			done()
		}
		if len(m.models) == 0 {
			done()
		}
	}
	return found, nil
}

// score measures a restored picture, after clipping and rounding it to 8 bits.
func (b Benchmark) score(answer pixel.Images, clean *picture.Planar) [][]float64 {
	got := task.Normalised(picture.FromFloat(answer.Data, answer.W, answer.H), pixel.Unit)
	c := &metric.Comparison{Got: got, Want: task.Normalised(clean, pixel.Unit), Scale: pixel.Unit}
	return lists.Of(b.Measures, func(m metric.Measure) []float64 { return m.Of(c) })
}

// restore returns the picture that the model restores, as pixels on [0,1]. The noise decides t and the
// factor by which the model's input is multiplied.
func (o *model) restore(ctx context.Context, seen *observation) (pixel.Images, error) {
	scale := o.Pixels()
	x := pixel.Images{Shape: seen.Shape, Data: append([]float32(nil), seen.Data...)}
	scale.Normalise(x)
	var t []float32
	if o.Conditions > 0 {
		relative := 0.0 // standard deviation of the noise in normalised values, mean over channels
		for c := range x.C {
			_, std := scale.Channel(c)
			relative += seen.Sigma / 255 / std / float64(x.C)
		}
		factor, one := o.noise.At(relative)
		t = []float32{one}
		for i := range x.Data {
			x.Data[i] *= float32(factor)
		}
	}
	if o.fill != nil && seen.missing != nil {
		o.fill(x, seen.missing)
	}
	plan, err := o.Runner.Plan(x.H, x.W)
	if err != nil {
		return x, err
	}
	if !plan.Exact {
		o.Tiled++
	}
	y := pixel.NewImages(1, x.C, o.Scale*x.H, o.Scale*x.W)
	err = o.Runner.Run(ctx, tile.Of(x), t, func(planes [][]float32, row, rows int) {
		for c, plane := range planes {
			mean, std := scale.Channel(c)
			to := y.Data[(c*y.H+row)*y.W:][:rows*y.W]
			for i := range to {
				to[i] = float32(mean) + float32(float32(std)*plane[i])
			}
		}
	}, nil)
	return y, err
}
