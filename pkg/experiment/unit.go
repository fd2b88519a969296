package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/experiment/limit"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/task"
	"multiscale/pkg/train"
)

// measurements is the number of validations that are spread evenly over a run; those at the ends of stages come in addition.
const measurements = 10

// unit is one strategy with one seed in training.
type unit struct {
	*Experiment
	name     runfolder.Unit
	strategy mge.Plan  // without pilots
	plan     mge.Plan  // with pilots, and with the batches that are decided so far
	stages   *mge.Auto // of -stages auto, or nil; if set, plan is only the part that is decided so far
	complete bool      // with -stages auto: plan is the whole plan
	probe    *task.Validation
	model    *model.Model
	control  *mge.Controlled // the source of gradients if it has coefficients, or nil
	trainer  *train.Trainer  // for the part of the plan whose batches are decided
	state    state
	store    checkpoint.Store
	saved    time.Time // when the last checkpoint was written
	best     []float32 // parameters at state.Best
	spare    []float32 // the current weights while averaged ones are evaluated
	board    *board    // of -tensorboard, or nil

	sentBefore int64 // bytes that this rank had sent before the unit began

	resumed time.Time     // when the clock of training was last started
	shown   time.Time     // when showWhenDue last wrote the history
	showing time.Duration // that this took
}

// runUnit trains, exports and cross-checks one unit, and adds it to the tables of
// the folder.
func (e *Experiment) runUnit(ctx context.Context, w runfolder.Work) error {
	u, err := e.newUnit(w.Unit)
	if err != nil {
		return err
	}
	if err := e.folder.Begin(w); err != nil {
		return err
	}
	u.store = e.openStore(w.Unit)
	started := false
	if w.Resume {
		if started, err = u.restore(); err != nil {
			return err
		}
		u.remaining.iteration = u.state.Iteration
		u.remaining.validations -= len(u.state.Moments)
	}
	if !started && e.extended != nil {
		if err := u.extends(); err != nil {
			return err
		}
	}
	u.progress.Event("unit", u.fields(progress.Field{Name: "strategy", Value: w.Strategy}, progress.Field{Name: "seed", Value: w.Seed},
		progress.Field{Name: "parameters", Value: u.model.Params.Len()})...)
	u.board, err = u.openBoard(w.Resume)
	defer u.board.close()
	if err != nil {
		return err
	}
	before := u.state.Iteration
	if err := u.summon(); err != nil {
		return err
	}
	if err := u.train(ctx); err != nil {
		return err
	}
	u.tellSent(u.state.Iteration - before)
	switch err := u.finish(ctx); {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped after training; -resume continues with the export and its checks: %w", ctx.Err())
	case err != nil:
		return err
	}
	return u.store.Prune(u.config.Keep)
}

// newUnit returns a unit before its first iteration.
func (e *Experiment) newUnit(name runfolder.Unit) (*unit, error) {
	u := &unit{Experiment: e, name: name}
	var err error
	if u.strategy, err = e.strategyPlan(name.Strategy); err != nil {
		return nil, err
	}
	if u.stages, err = e.auto(u.strategy); err != nil {
		return nil, err
	}
	if err := u.decide(nil); err != nil {
		return nil, err
	}
	if u.model, err = e.newModel(name.Seed); err != nil {
		return nil, err
	}
	u.trainer, err = u.newTrainer()
	return u, err
}

// newTrainer returns the trainer before the first iteration.
func (u *unit) newTrainer() (*train.Trainer, error) {
	schedule, err := u.schedule(u.strategy)
	if err != nil {
		return nil, err
	}
	if u.stages != nil {
		all, err := optimize.NewSchedule(u.config.Schedule, u.config.LearningRate, workSteps)
		if err != nil {
			return nil, err
		}
		schedule = byWork{all, u.config.Warmup, u.config.LearningRate, u.stages.Budget, &u.plan}
	}
	rule, err := u.config.Rule()
	if err != nil {
		return nil, err
	}
	estimator := u.estimator(u.model, u.sampler(u.name.Seed), u.name.Seed)
	estimator.Sum = u.sum()
	var source train.Source = &estimator
	if u.controlled(u.strategy) {
		u.control = &mge.Controlled{
			Estimator: estimator, Choice: u.config.Coefficients,
			Layers: param.Layers(u.model.Params.Groups()), Memory: mge.DefaultMemory,
		}
		source = u.control
	}
	t := &train.Trainer{
		Source: source, Params: u.model.Params, Schedule: schedule,
		Optimizer: optimize.New(rule, u.model.Params.Groups(), u.config.LearningRate),
		Restart:   u.config.Restart,
		Hooks:     []train.Hook{u.record, u.checkpointWhenDue},
	}
	if u.config.EMA > 0 {
		t.Average = optimize.NewEMA(u.config.EMA, u.model.Params.Values())
	}
	if u.config.Clip > 0 {
		t.Adjustments = append(t.Adjustments, train.Clip(u.config.Clip))
	}
	return t, nil
}

// train runs the plan from the current state to its end.
func (u *unit) train(ctx context.Context) error {
	err := u.probeIfDue(ctx) // before the first iteration
	if err == nil {
		if len(u.state.History) == 0 {
			u.begin()
		}
		err = u.validateIfDue(ctx)
	}
	u.resumed = time.Now()
	u.saved = time.Now()
	for err == nil && u.state.Iteration < u.plan.Iterations() {
		if err = u.pilotIfDue(ctx); err == nil {
			u.trainer.Plan = u.plan
			if u.stages == nil {
				u.trainer.Plan = allocation.Until(u.plan, u.state.Iteration)
			}
			err = u.trainer.Run(ctx)
		}
		if err == nil && u.stages != nil {
			u.stopClock()
			if err = u.probeIfDue(ctx); err == nil {
				err = u.validateIfDue(ctx) // the probe has decided whether the stage has ended
			}
			u.resumed = time.Now()
		}
	}
	u.stopClock()
	if err = u.endTogether(ctx, err); err == nil {
		return u.save() // so that -resume can continue with the export
	}
	if errors.As(err, new(unsaved)) {
		return err // another attempt would fail, too
	}
	if saved := u.save(); saved != nil {
		return errors.Join(err, saved)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %d of %d iterations; the same command with -resume continues: %w", u.state.Iteration, u.plan.Iterations(), ctx.Err())
	}
	return err
}

// begin starts the history with the row before the first iteration.
func (u *unit) begin() {
	u.state.History = history{{
		Unit: u.name, Stage: 1, Side: mesh.Side(u.config.Side, u.plan.Stages[0].Finest),
		LearningRate: u.trainer.Schedule.LearningRate(0),
		TrainLoss:    math.NaN(), GradientNorm: math.NaN(),
	}}
}

// record is the hook after each step: it adds to the history, validates if due, and shows progress.
func (u *unit) record(ctx context.Context, s train.Step) error {
	u.state.Images += int64(s.Stage.Images())
	u.state.Iteration = s.Iteration
	u.state.History = append(u.state.History, runfolder.History{
		Unit: u.name, Stage: s.StageNumber + 1, Iteration: s.Iteration, WorkUnits: s.WorkUnits, Side: mesh.Side(u.config.Side, s.Stage.Finest),
		LearningRate: s.LearningRate, TrainLoss: s.Estimate.Loss, GradientNorm: s.GradientNorm,
	})
	if u.follows() {
		return u.validateIfDue(ctx)
	}
	before := u.state.SecondsTraining
	u.stopClock()
	u.forecast.iterated(s.Stage, u.state.SecondsTraining-before)
	u.remaining.plan, u.remaining.iteration = u.plan, s.Iteration
	if err := u.board.step(u.state.History[len(u.state.History)-1]); err != nil {
		return err
	}
	if err := u.validateIfDue(ctx); err != nil {
		return err
	}
	if err := u.showWhenDue(); err != nil {
		return err
	}
	u.forecast.learn(ctx, u.Experiment, func() (*model.Model, error) { return u.newModel(u.name.Seed) })
	left, known := u.forecast.left()
	u.images += s.Stage.Images()
	u.progress.Update(progress.State{
		Unit: u.name.String(), Stage: s.StageNumber + 1, Stages: u.plan.Numbers(), Side: mesh.Side(u.config.Side, s.Stage.Finest),
		Iteration: s.Iteration, Iterations: u.plan.Iterations(), Loss: s.Estimate.Loss, Images: u.images,
		Done: u.done + s.WorkUnits, Total: u.total, Left: seconds(left), LeftKnown: known,
		WorkUnits: s.WorkUnits, LearningRate: s.LearningRate, GradientNorm: s.GradientNorm, Seconds: u.state.SecondsTraining,
	})
	u.resumed = time.Now()
	return nil
}

// The history of a unit in training is written after each validation, so that it can be watched. Between
// validations it is written at most once in showEvery, and so rarely that writing takes at most one part in
// showShare of the time.
const (
	showEvery = 5 * time.Second
	showShare = 100
)

// showWhenDue writes the history so far, if it is due.
func (u *unit) showWhenDue() error {
	row := u.state.History[len(u.state.History)-1]
	if len(row.Validation) == 0 && time.Since(u.shown) < max(showEvery, showShare*u.showing) {
		return nil
	}
	start := time.Now()
	err := u.folder.Progress(u.name, u.state.History, u.state.Moments)
	u.shown = time.Now()
	u.showing = u.shown.Sub(start)
	return err
}

// due reports whether the network is validated after iteration i: before the first one, at the
// end of each stage, and ten times a run or as often as -validate-every says.
func (u *unit) due(i int) bool {
	if i == 0 {
		return true
	}
	_, _, stageEnd := u.plan.At(i - 1)
	if u.stages != nil && !u.complete && i == u.plan.Iterations() {
		stageEnd = false // not known yet
	}
	if stageEnd {
		return true
	}
	if every := u.config.ValidateEvery; every > 0 {
		return i%every == 0
	}
	if u.stages != nil {
		tenths := func(i int) int { return int(measurements * u.plan.WorkUnits(i) / u.stages.Budget) }
		return tenths(i) != tenths(i-1)
	}
	total := u.plan.Iterations() - u.config.Extend.Steps
	if i > total { // ten times also in the added steps
		i, total = i-total, u.config.Extend.Steps
	}
	return i*measurements/total != (i-1)*measurements/total
}

// validateIfDue validates the network if that is due and not done yet for this iteration. So a run that
// was stopped during a validation repeats it.
func (u *unit) validateIfDue(ctx context.Context) error {
	row, i := &u.state.History[len(u.state.History)-1], u.state.Iteration
	if !u.due(i) || len(row.Validation) > 0 {
		return nil
	}
	start := time.Now()
	m, err := u.validation.Measure(ctx, u.model)
	if err != nil {
		return err
	}
	if u.trainer.Average != nil {
		var averaged metric.Values
		if err := u.withAverage(func() error {
			averaged, err = u.validation.Measure(ctx, u.model)
			return err
		}); err != nil {
			return err
		}
		for name, v := range averaged {
			m[runfolder.OfAverage(name)] = v
		}
	}
	row.Validation = m
	if u.follows() {
		return nil
	}
	decides := u.task.Measures[0]
	if value := m.Of(decides); u.state.Best == nil || decides.Better(value, u.state.Best.Value) {
		u.state.Best = &best{i, value}
		u.best = append(u.best[:0], u.model.Params.Values()...)
	}
	u.noteCoefficients(row.Stage)
	u.state.Moments = append(u.state.Moments, runfolder.Moment{Unit: u.name, Stage: row.Stage, Iteration: i, Seconds: u.state.SecondsTraining})
	u.progress.Event("validation", u.fields(append([]progress.Field{{Name: "work_units", Value: row.WorkUnits}, {Name: "seconds", Value: u.state.SecondsTraining}}, measures(m)...)...)...)
	err = u.board.validation(ctx, u, *row)
	took := time.Since(start).Seconds()
	u.state.SecondsValidation += took
	u.forecast.validations.add(took, 0)
	u.remaining.validations--
	return err
}

// withAverage calls do while the network has the averaged weights.
func (u *unit) withAverage(do func() error) error {
	params := u.model.Params
	u.spare = append(u.spare[:0], params.Values()...)
	defer params.Update(func(values []float32) { copy(values, u.spare) })
	params.Update(func(values []float32) { copy(values, u.trainer.Average.Values()) })
	return do()
}

// stopClock adds the time since the clock was started to the time of training.
func (u *unit) stopClock() {
	if !u.resumed.IsZero() {
		u.state.SecondsTraining += time.Since(u.resumed).Seconds()
		u.resumed = time.Time{}
	}
}

// checkpointWhenDue is the hook that saves at the end of each stage, and when the
// time of -checkpoint-every has passed.
func (u *unit) checkpointWhenDue(_ context.Context, s train.Step) error {
	if u.follows() || !s.StageEnd && time.Since(u.saved) < u.config.CheckpointEvery {
		return nil
	}
	u.stopClock()
	err := u.save()
	u.resumed = time.Now()
	return err
}

// finish exports the network, checks the file and writes the unit's rows.
func (u *unit) finish(ctx context.Context) error {
	start := time.Now()
	file, err := u.export()
	if err != nil {
		return err
	}
	checks, worst, err := u.crosscheck(ctx, runfolder.ONNXFile(u.name), file)
	if err != nil {
		return err
	}
	measured, err := u.measured(ctx, func(name string) string { return name })
	if err != nil {
		return err
	}
	average, err := u.finishAverage(ctx)
	if err != nil {
		return err
	}
	total := u.plan.Iterations()
	u.done += u.plan.WorkUnits(total)
	row := runfolder.Summary{
		Task: u.task.Name, Network: u.config.NetworkText(), Data: u.set.Name, Profile: u.config.Profile.Name, Unit: u.name,
		Side: u.config.Side, Levels: u.config.Levels, Batch: u.config.Batch, Iterations: total,
		Parameters: u.model.Params.Len(), WorkUnits: u.plan.WorkUnits(total),
		Values:     measured,
		ONNXSHA256: file.digest, CrosscheckMaxAbs: worst,
	}
	err = u.folder.Finish(u.name, runfolder.Result{
		Summary:    row,
		Crosscheck: checks,
		Timing: runfolder.Timing{
			Unit: u.name, SecondsTraining: u.state.SecondsTraining, SecondsValidation: u.state.SecondsValidation,
			ImagesPerSecond: float64(u.state.Images) / u.state.SecondsTraining, PeakRSSBytes: limit.PeakRSS(),
		},
		History: u.state.History,
		Moments: u.state.Moments,
		Average: average,

		Allocations:  u.allocations(),
		Coefficients: u.state.Coefficients,
	})
	if err == nil {
		u.forecast.ends.add(time.Since(start).Seconds(), 0)
		u.progress.Event("finished", u.fields(append([]progress.Field{{Name: "work_units", Value: u.plan.WorkUnits(total)}, {Name: "seconds", Value: u.state.SecondsTraining},
			{Name: "onnx", Value: runfolder.ONNXFile(u.name)}, {Name: "onnx_sha256", Value: file.digest}}, measures(measured)...)...)...)
		u.tellFinished(row)
	}
	return err
}

// measured returns the measures of the trained network: those of the last validation under their names there, or with
// -whole-at-end those of whole pictures with the weights that the network has now.
func (u *unit) measured(ctx context.Context, named func(measure string) string) (metric.Values, error) {
	if u.final != nil {
		start := time.Now()
		defer func() { u.state.SecondsValidation += time.Since(start).Seconds() }()
		return u.final.Measure(ctx, u.model)
	}
	row, values := u.state.History[len(u.state.History)-1], metric.Values{}
	for _, m := range metric.Union(metric.Always(), u.task.Measures) {
		if v, ok := row.Validation[named(m.Name)]; ok {
			values[m.Name] = v
		}
	}
	return values, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// tellFinished prints a line about the finished unit, and a warning for each of its networks that is worse than the input.
func (u *unit) tellFinished(row runfolder.Summary) {
	m := u.task.Measures[0]
	u.progress.Print("%s finished: %s %s (input %s), %s work units in %s", u.name, m.Title, table.Digits(row.Values.Of(m), 4),
		table.Digits(u.folder.Input().Of(m), 4), table.Work(row.WorkUnits), progress.Duration(seconds(u.state.SecondsTraining)))
	for _, warning := range u.folder.Warnings(u.name) {
		u.progress.Print("warning: %s", warning)
	}
}

// finishAverage exports and checks the network with averaged weights. It returns nil without -ema.
func (u *unit) finishAverage(ctx context.Context) (*runfolder.Average, error) {
	if u.trainer.Average == nil {
		return nil, nil
	}
	file, err := u.exportAverage()
	if err != nil {
		return nil, err
	}
	row := &runfolder.Average{Unit: u.name, ONNXSHA256: file.digest}
	return row, u.withAverage(func() (err error) {
		if row.Values, err = u.measured(ctx, runfolder.OfAverage); err != nil {
			return err
		}
		_, row.CrosscheckMaxAbs, err = u.crosscheck(ctx, runfolder.AverageONNXFile(u.name), file)
		return err
	})
}
