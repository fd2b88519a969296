package experiment

import (
	"context"
	"fmt"
	"slices"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/model"
	"multiscale/pkg/random"
)

// pilot is a measurement in the course of training, from which batches follow. A
// checkpoint holds those so far, so that a resumed run has the same batches.
type pilot struct {
	Iteration int // finished when it was made
	Variances mge.Variances
}

// leastPilot is how many gradients of each term a pilot takes at least.
const leastPilot = 8

// pilot returns a measurement of the terms of a stage that costs what an
// iteration of the stage does: as many gradients of each term as there are samples
// on the finest mesh, each of 2^l samples on level l.
func (e *Experiment) pilot(terms mge.Stage) *mlmc.Measurement {
	return &mlmc.Measurement{
		Finest: terms.Finest, Coarsest: terms.Coarsest(), Repetitions: max(leastPilot, e.config.Batch),
		Batch: func(level int) int { return 1 << level },
	}
}

// measure makes a pilot before an iteration, with samples of its own.
func (e *Experiment) measure(ctx context.Context, m *model.Model, terms mge.Stage, seed uint64, iteration int) (mge.Variances, error) {
	r := random.New(seed).Child("pilot", uint64(iteration))
	p := e.pilot(terms)
	p.Estimator, p.Parameters = e.estimator(m, e.sampler(r.Key()), r.Key()), m.Params.Len()
	levels, err := p.Run(ctx)
	if err != nil {
		return mge.Variances{}, fmt.Errorf("pilot: %w", err)
	}
	return levels.Variances(), nil
}

// allocation is how batches are chosen.
func (e *Experiment) allocation() mge.Allocation { return mge.Allocation(e.config.Allocation) }

// chooseLevels finds out what -levels auto is: the number of coarser meshes, up to
// the profile's, with which the estimator of the finest mesh has the least product
// of variance and work. It is one for all units, from a pilot with weights and
// samples of seed 0 (the weights are those of -init, where there are any).
func (e *Experiment) chooseLevels(ctx context.Context) error {
	c := &e.config
	if !c.LevelsAuto {
		return nil
	}
	m, err := e.newModel(0)
	if err != nil {
		return err
	}
	most := c.Levels
	terms := mge.Stage{Batches: mge.Doubling(c.Batch, most)}
	v, err := e.measure(ctx, m, terms, 0, 0)
	if err != nil {
		return fmt.Errorf("-levels auto: %w", err)
	}
	c.Levels = v.Depth(most, func(levels int) mge.Stage {
		s := mge.Stage{Batches: mge.Doubling(c.Batch, levels)}
		if e.allocation() != mge.Fixed {
			s = s.Allocate(v)
		}
		return s
	})
	c.Stages = command.Halved(c.Iterations, c.Levels)
	e.work, e.levelsPilot = workOf(*c), e.pilot(terms).WorkUnits()
	e.progress.Print("-levels auto: %d of %d coarser meshes pay", c.Levels, most)
	return nil
}

// pilotIfDue measures the variances that the next batches follow from, unless
// that was done before.
func (u *unit) pilotIfDue(ctx context.Context) error {
	terms, due := u.plan.Measured(u.allocation(), u.state.Iteration)
	made := slices.ContainsFunc(u.state.Pilots, func(p pilot) bool { return p.Iteration == u.state.Iteration })
	if !due || made {
		return nil
	}
	v, err := u.measure(ctx, u.model, terms, u.name.Seed, u.state.Iteration)
	if err != nil {
		return err
	}
	p := pilot{u.state.Iteration, v}
	if err := u.allocate(p); err != nil {
		return err
	}
	u.state.Pilots = append(u.state.Pilots, p)
	evaluations := terms
	evaluations.Batches = nil
	for level := terms.Finest; level <= terms.Coarsest(); level++ {
		evaluations.Batches = append(evaluations.Batches, max(leastPilot, u.config.Batch)<<level)
	}
	u.state.Images += int64(evaluations.Images())
	u.images += evaluations.Images()
	at, _ := u.plan.At(p.Iteration)
	if u.allocation() == mge.Optimal {
		at = len(u.plan.Stages) - 1
	}
	u.progress.Print("%s: by the variances after %d iterations, batches are %v, fine to coarse", u.name, p.Iteration, u.plan.Stages[at].Batches)
	return nil
}

// allocate makes the batches of the plan follow from a pilot.
func (u *unit) allocate(p pilot) error {
	terms, due := u.plan.Measured(u.allocation(), p.Iteration)
	if !due || len(p.Variances.Single) <= terms.Coarsest() || len(p.Variances.Difference) < terms.Coarsest() {
		return fmt.Errorf("it has a pilot before iteration %d that the plan does not have", p.Iteration+1)
	}
	u.plan = u.plan.Allocated(u.allocation(), p.Iteration, p.Variances)
	return nil
}

// allocations are the unit's rows of allocation.csv.
func (u *unit) allocations() (rows []runfolder.Allocation) {
	first := 0
	for i, s := range u.plan.Stages {
		for _, p := range u.state.Pilots {
			if len(s.Batches) < 2 || p.Iteration != first && u.allocation() != mge.Optimal {
				continue
			}
			for j, n := range s.Batches {
				rows = append(rows, runfolder.Allocation{
					Stage: u.plan.Number(i) + 1, Iteration: p.Iteration, Level: s.Finest + j,
					Variance: s.Terms(p.Variances)[j], Batch: n,
				})
			}
		}
		first += s.Iterations
	}
	return rows
}
