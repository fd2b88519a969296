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

// finalRate is where the cosine schedule ends (paper, section on experiments).
const finalRate = 1e-6

// schedule is the learning rate over a number of iterations.
func (e *Experiment) schedule(iterations int) optimize.Schedule {
	switch lr := e.config.LearningRate; e.config.Schedule {
	case "constant":
		return optimize.Constant(lr)
	case "step":
		return optimize.StepDecay{Initial: lr, Factor: 0.1, Every: max(1, iterations/3)}
	default:
		return optimize.Cosine{Initial: lr, Final: finalRate, Steps: iterations}
	}
}

// momentum of -optimizer sgd.
const momentum = 0.9

func (e *Experiment) optimizer() optimize.Optimizer {
	if e.config.Optimizer == "sgd" {
		return optimize.NewSGD(e.config.LearningRate, momentum)
	}
	return optimize.NewAdam(optimize.AdamOptions{LearningRate: e.config.LearningRate})
}
