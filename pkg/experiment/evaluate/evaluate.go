// Package evaluate is the body of experiments/evaluate: exported models over the
// validation pictures of a data set, whole pictures with fixed degradations.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/field"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Request is what the command is to do. Which degradations a model gets follows
// from its task.
type Request struct {
	Catalog    catalog.Catalog
	Models     []string
	Data, Root string
	// Benchmark is one of package field, on the pictures of Root that List names; "" for none.
	Benchmark, List string
	// AllowIncomplete takes a published data set that lacks pictures.
	AllowIncomplete bool
	SkipBad         bool                 // leave out pictures that cannot be read
	Pictures        int                  // the first ones; 0 for all
	Settings        map[string][]float64 // of degradations, by name; see task.Evaluation
	Memory          int64                // bytes for what a network computes in between
	Out             string
	Options         session.Options
}

// group is the models that see the same degraded pictures: of one task and
// with one normalisation.
type group struct {
	task    task.Task
	scale   pixel.Scale
	cases   []task.Case
	models  trial.Models
	trivial string // name of the answer that takes no network
	// given says that the degraded pictures are the data set's.
	given bool
}

// evaluation is a request in progress.
type evaluation struct {
	Request
	set      *dataset.Set
	models   trial.Models
	groups   []*group
	rows     []Row
	failed   []error    // a picture each
	notes    [][]string // of each picture: what of its file is not used as it is
	progress *progress.Printer
}

// Run does what r asks for: it prints the table to out and progress to log.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	if r.Benchmark != "" {
		return field.Run(ctx, field.Request{
			Catalog: r.Catalog, Benchmark: r.Benchmark, Models: r.Models, Root: r.Root, List: r.List,
			Pictures: r.Pictures, Memory: r.Memory, Out: r.Out, Options: r.Options,
		}, out, log)
	}
	e := &evaluation{Request: r, progress: progress.New(log)}
	defer e.progress.Close()
	defer func() { e.models.Close() }()
	if err := e.open(); err != nil {
		return err
	}
	if err := e.claim(); err != nil {
		return err
	}
	if err := e.measure(ctx); err != nil {
		return err
	}
	if len(e.rows) > 0 {
		if err := e.report(out); err != nil {
			return err
		}
	}
	if len(e.failed) > 0 {
		return fmt.Errorf("%d of %d pictures could not be measured; the first: %w", len(e.failed), e.pictures()+len(e.set.Report.Bad), e.failed[0])
	}
	return nil
}

// pictures is how many pictures are measured.
func (e *evaluation) pictures() int {
	n := e.set.Validation.Len()
	if e.Pictures > 0 {
		n = min(n, e.Pictures)
	}
	return n
}

// open opens models and data.
func (e *evaluation) open() (err error) {
	if e.models, err = trial.OpenModels(e.Catalog.Models, e.Models, e.Memory, e.Options, e.progress.Print); err != nil {
		return err
	}
	if err := e.openData(); err != nil {
		return err
	}
	for _, m := range e.models {
		if err := e.place(m); err != nil {
			return err
		}
	}
	e.nameTrivial()
	return e.checkSettings()
}

// openData opens the data set, with as many channels as the first model takes.
func (e *evaluation) openData() error {
	format, err := dataset.Find(e.Catalog.Data, e.Data)
	if err != nil {
		return err
	}
	o := dataset.Options{
		Name: e.Data, Root: e.Root, CacheBytes: -1, Formats: e.Catalog.Data, AllowIncomplete: e.AllowIncomplete, SkipBad: true,
		Decoding: dataset.DecodeNone,
	}
	if e.models[0].Channels == 1 {
		o.Channels = 1 // grey of colours, as training makes it
	}
	if format.HasValidation {
		o.Validation = e.Root // all pictures of it, not a tenth
	}
	if e.set, err = dataset.Open(o); err != nil {
		return err
	}
	if format.HasValidation { // the folder was looked through twice
		r := &e.set.Report
		r.Bad = slices.DeleteFunc(r.Bad, func(b dataset.Bad) bool { return strings.HasPrefix(b.Name, "validation:") })
		r.LeftOut = slices.DeleteFunc(r.LeftOut, func(c dataset.Count) bool { return strings.HasSuffix(c.Kind, " in -validation") })
	}
	if !e.SkipBad { // the others are measured nevertheless
		for _, b := range e.set.Report.Bad {
			e.failed = append(e.failed, fmt.Errorf("%s: %s", b.Name, b.Reason))
		}
	}
	for _, line := range e.set.Report.Lines()[1:] { // how many there are is in the table
		e.progress.Print("%s", line)
	}
	return nil
}

// checkPairs refuses a model that needs degraded pictures where the data set has none.
func (e *evaluation) checkPairs(t task.Task) error {
	if !t.Paired() || t.Scale != 1 || e.set.Validation.HasInputs() {
		return nil
	}
	advice := "use -data pairs"
	if _, err := e.Catalog.Task(t.Name); err != nil {
		advice += ", or the program that trained the model and knows its task"
	}
	return command.Wrong("data", e.Data, "it has no degraded pictures, which models for "+t.Name+" need here", advice)
}

// checkSettings refuses a setting that no model's task has.
func (e *evaluation) checkSettings() error {
	for _, name := range slices.Sorted(maps.Keys(e.Settings)) {
		used := slices.ContainsFunc(e.groups, func(g *group) bool {
			return g.task.HasSetting(name)
		})
		if !used {
			var with []string
			for _, t := range e.Catalog.Tasks {
				if t.HasSetting(name) {
					with = append(with, t.Name)
				}
			}
			return &command.UsageError{Flag: "-" + name, Reason: "no model is for " + strings.Join(with, " or "), Advice: "leave it out"}
		}
	}
	return nil
}

// nameTrivial tells the degraded pictures apart that models of one task with different
// normalisations see: noise is as strong in normalised values, not in pixels.
func (e *evaluation) nameTrivial() {
	count := map[string]int{}
	for _, g := range e.groups {
		count[g.task.Name]++
	}
	for _, g := range e.groups {
		g.trivial = "degraded"
		if g.task.Scale != 1 {
			g.trivial = "bilinear"
		}
		if count[g.task.Name] > 1 {
			g.trivial += fmt.Sprintf(", mean %.4g, std %.4g", g.scale.Mean, g.scale.Std)
		}
		g.trivial = "(" + g.trivial + ")"
	}
}

// place puts a model into its group.
func (e *evaluation) place(m *trial.Model) error {
	t, err := e.Catalog.Task(m.Task)
	if err != nil {
		if t, err = foreign(m.Session); err != nil {
			return fmt.Errorf("-model %s: %w", m.Path, err)
		}
	}
	t = t.OfRatio(m.Scale)
	if err := trial.Fits(t, m.Session); err != nil {
		return fmt.Errorf("-model %w", err)
	}
	if err := e.checkPairs(t); err != nil {
		return err
	}
	if err := t.Suits(e.set); err != nil {
		return fmt.Errorf("-model %s: %w", m.Path, err)
	}
	if m.Channels != e.set.Channels {
		return fmt.Errorf("-model %s: it takes %d channels, pictures of %s have %d", m.Path, m.Channels, e.Data, e.set.Channels)
	}
	given := t.Paired() || e.takesGiven(t, m)
	for _, g := range e.groups {
		if g.task.Name == t.Name && g.task.Scale == t.Scale && g.given == given && g.scale.Equal(m.Pixels()) {
			g.models = append(g.models, m)
			return nil
		}
	}
	cases := t.Cases(e.Settings)
	if given && e.set.Report.Ratio != 0 {
		cases = []task.Case{{Name: task.Given}}
	}
	e.groups = append(e.groups, &group{task: t, scale: m.Pixels(), cases: cases, models: trial.Models{m}, given: given})
	return nil
}

// takesGiven says whether a model gets the data set's degraded pictures although its task
// degrades by itself: where it takes no t, of which pictures say nothing, and no setting
// of a degradation is given.
func (e *evaluation) takesGiven(t task.Task, m *trial.Model) bool {
	if e.set.Report.Ratio != t.Scale || slices.ContainsFunc(slices.Collect(maps.Keys(e.Settings)), t.HasSetting) {
		return false
	}
	if m.Conditions > 0 {
		e.progress.Print("%s takes t, which is not known of the degraded pictures: the clean ones are degraded instead", m.Name)
	}
	return m.Conditions == 0
}

// foreign is the task of a model that this program does not know, as far as the
// model tells: its input comes from the data set, is half of the clean picture where
// it enlarges, or is noise where it says what t means.
func foreign(s *session.Session) (task.Task, error) {
	t := task.Task{Name: s.Task, Scale: s.Scale}
	if s.Scale != 1 {
		t.Evaluation = task.Superresolution().Evaluation
	}
	noise, err := task.ParseNoise(s.Time)
	if err != nil {
		return t, err
	}
	if noise != task.NoNoise {
		t = task.OfNoise(s.Task, noise)
	} else if s.Conditions > 0 {
		return t, fmt.Errorf("this program does not have its task, %s, and so cannot tell its t; use the program that trained it", s.Task)
	}
	for _, name := range s.Measures {
		if m, err := metric.Find(metric.All(), name); err == nil {
			t.Measures = append(t.Measures, m)
		}
	}
	return t.Complete()
}

// measure goes through the pictures, one at a time.
func (e *evaluation) measure(ctx context.Context) error {
	n := e.pictures()
	total := 0
	for _, g := range e.groups {
		total += n * len(g.cases) * len(g.models)
	}
	done := 0
	e.notes = make([][]string, n)
	for i := range n {
		before := len(e.rows)
		err := e.picture(ctx, i, func(models int) {
			done += models
			e.progress.Count("pictures restored", done, total)
		})
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d pictures; nothing was written: %w", i, n, ctx.Err())
		}
		var bad unreadable
		switch {
		case err == nil:
			continue
		case errors.As(err, &bad) && e.SkipBad:
			e.set.Report.Bad = append(e.set.Report.Bad, dataset.Bad{Name: e.set.Validation.Name(i), Reason: err.Error()})
			e.progress.Print("left out: %v", err)
		default: // the others are still measured
			e.failed = append(e.failed, err)
			e.progress.Print("%v", err)
		}
		e.rows = e.rows[:before]
	}
	e.progress.Counted(slices.Concat(e.notes...))
	return nil
}

// unreadable is the error of a picture whose file cannot be read.
type unreadable struct{ error }

func (e unreadable) Unwrap() error { return e.error }

// picture measures a picture with all degradations and models.
func (e *evaluation) picture(ctx context.Context, i int, done func(models int)) error {
	for _, g := range e.groups {
		for _, c := range g.cases {
			if err := e.try(ctx, g, c, i); err != nil {
				return err
			}
			done(len(g.models))
		}
	}
	return nil
}

// try measures a picture with one degradation: what is degraded itself, and what
// each model of the group makes of it.
func (e *evaluation) try(ctx context.Context, g *group, c task.Case, i int) error {
	name := e.set.Validation.Name(i)
	// The noise belongs to the picture and does not depend on the others.
	r := random.New(0).Child("evaluation/" + e.set.Name).Child(name)
	t, err := e.degrade(g, c, i, r)
	var bad unreadable
	if errors.As(err, &bad) {
		return err // which names the file
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	row := Row{Data: e.set.Name, Picture: name, Width: t.Clean.W, Height: t.Clean.H, Task: g.task.Name, Degradation: c.Name}
	row.Model, row.Values = g.trivial, t.Trivial(nil)
	e.rows = append(e.rows, row)
	for _, m := range g.models {
		restored, err := t.Restore(ctx, m.Runner, t.T, nil, nil)
		if err != nil {
			return err
		}
		plan, err := m.Runner.Plan(t.Input.H, t.Input.W)
		if err != nil {
			return err
		}
		if !plan.Exact {
			m.Tiled++
		}
		row.Model, row.Network, row.Values = m.Name, m.Network, restored
		row.Runtime = m.Runtime + " " + m.Version
		e.rows = append(e.rows, row)
	}
	return nil
}

// degrade makes the trial of picture i. The data set's own degraded picture is taken
// where the task wants one.
func (e *evaluation) degrade(g *group, c task.Case, i int, r random.Stream) (*trial.Trial, error) {
	if g.given {
		input, clean, err := e.set.Validation.WholePair(i, g.task.Scale)
		if err != nil {
			return nil, unreadable{err}
		}
		e.notes[i] = slices.Concat(input.Notes, clean.Notes)
		return trial.New(g.task, c, clean, input, g.scale, r)
	}
	p, err := e.set.Validation.Whole(i)
	if err != nil {
		return nil, unreadable{err}
	}
	e.notes[i] = p.Notes
	return trial.New(g.task, c, p, nil, g.scale, r)
}
