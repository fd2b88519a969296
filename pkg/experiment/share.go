package experiment

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lease"
	"multiscale/pkg/mge"
	"multiscale/pkg/op"
	"multiscale/pkg/setting"
)

// RunUnit trains one strategy and seed of c in a separate folder, and moves the result into the run
// folder. Other processes may do the same with other units of this run folder at the same time. The
// final files are the same as those of one run of c. RunUnit locks the run folder briefly at the
// beginning and at the end, with a lease of the given term. A stopped unit stays in its folder, where
// the next call continues it.
func RunUnit(ctx context.Context, known catalog.Catalog, c setting.Config, u runfolder.Unit, term time.Duration, log io.Writer) error {
	all := c.Flags()
	c.Seeds = []uint64{u.Seed}
	c.Strategies = []mge.Strategy{c.Strategies[slices.IndexFunc(c.Strategies, func(s mge.Strategy) bool { return s.Name == u.Strategy })]}
	e, err := newExperiment(known, c.Task, c, io.Discard, log)
	if err != nil {
		return err
	}
	e.asked = map[string]any{"seeds": all["seeds"], "strategy": all["strategy"]}
	defer e.progress.Close()
	var finished bool
	if err := e.hold(ctx, term, func() (err error) {
		finished, err = runfolder.Lend(c.Out, u)
		return err
	}); finished || err != nil {
		return err
	}
	e.dir = runfolder.UnitDir(c.Out, u)
	failed, err := e.train(ctx)
	if err = errors.Join(err, e.folder.Close()); err != nil {
		return errors.Join(failed, err)
	}
	e.dir = c.Out
	return errors.Join(failed, e.hold(ctx, term, func() error { return e.settle(ctx, u) }))
}

// settle moves a unit into the run folder and draws the figures.
func (e *Experiment) settle(ctx context.Context, u runfolder.Unit) (err error) {
	e.folder, err = runfolder.Open(e.dir, e.record(), []runfolder.Unit{u}, runfolder.Options{Settle: true, FS: e.files})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.folder.Close()) }()
	if len(e.folder.Summaries) == 0 {
		return nil
	}
	return e.draw(ctx)
}

// hold calls do while no other hold of any process works on the run folder. It waits for them, and for a run that has locked
// the folder. The lease is for file systems without locks.
func (e *Experiment) hold(ctx context.Context, term time.Duration, do func() error) error {
	waits := func(err error) { e.progress.Print("waiting: %v", err) }
	held, err := lease.NewKeeper(filepath.Join(e.config.Out, runfolder.UnitsDir), term).Wait(ctx, "folder", waits)
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }() // after an error, others have to wait for the end of the term
	for first := true; ; first = false {
		err := do()
		var locked *durable.LockedError
		if !errors.As(err, &locked) || locked.Dir != e.config.Out {
			return err
		}
		if first {
			waits(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
}

// retry is the time between two attempts to lock a run folder.
const retry = 200 * time.Millisecond

// Sizes returns the floating-point operations of training and validation of the strategies of c with one
// seed, by name. They depend only on c and the data set, so every process gets the same numbers.
func Sizes(ctx context.Context, known catalog.Catalog, c setting.Config) (map[string]float64, error) {
	e, err := newExperiment(known, c.Task, c, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	defer e.progress.Close()
	if err := e.open(ctx, dataset.DecodeSmall); err != nil {
		return nil, err
	}
	// -levels auto stays at the maximum: only training measures how many levels pay.
	m, err := e.newModel(c.Seeds[0])
	if err != nil {
		return nil, err
	}
	y, _, err := e.graph(m, 0)
	if err != nil {
		return nil, err
	}
	picture := 1.0 // not 0, for networks whose operations do not count FLOP
	for _, n := range y.Graph().AllNodes() {
		if counted, ok := n.Op().(op.Counted); ok {
			picture += float64(counted.FLOP())
		}
	}
	sizes := make(map[string]float64, len(c.Strategies))
	for _, s := range c.Strategies {
		p, err := e.plan(s.Name)
		if err != nil {
			return nil, err
		}
		// A work unit is the gradient of one picture, which takes three times as long as a forward pass.
		sizes[s.Name] = picture * (float64(3*workUnits(p)) + float64(e.validations(p)*e.config.ValidationPictures))
	}
	return sizes, nil
}
