package experiment

import (
	"context"
	"fmt"
	"slices"

	"multiscale/pkg/allocation"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/model"
	"multiscale/pkg/param"
	"multiscale/pkg/random"
	"multiscale/pkg/setting"
)

// minPilot is the smallest number of gradients of each term in a pilot.
const minPilot = 8

// pilot returns a measurement of the terms of a stage that costs as much as an
// iteration of the stage. The number of gradients of each term is that of samples on
// the finest mesh, at least minPilot; a gradient on level l has 2^l samples.
func (e *Experiment) pilot(terms mge.Stage) *mlmc.Measurement {
	return &mlmc.Measurement{
		Finest: terms.Finest, Coarsest: terms.Coarsest(), Repetitions: max(minPilot, e.config.Batch),
		Batch: func(level int) int { return 1 << level },
	}
}

// measure runs a pilot before an iteration, with its own samples. second is the optimizer's second moment
// of gradients, or nil.
func (e *Experiment) measure(ctx context.Context, m *model.Model, terms mge.Stage, seed uint64, iteration int, second []float32) (d allocation.Decision, err error) {
	r := random.New(seed).Child("pilot", uint64(iteration))
	p := e.pilot(terms)
	p.Estimator, p.Parameters = e.estimator(m, e.sampler(r.Key()), r.Key()), m.Params.Len()
	d.Iteration = iteration
	if e.config.Coefficients != mge.NoCoefficients {
		if d.Covariances, d.Halves, err = p.Covariances(ctx, param.Layers(m.Params.Groups()), second); err != nil {
			return d, fmt.Errorf("pilot: %w", err)
		}
		return d, nil
	}
	levels, err := p.Run(ctx)
	if err != nil {
		return d, fmt.Errorf("pilot: %w", err)
	}
	d.Variances = levels.Variances()
	return d, nil
}

// longestPilot is the longest time, in seconds, that a prediction spends on a pilot.
const longestPilot = 5

// chooseLevels sets the levels for -levels auto: the number of coarser meshes, up to
// the profile's, for which the estimator of the finest mesh has the smallest product
// of variance and work. All units get the same number, from one pilot with weights and
// samples of seed 0, or with the weights of -init.
//
// If predict is set and the pilot would take longer than longestPilot, chooseLevels keeps
// the profile's number and prints a remark.
func (e *Experiment) chooseLevels(ctx context.Context, predict bool) error {
	c := &e.config
	if !c.LevelsAuto {
		return nil
	}
	m, err := e.newModel(0)
	if err != nil {
		return err
	}
	highest := c.Levels
	terms := mge.Stage{Batches: mge.Doubling(c.Batch, highest)}
	if predict {
		finest, err := e.newSpeed(m, pilotBudget).mesh(ctx, 0, 1)
		if err != nil {
			return err
		}
		if finest.one*e.pilot(terms).WorkUnits() > longestPilot {
			e.levelsPilot = e.pilot(terms).WorkUnits()
			e.progress.Print("-levels auto is measured when training begins; this is for %d coarser meshes, the most there can be", highest)
			return nil
		}
	}
	d, err := e.measure(ctx, m, terms, 0, 0, nil)
	if err != nil {
		return fmt.Errorf("-levels auto: %w", err)
	}
	c.Levels = e.allocation().Depth(d, highest, func(levels int) mge.Stage {
		return mge.Stage{Batches: mge.Doubling(c.Batch, levels)}
	})
	c.Stages = setting.Halved(c.Iterations, c.Levels)
	e.work, e.levelsPilot = workOf(*c), e.pilot(terms).WorkUnits()
	e.progress.Print("-levels auto: %d of %d coarser meshes pay", c.Levels, highest)
	return nil
}

// pilotIfDue runs the pilot that decides the next batches, if one is due and
// has not run yet.
func (u *unit) pilotIfDue(ctx context.Context) error {
	if u.stages != nil { // -stages auto has fixed batches
		return nil
	}
	terms, due := u.allocation().Due(u.plan, u.state.Iteration)
	made := slices.ContainsFunc(u.state.Decisions, func(d allocation.Decision) bool { return d.Iteration == u.state.Iteration })
	if !due || made {
		return nil
	}
	var second []float32
	if o, ok := u.trainer.Optimizer.(interface{ SecondMoment() []float32 }); ok {
		second = o.SecondMoment()
	}
	d, err := u.measure(ctx, u.model, terms, u.name.Seed, u.state.Iteration, second)
	if err != nil {
		return err
	}
	if err := u.decide(append(u.state.Decisions, d)); err != nil {
		return err
	}
	evaluations := terms
	evaluations.Batches = nil
	for level := terms.Finest; level <= terms.Coarsest(); level++ {
		evaluations.Batches = append(evaluations.Batches, max(minPilot, u.config.Batch)<<level)
	}
	u.state.Images += int64(evaluations.Images())
	u.images += evaluations.Images()
	at, _, _ := u.plan.At(u.state.Iteration)
	if u.allocation().Method == allocation.Optimal {
		at = len(u.plan.Stages) - 1
	}
	u.progress.Print("%s: by the variances after %d iterations, batches are %v, fine to coarse", u.name, u.state.Iteration, u.plan.Stages[at].Batches)
	return nil
}

// decide derives the plan from the decisions so far, and with -stages auto from the probes. A checkpoint
// holds both, so that a resumed run has the same batches and stages.
func (u *unit) decide(decisions []allocation.Decision) (err error) {
	u.state.Decisions = decisions
	if u.stages != nil {
		u.plan, u.complete = u.stages.Plan(u.strategy.Strategy, lists.Of(u.state.Probes, func(x exact) float64 { return float64(x) }))
		return nil
	}
	u.plan, err = u.allocation().Plan(u.strategy, decisions)
	return err
}

// allocations returns the unit's rows of allocation.csv.
func (u *unit) allocations() (rows []runfolder.Allocation) {
	if u.stages != nil {
		return nil
	}
	first := 0
	before, _ := u.allocation().Plan(u.strategy, nil) // still has the meshes that decisions may have removed
	for i, s := range u.plan.Stages {
		for _, d := range u.state.Decisions {
			variances := u.allocation().Variances(d, s)
			if !before.Stages[i].Allocates() || d.Iteration != first && u.allocation().Method != allocation.Optimal {
				continue
			}
			for j, n := range s.Batches {
				rows = append(rows, runfolder.Allocation{
					Stage: u.plan.Number(i) + 1, Iteration: d.Iteration, Level: s.Finest + j,
					Variance: variances[j], Batch: n,
				})
			}
		}
		first += s.Iterations
	}
	return rows
}
