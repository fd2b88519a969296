// Package experiment runs training experiments: from flags to a run folder, with
// plans, models, training, export and cross-checks.
package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/graph"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/ranks"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// Main is the body of a command that trains networks for a task: it parses the
// flags and runs. called is the name of the command in its help.
func Main(ctx context.Context, known catalog.Catalog, t task.Task, called string, args []string) error {
	return command.Print(func(out io.Writer) error {
		transport, err := start()
		if err != nil {
			return err
		}
		if transport != nil && transport.Rank() > 0 {
			out = io.Discard
		}
		c, err := setting.ArgumentsOf(called, known, t, args, out)
		if transport != nil {
			return together(transport, c, err, func(joined *ranks.Ranks) error {
				command.UseThreads(cmp.Or(c.Threads, joined.Threads()))
				return RunWith(ctx, known, c.Task, c, joined, out, os.Stderr)
			})
		}
		if err != nil {
			return err
		}
		command.UseThreads(c.Threads)
		return Run(ctx, known, c.Task, c, out, os.Stderr)
	})
}

// Experiment is one task with one configuration. All its units, one for each strategy and seed, share it.
type Experiment struct {
	known   catalog.Catalog
	task    task.Task
	config  setting.Config
	network network.Network
	work    mge.Work

	initial  *Weights          // of -init, or nil
	extended *runfolder.Record // of the run that -extend continues, or nil
	// levelsPilot has the work units of the measurement for -levels auto.
	levelsPilot float64

	set        *dataset.Set
	validation *task.Validation
	final      *task.Validation // of whole pictures, for the end of units with -whole-at-end; otherwise nil
	input      runfolder.Input  // measures of the validation's degraded pictures; set with validation
	asked      map[string]any   // flags for run.json instead of those of config
	dir        string           // of the run folder: -out, or in it the folder of one unit
	folder     *runfolder.Folder
	files      durable.FS  // of the run folder; nil for durable.OS
	arena      graph.Arena // of all units' models

	out      io.Writer       // results
	adopted  bool            // the network has the options of -init, not those of -network
	remarked map[string]bool // lines that remark has printed
	log      io.Writer       // progress and remarks
	progress *progress.Printer
	// The progress of the whole call.
	done, total float64 // work units of finished units, and of all units
	forecast    forecast
	remaining   *remaining   // of the unit in training
	ranks       *ranks.Ranks // that train together; nil for this process alone
	images      int          // evaluations of the network so far, in pictures
}

// Run runs the experiment of c: it prints results to out and progress to log.
func Run(ctx context.Context, known catalog.Catalog, t task.Task, c setting.Config, out, log io.Writer) error {
	return RunWith(ctx, known, t, c, nil, out, log)
}

// RunWith is Run as one of several ranks, which all make the same call. With joined nil it is Run. Only rank 0
// writes the run folder and prints.
func RunWith(ctx context.Context, known catalog.Catalog, t task.Task, c setting.Config, joined *ranks.Ranks, out, log io.Writer) error {
	if joined != nil && joined.Rank() > 0 {
		if c.Describe || c.DryRun {
			return nil
		}
		out, log = io.Discard, io.Discard
	}
	e, err := newExperiment(known, t, c, out, log)
	if err != nil {
		if tellsJSON(c) {
			tellError(ctx, progress.NewJSON(out), err)
		}
		return err
	}
	e.ranks = joined
	defer e.progress.Close()
	if c.Describe {
		return e.describe(ctx)
	}
	if c.DryRun {
		return e.dryRun(ctx)
	}
	if err = e.run(ctx); err != nil {
		if err == context.Canceled { // not wrapped: stopped at a point where nothing is lost
			err = fmt.Errorf("stopped in %s; the same command with -resume continues: %w", e.dir, err)
		}
		tellError(ctx, e.progress, err)
	}
	return err
}

// tellsJSON reports whether a call writes the events of -log json.
func tellsJSON(c setting.Config) bool { return c.Log == setting.JSONLog && !c.DryRun && !c.Describe }

// newExperiment returns the experiment that c asks for; the caller closes its progress.
func newExperiment(known catalog.Catalog, t task.Task, c setting.Config, out, log io.Writer) (*Experiment, error) {
	var err error
	given := c.NetworkText()
	if c.Network, err = networkOf(c, known.Extensions()); err != nil {
		return nil, err
	}
	extended, err := extendedRun(&c)
	if err != nil {
		return nil, err
	}
	e := &Experiment{
		known: known, task: t, config: c, network: c.Network, work: workOf(c), extended: extended,
		dir: c.Out, out: out, log: log, remarked: make(map[string]bool), adopted: c.NetworkText() != given,
	}
	if c.Quiet || c.Log == setting.JSONLog {
		e.log = io.Discard
	}
	e.progress = progress.New(e.log)
	if tellsJSON(c) {
		e.progress, e.out = progress.NewJSON(out), io.Discard
	}
	return e, nil
}

// workOf returns the size of the work that the flags ask for.
func workOf(c setting.Config) mge.Work {
	return mge.Work{Batches: mge.Doubling(c.Batch, c.Levels), Iterations: c.Iterations, Stages: c.Stages, Budget: c.Budget, Crops: c.Crops, Against: c.Against}
}

// run trains the missing units, draws the figures and prints the table. On ranks other than 0 it only trains.
func (e *Experiment) run(ctx context.Context) error {
	failed, err := e.train(ctx)
	if e.follows() {
		return err
	}
	defer e.folder.Close()
	if err != nil || failed != nil && len(e.folder.Summaries) == 0 {
		return errors.Join(failed, err)
	}
	if err := e.draw(ctx); err != nil {
		return errors.Join(failed, err)
	}
	e.progress.Close()
	fmt.Fprint(e.out, e.folder.Table())
	fmt.Fprintf(e.out, "Run folder: %s\n", e.dir)
	e.tellEnd()
	return failed
}

// train opens the run folder, which the caller closes, and runs the units that are not finished. failed says
// which units failed while others may have finished; err ended the whole call.
func (e *Experiment) train(ctx context.Context) (failed, err error) {
	units := runfolder.Units(e.config.Strategies, e.config.Seeds)
	if err := e.meet(e.begin(ctx, units)); err != nil {
		return nil, err
	}
	if e.follows() {
		return nil, e.follow(ctx)
	}
	defer e.dismiss()
	c := e.config
	e.folder, err = runfolder.Open(e.dir, e.record(), units, runfolder.Options{Resume: c.Resume, Force: c.Force, FS: e.files})
	if err != nil {
		return nil, err
	}
	for _, note := range e.folder.Notes {
		e.progress.Print("%s", note)
	}
	work := e.folder.Work()
	if err := e.tellDamagedCheckpoints(units, work); err != nil {
		return nil, err
	}
	e.tellBegin(units, work)
	if n := len(units) - len(work); n > 0 {
		e.progress.Print("%d of %d networks are finished already; -force trains them again", n, len(units))
	}
	if len(work) == 0 {
		return nil, nil
	}
	if err := e.measureInput(); err != nil {
		return nil, err
	}
	failed = e.runUnits(ctx, work)
	if failed != nil && (ctx.Err() != nil || errors.Is(failed, syscall.ENOSPC)) {
		return nil, failed
	}
	return failed, nil
}

// tellDamagedCheckpoints prints a remark for each damaged checkpoint of a finished unit. Nothing is lost yet: a
// finished unit needs its checkpoint only for -extend, or if one of its files has to be written again.
func (e *Experiment) tellDamagedCheckpoints(units []runfolder.Unit, work []runfolder.Work) error {
	for _, u := range units {
		if slices.ContainsFunc(work, func(w runfolder.Work) bool { return w.Unit == u }) {
			continue // it names them when it continues
		}
		store := e.openStore(u)
		damaged, err := store.Damaged()
		if err != nil {
			return err
		}
		for _, d := range damaged {
			e.progress.Print("%s is finished, but a checkpoint of it is damaged: %v", u, d)
		}
	}
	return nil
}

// draw draws the figures of the run folder if this call has finished units, or if figures are missing.
func (e *Experiment) draw(ctx context.Context) error {
	if len(e.folder.Work()) == 0 && !e.picturesMissing() && e.folder.Input() != nil {
		return nil
	}
	if err := e.measureInput(); err != nil {
		return err
	}
	// Free the memory of training: the models for the figures need theirs, and so does the next experiment of a plan.
	e.arena = graph.Arena{}
	debug.FreeOSMemory()
	return e.pictures(ctx)
}

// begin does everything before the run folder is written: it opens the data, and checks what would
// otherwise end the run late.
func (e *Experiment) begin(ctx context.Context, units []runfolder.Unit) error {
	if !e.follows() {
		if err := durable.CheckFolder(e.dir); err != nil {
			return fmt.Errorf("-out %w", err)
		}
		for _, pictures := range []string{e.config.Root, e.config.Validation} {
			if sameFile(e.dir, pictures) {
				return &command.UsageError{Flag: "-out", Value: e.dir, Reason: "it is the folder of the pictures", Advice: "choose another; one inside it will do"}
			}
		}
	}
	if err := e.open(ctx, dataset.DecodeAll); err != nil {
		return err
	}
	e.tellData(func(line string) { e.progress.Print("%s", line) })
	if err := e.chooseLevels(ctx, false); err != nil {
		return err
	}
	if err := e.prepare(units); err != nil {
		return err
	}
	return e.checkExtended()
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, e := os.Stat(b)
	return err == nil && e == nil && os.SameFile(one, other)
}

// measureInput records the measures of the result without a network: the degraded pictures, or their enlargement.
func (e *Experiment) measureInput() error {
	if e.validation == nil {
		if err := e.openValidation(); err != nil {
			return err
		}
		whole := e.validation
		if e.final != nil {
			whole = e.final
		}
		e.input = runfolder.Input{What: "the degraded pictures themselves", Values: whole.Degraded()}
		if e.task.Scale != 1 {
			e.input.What = "bilinear enlargement"
		}
	}
	return e.folder.SetInput(e.input)
}

// openValidation creates the validation set, of which each rank measures its part, and with -whole-at-end that of rank 0 for the
// end of units.
func (e *Experiment) openValidation() (err error) {
	create := task.NewValidation
	if e.wholeAtEnd() {
		create = task.NewCropValidation
		if !e.follows() {
			if e.final, err = task.NewValidation(e.task, e.set, e.config.Side, e.config.ValidationPictures, nil); err != nil {
				return err
			}
		}
	}
	e.validation, err = create(e.task, e.set, e.config.Side, e.config.ValidationPictures, e.adding())
	return err
}

// wholeAtEnd reports whether whole pictures are measured only at the end of a unit.
func (e *Experiment) wholeAtEnd() bool { return e.config.WholeAtEnd && e.task.MeasuresWhole(e.set) }

// open opens the data set and reads the weights of -init. Further calls do nothing.
func (e *Experiment) open(ctx context.Context, decoding dataset.Decoding) (err error) {
	if e.set == nil {
		if err = e.openData(ctx, decoding); err == nil {
			err = e.task.Suits(e.set)
		}
		if err == nil {
			e.initial, err = ReadWeights(e.config.Init, e.network, e.set.Channels)
		}
	}
	return err
}

// runUnits runs the pending units in their order.
func (e *Experiment) runUnits(ctx context.Context, work []runfolder.Work) error {
	for _, w := range work {
		plan, err := e.plan(w.Strategy)
		if err != nil {
			return err
		}
		e.total += plan.WorkUnits(plan.Iterations())
		e.forecast.begin(plan, e.validations(plan))
	}
	var failures []error
	for i, w := range work {
		e.remaining = e.forecast.units[i]
		if err := e.runUnit(ctx, w); err != nil {
			err = fmt.Errorf("%s: %w", w.Unit, err)
			// A signal or a full disk ends the run; after other failures, the next unit may succeed.
			if ctx.Err() != nil || errors.Is(err, syscall.ENOSPC) {
				return err
			}
			if recorded := e.folder.Fail(w.Unit, err); recorded != nil {
				return errors.Join(err, recorded)
			}
			e.progress.Print("%v", err)
			e.progress.Event("failed", progress.Field{Name: "unit", Value: w.Unit.String()}, progress.Field{Name: "error", Value: err.Error()})
			failures = append(failures, err)
		}
		*e.remaining = remaining{} // also after a failure
		forget()
	}
	switch len(failures) {
	case 0:
		return nil
	case 1:
		return failures[0]
	}
	return fmt.Errorf("%d of %d networks failed, see %s; the first: %w", len(failures), len(work), e.folder.Path(runfolder.FailedFile), failures[0])
}

// forget frees a finished unit's vectors and graphs before the next unit needs its own.
// Gorgonia's machines have finalizers, and its pools need two more collections.
func forget() {
	for range 3 {
		runtime.GC()
	}
}

// scale returns the normalisation of the data.
func (e *Experiment) scale() pixel.Scale { return e.task.ScaleOf(e.set) }

// sampler returns a sampler of training batches, which depend only on the seed.
func (e *Experiment) sampler(seed uint64) *task.Sampler {
	s := task.NewSampler(e.task, e.set, e.config.Side, seed)
	s.Augment = e.config.Augment
	s.Restriction, s.DegradeCoarse = e.config.Restriction, e.config.Degrade == task.DegradeCoarse
	return s
}

// estimator returns an estimator of gradients. The seed decides the randomness in the network, such as dropout.
func (e *Experiment) estimator(m *model.Model, s mge.Sampler, seed uint64) mge.Estimator {
	return mge.Estimator{Model: m, Sampler: s, Seed: seed, SharedMasks: e.config.DropoutCoupling == mge.Restricted}
}
