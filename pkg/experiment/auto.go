package experiment

import (
	"context"
	"fmt"

	"multiscale/pkg/command"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// With -stages auto, training measures the loss of probeSamples training samples on the finest mesh. Without
// gradients, a sample takes about a third of a work unit.
const (
	probeSamples = 12
	probeWork    = probeSamples / 3
)

// auto returns how measurements end the stages of a plan; nil if the plan fixes their ends.
func (e *Experiment) auto(p mge.Plan) (*mge.Auto, error) {
	if !e.config.StagesAuto || len(p.Stages) < 2 {
		return nil, nil
	}
	budget := e.config.Budget
	if budget == 0 {
		budget = p.WorkUnits(p.Iterations())
	}
	a := &mge.Auto{Stages: p.Stages, Budget: budget, Probe: probeWork, Pilot: p.Pilot}
	// A quarter of the budget belongs to the finest mesh: two steps there, in addition to the window before.
	if least := 16 * p.Stages[len(p.Stages)-1].WorkUnits(); budget < least {
		return nil, command.Wrong("stages", "auto", fmt.Sprintf("%s has %v work units, too few to measure on the way", p.Strategy, budget),
			fmt.Sprintf("give -budget %v or more", least))
	}
	return a, nil
}

// probeIfDue measures the loss on the finest mesh if a window has ended. The loss decides on which mesh
// training continues.
func (u *unit) probeIfDue(ctx context.Context) error {
	if u.stages == nil || u.complete || u.state.Iteration < u.plan.Iterations() {
		return nil
	}
	if u.probe == nil {
		r := random.New(u.name.Seed).Child("probe")
		var err error
		if u.probe, err = task.NewProbe(u.sampler(r.Key()), probeSamples, u.adding()); err != nil {
			return err
		}
	}
	values, err := u.probe.Measure(ctx, u.model)
	if err != nil {
		return err
	}
	before := len(u.plan.Stages)
	m := u.task.Measures[0]
	u.state.Probes = append(u.state.Probes, exact(m.Error(values.Of(m))))
	u.state.Images += probeSamples
	if err := u.decide(u.state.Decisions); err != nil {
		return err
	}
	if n := len(u.plan.Stages); n > before && n > 1 && !u.plan.Stages[n-1].Continues {
		u.progress.Print("%s: after %d iterations on meshes of side %d", u.name, u.state.Iteration, mesh.Side(u.config.Side, u.plan.Stages[n-1].Finest))
	}
	return nil
}

// byWork is a schedule of the learning rate over the work spent instead of over the steps.
type byWork struct {
	schedule optimize.Schedule // over workSteps
	warmup   int
	rate     float64
	budget   float64
	plan     *mge.Plan
}

// workSteps is the number of steps into which byWork divides the budget.
const workSteps = 1 << 20

// LearningRate implements optimize.Schedule.
func (w byWork) LearningRate(step int) float64 {
	if k := step + 1; k < w.warmup {
		return w.rate * float64(k) / float64(w.warmup)
	}
	spent := min(1, w.plan.WorkUnits(step)/w.budget)
	return w.schedule.LearningRate(int(spent * workSteps))
}
