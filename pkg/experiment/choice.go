package experiment

import (
	"fmt"

	"multiscale/pkg/command"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// Flags describes a task's experiment to the command line.
func Flags(t task.Task) command.Task {
	flags := command.Task{
		Name: t.Name, Does: fmt.Sprintf("compares single-scale training, MGE and Full-Multiscale of networks for %s", t.Name),
		LearningRate: t.LearningRate, Restriction: t.Restriction.Name(), BatchFactor: t.BatchFactor, MinSide: t.MinSide,
	}
	for _, n := range t.Networks {
		flags.Networks = append(flags.Networks, command.Network{Name: n.Name(), Multiple: n.Multiple() * t.Scale})
	}
	return flags
}

// releasedFactor is how many more iterations the authors' released code runs in
// its single-scale and MGE modes than the paper: 8000 instead of 2000.
const releasedFactor = 4

// plan is what a strategy does.
func (e *Experiment) plan(strategy string) (mge.Plan, error) {
	p, err := e.work.Plan(mge.Strategy(strategy))
	if err != nil {
		return p, err
	}
	switch {
	case e.config.Released && p.Strategy == mge.Single: // a batch of N_0 only
		p.Stages[0].Batches = e.work.Batches[:1]
		p.Stages[0].Iterations *= releasedFactor
	case e.config.Released && p.Strategy == mge.MGE:
		p.Stages[0].Iterations *= releasedFactor
	}
	if p.Strategy != mge.Single { // which knows no coarser meshes
		p.Pilot = e.levelsPilot
	}
	return p.Piloted(e.allocation(), func(terms mge.Stage) float64 { return e.pilot(terms).WorkUnits() }), nil
}

// rule is the optimization method of -optimizer.
func (e *Experiment) rule() (optimize.Rule, error) {
	method, err := optimize.Standard().Find(e.config.Optimizer)
	if err != nil {
		return nil, err
	}
	return method.New(optimize.Settings{WeightDecay: e.config.WeightDecay})
}
