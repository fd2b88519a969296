// Package evaluate is the body of experiments/evaluate: exported models over the
// validation pictures of a data set, whole pictures with fixed degradations.
package evaluate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Request is what is asked for. Which degradations a model meets follows from
// its task.
type Request struct {
	Models     []string
	Data, Root string
	Pictures   int       // at most so many, the first ones; 0 for all
	Noise      []float64 // shares of noise; nil for what fits the task
	Blur       float64   // of deblurring, in pixels
	Asked      []Asked
	Memory     int64 // bytes for what a network computes in between
	Out        string
	Options    session.Options
}

// Asked is a flag for the models of some tasks, of which there must be one.
type Asked struct {
	Flag  string
	Tasks []string
}

// model is one of the models that are compared.
type model struct {
	*session.Session
	name   string // short, and different from the others'
	runner *tile.Runner
}

// group is the models that see the same degraded pictures: of one task and
// with one normalisation.
type group struct {
	pixels       pixel.Scale
	degradations []trial.Degradation
	models       []*model
	trivial      string // name of the answer that takes no network
}

// evaluation is a request on its way.
type evaluation struct {
	Request
	set      *dataset.Set
	models   []*model
	groups   []*group
	rows     []Row
	tiled    map[string]int // pictures that a model took in tiles, not as a whole
	progress *progress.Printer
}

// Run does what r asks for: it prints the table to out and progress to log.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	e := &evaluation{Request: r, tiled: map[string]int{}, progress: progress.New(log)}
	defer e.progress.Close()
	defer func() {
		for _, m := range e.models {
			m.Close()
		}
	}()
	if err := e.open(); err != nil {
		return err
	}
	if err := e.measure(ctx); err != nil {
		return err
	}
	return e.report(out)
}

// open opens models and data.
func (e *evaluation) open() error {
	names := command.ShortNames(e.Models)
	notes := map[string]bool{}
	for i, path := range e.Models {
		s, err := session.Open(path, e.Options)
		if err != nil {
			return fmt.Errorf("-model %w", err)
		}
		m := &model{s, names[i], &tile.Runner{Session: s, Memory: e.Memory}}
		e.models = append(e.models, m)
		if s.Note != "" && !notes[s.Note] {
			notes[s.Note] = true
			e.progress.Print("%s", s.Note)
		}
		if err := e.place(m); err != nil {
			return err
		}
	}
	o := dataset.Options{Name: e.Data, Root: e.Root, CacheBytes: -1}
	if e.Data == "folder" {
		o.Validation = e.Root // all pictures of it, not a tenth
	}
	e.nameTrivial()
	for _, a := range e.Asked {
		if !slices.ContainsFunc(e.models, func(m *model) bool { return slices.Contains(a.Tasks, m.Task) }) {
			return &command.UsageError{Flag: "-" + a.Flag, Reason: "no model is for " + strings.Join(a.Tasks, " or "), Advice: "leave it out"}
		}
	}
	var err error
	e.set, err = dataset.Open(o)
	return err
}

// nameTrivial tells the degraded pictures apart that models of one task with different
// normalisations see: noise is as strong in normalised values, not in pixels.
func (e *evaluation) nameTrivial() {
	count := map[string]int{}
	for _, g := range e.groups {
		count[g.task().Name()]++
	}
	for _, g := range e.groups {
		g.trivial = "degraded"
		if g.task().Scale() != 1 {
			g.trivial = "bilinear"
		}
		if count[g.task().Name()] > 1 {
			g.trivial += fmt.Sprintf(", mean %.4g, std %.4g", g.pixels.Mean, g.pixels.Std)
		}
		g.trivial = "(" + g.trivial + ")"
	}
}

func (g *group) task() task.Task { return g.degradations[0].Task }

// place puts a model into its group.
func (e *evaluation) place(m *model) error {
	degradations, err := e.degradations(m)
	if err != nil {
		return err
	}
	for _, g := range e.groups {
		if g.task().Name() == m.Task && trial.SamePixels(g.pixels, m.Pixels()) {
			g.models = append(g.models, m)
			return nil
		}
	}
	e.groups = append(e.groups, &group{pixels: m.Pixels(), degradations: degradations, models: []*model{m}})
	return nil
}

// denoisingShares are the shares of noise for denoising where none are asked for.
var denoisingShares = []float64{0.1, 0.3}

// degradations returns those that a model is measured with.
func (e *evaluation) degradations(m *model) (list []trial.Degradation, err error) {
	t, err := task.New(m.Task)
	if err != nil {
		return nil, fmt.Errorf("-model %s: %w", m.Path, err)
	}
	shares := e.Noise
	if shares == nil {
		shares = []float64{trial.TrainedNoise}
		if t == (task.Denoising{}) {
			shares = denoisingShares
		}
	}
	for _, n := range shares {
		switch t.(type) {
		case task.Denoising:
			list = append(list, trial.Denoising(n))
		case task.Deblurring:
			list = append(list, trial.Deblurring(e.Blur, n))
		case task.Inpainting:
			list = append(list, trial.Inpainting(n))
		}
	}
	if t.Scale() != 1 { // there is one way to halve a picture
		list = []trial.Degradation{trial.Superresolution()}
	}
	if err := list[0].Fits(m.Session); err != nil {
		return nil, fmt.Errorf("-model %w", err)
	}
	return list, nil
}

// measure goes through the pictures, one at a time.
func (e *evaluation) measure(ctx context.Context) error {
	n := e.set.Validation.Len()
	if e.Pictures > 0 {
		n = min(n, e.Pictures)
	}
	total := 0
	for _, g := range e.groups {
		total += n * len(g.degradations) * len(g.models)
	}
	done := 0
	for i := range n {
		for _, g := range e.groups {
			for _, d := range g.degradations {
				if err := e.try(ctx, g, d, i); err != nil {
					if ctx.Err() != nil {
						return fmt.Errorf("stopped after %d of %d pictures; nothing was written: %w", i, n, ctx.Err())
					}
					return err
				}
				done += len(g.models)
				e.progress.Count("pictures restored", done, total)
			}
		}
	}
	return nil
}

// try measures a picture with one degradation: what is degraded itself, and what
// each model of the group makes of it.
func (e *evaluation) try(ctx context.Context, g *group, d trial.Degradation, i int) error {
	name := e.set.Validation.Name(i)
	// The noise belongs to the picture, whatever others there are.
	r := random.New(0).Child("evaluation/" + e.set.Name).Child(name)
	t, err := e.spoil(d, i, g.pixels, r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	row := Row{Data: e.set.Name, Picture: name, Width: t.Clean.W, Height: t.Clean.H, Task: d.Task.Name(), Degradation: d.String()}
	row.Model, row.Measures = g.trivial, t.Trivial(nil)
	e.rows = append(e.rows, row)
	for _, m := range g.models {
		restored, err := t.Restore(ctx, m.runner, t.T, nil, nil)
		if err != nil {
			return err
		}
		plan, err := m.runner.Plan(t.Input.H, t.Input.W)
		if err != nil {
			return err
		}
		if !plan.Exact {
			e.tiled[m.name]++
		}
		row.Model, row.Network, row.Measures = m.name, m.Network, restored
		row.Runtime = m.Runtime + " " + m.Version
		e.rows = append(e.rows, row)
	}
	return nil
}

// spoil makes the trial of picture i. Super-resolution takes the data set's own
// low-resolution picture.
func (e *evaluation) spoil(d trial.Degradation, i int, pixels pixel.Scale, r random.Stream) (*trial.Trial, error) {
	if d.Task.Scale() != 1 {
		low, high, err := e.set.Validation.WholePair(i)
		if err != nil {
			return nil, err
		}
		return trial.New(d, high, low, pixels, r)
	}
	p, err := e.set.Validation.Whole(i)
	if err != nil {
		return nil, err
	}
	return trial.New(d, p, nil, pixels, r)
}
