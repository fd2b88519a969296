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

// RunUnit trains one strategy and seed of c in a separate folder, and moves it into the run
// folder: other processes may do so with other units of the same run folder at the same time. The
// final files are those of one run of c. The run folder is locked briefly at the beginning and at
// the end; term is that of the lease on it. A unit that is stopped stays in its folder, where the
// next call continues.
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

// settle takes a unit into the run folder.
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

// hold does something while no other process of its kind does anything with the run folder. It waits for them, and for a run
// that holds the folder. The lease is for file systems that know no locks.
func (e *Experiment) hold(ctx context.Context, term time.Duration, do func() error) error {
	waits := func(err error) { e.progress.Print("waiting: %v", err) }
	held, err := lease.NewKeeper(filepath.Join(e.config.Out, runfolder.UnitsDir), term).Wait(ctx, "folder", waits)
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }() // which only saves the others a wait
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

// retry is how long a locked run folder is left before it is tried again.
const retry = 200 * time.Millisecond

// Sizes returns the floating-point operations of training and validation of the strategies of c with one
// seed, by name. They depend only on c and the data set, so every process gets the same.
func Sizes(ctx context.Context, known catalog.Catalog, c setting.Config) (map[string]float64, error) {
	e, err := newExperiment(known, c.Task, c, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	defer e.progress.Close()
	if err := e.open(ctx, dataset.DecodeSmall); err != nil {
		return nil, err
	}
	// -levels auto stays at the most levels there can be: which pay is measured where a unit begins.
	m, err := e.newModel(c.Seeds[0])
	if err != nil {
		return nil, err
	}
	y, _, err := e.graph(m, 0)
	if err != nil {
		return nil, err
	}
	picture := 1.0 // where the network does not count
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
		// A work unit is a gradient, which takes three times as long as an answer.
		sizes[s.Name] = picture * (float64(3*workUnits(p)) + float64(e.validations(p)*e.config.ValidationPictures))
	}
	return sizes, nil
}
