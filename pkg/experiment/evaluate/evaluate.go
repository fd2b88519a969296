// Package evaluate is the body of experiments/evaluate: it measures exported models on the
// validation pictures of a data set, on whole pictures with fixed degradations.
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

// Request is a request to measure models. The task of a model decides the
// degradations.
type Request struct {
	Catalog    catalog.Catalog
	Models     []string
	Data, Root string
	// Benchmark is one of package field, on the pictures of Root that List names; "" for none.
	Benchmark, List string
	// AllowIncomplete accepts a published data set that lacks pictures.
	AllowIncomplete bool
	SkipBad         bool                 // leave out pictures that cannot be read
	Pictures        int                  // measure only the first ones; 0 for all
	Settings        map[string][]float64 // of degradations, by name; see task.Evaluation
	Memory          int64                // bytes for a network's activations
	Out             string
	Options         session.Options
}

// group has the models that see the same degraded pictures: those of one task and
// one normalisation.
type group struct {
	task    task.Task
	scale   pixel.Scale
	cases   []task.Case
	models  trial.Models
	trivial string // name of the result without a network
	// given reports whether the degraded pictures come from the data set.
	given bool
}

// evaluation is a request in progress.
type evaluation struct {
	Request
	set      *dataset.Set
	models   trial.Models
	groups   []*group
	rows     []Row
	failed   []error    // one for each picture that could not be measured
	notes    [][]string // by picture: what of its file is changed or left out
	progress *progress.Printer
}

// Run runs the request: it prints the table to out and progress to log.
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

// pictures returns the number of pictures to measure.
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

// openData opens the data set. If the first model takes grey pictures, the data set is read in grey.
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
		o.Channels = 1 // luma of colours, as in training
	}
	if format.HasValidation {
		o.Validation = e.Root // validate on all pictures, not on a tenth
	}
	if e.set, err = dataset.Open(o); err != nil {
		return err
	}
	if format.HasValidation { // the same folder was read twice: remove the second half of the report
		r := &e.set.Report
		r.Bad = slices.DeleteFunc(r.Bad, func(b dataset.Bad) bool { return strings.HasPrefix(b.Name, "validation:") })
		r.LeftOut = slices.DeleteFunc(r.LeftOut, func(c dataset.Count) bool { return strings.HasSuffix(c.Kind, " in -validation") })
	}
	if !e.SkipBad { // an error at the end; the other pictures are measured first
		for _, b := range e.set.Report.Bad {
			e.failed = append(e.failed, fmt.Errorf("%s: %s", b.Name, b.Reason))
		}
	}
	for _, line := range e.set.Report.Lines()[1:] { // the first has the number of pictures, which the table shows
		e.progress.Print("%s", line)
	}
	return nil
}

// checkPairs returns an error if a model needs degraded pictures and the data set has none.
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

// checkSettings returns an error if a setting is given that no model's task has.
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

// nameTrivial names the groups' results without a network. If models of one task have different
// normalisations, the names include these: the same noise in normalised values differs in pixels.
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

// place adds a model to its group, and creates the group if necessary.
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

// takesGiven reports whether a model gets the data set's degraded pictures although its task
// degrades pictures itself: if it takes no t, which pictures do not have, and if no setting of a
// degradation is given.
func (e *evaluation) takesGiven(t task.Task, m *trial.Model) bool {
	if e.set.Report.Ratio != t.Scale || slices.ContainsFunc(slices.Collect(maps.Keys(e.Settings)), t.HasSetting) {
		return false
	}
	if m.Conditions > 0 {
		e.progress.Print("%s takes t, which is not known of the degraded pictures: the clean ones are degraded instead", m.Name)
	}
	return m.Conditions == 0
}

// foreign returns a task for a model whose own task this program does not have, by the
// model's metadata. If these say what t means, the task adds noise; if the model enlarges,
// its input is half of the clean picture; otherwise the input comes from the data set.
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

// measure measures the pictures, one at a time.
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
		default: // continue with the other pictures
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

// try measures a picture with one degradation: the result without a network, and
// that of each model of the group.
func (e *evaluation) try(ctx context.Context, g *group, c task.Case, i int) error {
	name := e.set.Validation.Name(i)
	// The noise depends only on the data set and the picture's name, not on the other pictures.
	r := random.New(0).Child("evaluation/" + e.set.Name).Child(name)
	t, err := e.degrade(g, c, i, r)
	var bad unreadable
	if errors.As(err, &bad) {
		return err // it already names the file
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

// degrade returns the trial of picture i, with the data set's degraded picture if the group
// takes that.
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
