package experiment

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// dryRun prints what the run would cost. It trains nothing.
func (e *Experiment) dryRun(ctx context.Context) error {
	began := time.Now()
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
	start := time.Since(began)
	costs, s, err := e.predict(ctx, m, plans, parts{})
	if err != nil {
		return err
	}
	if p, ok := s.meshes[0]; ok && p.level > 0 {
		fmt.Fprintf(e.out, "timed on a mesh of side %d; larger ones are extrapolated by their number of pixels, attention takes longer\n", mesh.Side(e.config.Side, p.level))
	}
	if s.short {
		fmt.Fprintf(e.out, "the machine is slow or busy: what would take more than %s was timed in part, and the times are rough\n", timingBudget)
	}
	seeds, all := float64(len(e.config.Seeds)), start.Seconds()
	for _, p := range plans {
		c := costs[p.Strategy]
		all += float64(seeds * c.Seconds)
		fmt.Fprintf(e.out, "time for %s about %s on %s, %s of it validation, export and cross-check\n",
			p.Strategy, about(seeds*c.Seconds), cores(), about(seeds*(c.Seconds-c.Training)))
	}
	if len(plans) > 1 || len(e.config.Seeds) > 1 {
		fmt.Fprintf(e.out, "time in all about %s\n", about(all))
	}
	return nil
}

func cores() string {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return fmt.Sprintf("%d cores", n)
	}
	return "one core"
}

// about formats seconds for a rough time; below ten with one decimal place.
func about(s float64) string {
	if s < 10 {
		return table.Fixed(s, 1) + "s"
	}
	return progress.Duration(seconds(s))
}

// predict returns the cost of each strategy with one seed. It times those parts of the plans that before, which may be
// empty, does not have.
func (e *Experiment) predict(ctx context.Context, m *model.Model, plans []mge.Plan, before parts) (map[string]Cost, *speed, error) {
	s := e.newSpeed(m, timingBudget)
	maps.Copy(s.meshes, before.meshes)
	s.step, s.drawn, s.rest = before.step, before.drawn, before.rest
	var stages []mge.Stage
	for _, p := range plans {
		stages = append(stages, p.Stages...)
	}
	if err := s.measure(ctx, stages); err != nil {
		return nil, nil, err
	}
	if s.rest == nil {
		if err := s.others(ctx, plans[0]); err != nil {
			return nil, nil, err
		}
	}
	costs := make(map[string]Cost, len(plans))
	for _, p := range plans {
		training := s.training(p)
		costs[p.Strategy] = Cost{workUnits(p), training + float64(float64(e.validations(p))*s.rest.validation) + s.rest.end, training}
	}
	return costs, s, nil
}

// plans returns the plans of the strategies of -strategy, in their order.
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

// Cost is the cost of a strategy with one seed.
type Cost struct {
	WorkUnits float64
	Seconds   float64 // predicted, for training, validation, export and cross-check
	Training  float64 // the seconds of training alone
}

// Estimator predicts the costs of experiments on this machine from timings of parts of their training. Experiments that differ
// only in what does not change the time of a picture share timings, so that a plan of many is estimated soon.
type Estimator struct {
	known catalog.Catalog
	timed map[timed]parts
}

// timed is what the time of a picture, in training and in validation, depends on.
type timed struct {
	task                           string
	scale                          int
	network, loss                  string
	data, root, validation         string
	channels, side                 int
	memory                         int64
	conv                           conv.Algorithm
	optimizer                      string
	pictures                       int
	holdOut, wholeAtEnd, averaging bool
}

// NewEstimator returns an Estimator that has timed nothing.
func NewEstimator(known catalog.Catalog) *Estimator {
	return &Estimator{known: known, timed: map[timed]parts{}}
}

// Costs returns the costs of the strategies of c, by name.
func (s *Estimator) Costs(ctx context.Context, t task.Task, c setting.Config) (map[string]Cost, error) {
	e, err := newExperiment(s.known, t, c, io.Discard, io.Discard)
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
	kind := timed{
		t.Name, t.Scale, c.NetworkText(), c.Loss, c.Data.Name, c.Root, c.Validation, c.Channels, c.Side, c.Memory, c.Conv,
		c.Optimizer.Name, c.ValidationPictures, c.HoldOut, c.WholeAtEnd, c.EMA > 0,
	}
	costs, took, err := e.predict(ctx, m, plans, s.timed[kind])
	if err != nil {
		return nil, err
	}
	s.timed[kind] = took.parts
	return costs, nil
}

func workUnits(p mge.Plan) float64 { return p.WorkUnits(p.Iterations()) }

// timedLevel returns the finest level, from the given one on, on which one image takes at most
// maxTimed bytes. That level may be coarser than all that training uses. If meshes cannot be halved
// further, it is the coarsest possible one.
func (e *Experiment) timedLevel(m *model.Model, level int) (int, error) {
	multiple := e.network.Multiple() * e.task.Scale
	for ; ; level++ {
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
