package experiment

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/pixel"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// dryRun prints what the run would cost, and trains nothing.
func (e *Experiment) dryRun(ctx context.Context) error {
	if err := e.open(ctx, dataset.DecodeSmall); err != nil {
		return err
	}
	e.tellData(func(line string) { fmt.Fprintln(e.out, line) })
	if err := e.chooseLevels(ctx, true); err != nil {
		return err
	}
	plans, err := e.plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		fmt.Fprintln(e.out, p.Strategy, table.Plain(math.Round(100*workUnits(p))/100))
	}
	m, err := e.newModel(e.config.Seeds[0])
	if err != nil {
		return err
	}
	need, err := e.memory(m, plans)
	if err != nil {
		return err
	}
	batches, err := e.microBatches(m, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "parameters %d\n", m.Params.Len())
	fmt.Fprintf(e.out, "memory about %s, with %s on the finest mesh\n", command.FormatSize(roundMiB(need.total())), batches)
	if need.again > 0 {
		// A forward pass is a third of a step.
		fmt.Fprintf(e.out, "to keep to -memory, %.2g per cent of the forward pass is computed twice on the mesh of side %d: about %.2g per cent more time there\n",
			100*need.again, need.side, 100*need.again/3)
	}
	if err := e.checkMemory(need); err != nil {
		fmt.Fprintln(e.out, err)
	}
	for _, p := range plans {
		if pilots := p.Pilots(); pilots > 0 {
			fmt.Fprintf(e.out, "pilots of %s take %s of its work units\n", p.Strategy, table.Work(pilots))
		}
	}
	seconds, level, err := e.secondsPerWorkUnit(ctx, m)
	if err != nil {
		return err
	}
	if level > 0 {
		fmt.Fprintf(e.out, "timed on a mesh of side %d; larger ones are extrapolated by their number of pixels, attention takes longer\n", mesh.Side(e.config.Side, level))
	}
	for _, p := range plans {
		estimate := time.Duration(workUnits(p) * seconds * float64(len(e.config.Seeds)) * float64(time.Second))
		fmt.Fprintf(e.out, "time for %s about %v on %d cores, without validation\n", p.Strategy, estimate.Round(time.Second), runtime.GOMAXPROCS(0))
	}
	return nil
}

// plans returns what the strategies asked do, in their order.
func (e *Experiment) plans() (plans []mge.Plan, err error) {
	for _, s := range e.config.Strategies {
		p, err := e.plan(s.Name)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// Cost is what a strategy takes with one seed.
type Cost struct {
	WorkUnits float64
	Seconds   float64 // an estimate, without validation
}

// Estimate returns what the strategies of c take on this machine, by name. It
// times the gradient of one image on the finest mesh.
func Estimate(ctx context.Context, known catalog.Catalog, t task.Task, c setting.Config) (map[string]Cost, error) {
	e, err := newExperiment(known, t, c, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	defer e.progress.Close()
	if err := e.open(ctx, dataset.DecodeSmall); err != nil {
		return nil, err
	}
	if err := e.chooseLevels(ctx, true); err != nil {
		return nil, err
	}
	plans, err := e.plans()
	if err != nil {
		return nil, err
	}
	m, err := e.newModel(c.Seeds[0])
	if err != nil {
		return nil, err
	}
	seconds, _, err := e.secondsPerWorkUnit(ctx, m)
	if err != nil {
		return nil, err
	}
	costs := make(map[string]Cost, len(plans))
	for _, p := range plans {
		costs[p.Strategy] = Cost{workUnits(p), workUnits(p) * seconds}
	}
	return costs, nil
}

func workUnits(p mge.Plan) float64 { return p.WorkUnits(p.Iterations()) }

// maxTimed bounds the activations of the image whose gradient is timed, in bytes: a
// prediction takes a small part of what it predicts.
const maxTimed = 256 << 20

// timedLevel returns the level of the finest mesh on which one image takes no more
// than maxTimed. It may be coarser than all that are trained on.
func (e *Experiment) timedLevel(m *model.Model) (int, error) {
	multiple := e.network.Multiple() * e.task.Scale
	for level := 0; ; level++ {
		side := mesh.Side(e.config.Side, level)
		in := side / e.task.Scale
		bytes, err := m.Bytes(1, e.set.Channels, in, in, true)
		if err != nil {
			return level, err
		}
		next := mesh.Side(e.config.Side, level+1)
		if bytes <= maxTimed || side%2 != 0 || next%multiple != 0 || next < e.task.MinSide {
			return level, nil
		}
	}
}

// timings is how often a gradient is timed, after a first time that builds the graph.
const timings = 3

// secondsPerWorkUnit times the gradient of one image on the finest mesh that fits, and
// extrapolates to the finest of all by the number of pixels. level is the mesh's.
func (e *Experiment) secondsPerWorkUnit(ctx context.Context, m *model.Model) (seconds float64, level int, err error) {
	if level, err = e.timedLevel(m); err != nil {
		return 0, level, err
	}
	side := mesh.Side(e.config.Side, level)
	in, c := side/e.task.Scale, e.set.Channels
	b := mesh.Batch{
		Input: pixel.NewImages(1, c, in, in), Target: pixel.NewImages(1, c, side, side),
		T: make([]float32, e.task.NumConditions), Samples: make([]uint64, 1),
	}
	gradient := make([]float32, m.Params.Len())
	best := time.Duration(math.MaxInt64)
	for i := range 1 + timings {
		start := time.Now()
		if _, err := m.AddGradient(ctx, gradient, b, 0); err != nil {
			return 0, level, err
		}
		if took := time.Since(start); i > 0 {
			best = min(best, took)
		}
	}
	return best.Seconds() / mesh.Cost(level), level, nil
}
