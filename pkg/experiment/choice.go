package experiment

import (
	"fmt"

	"multiscale/pkg/allocation"
	"multiscale/pkg/command"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// releasedFactor is the ratio of iterations in the authors' released code to those in
// the paper, for single-scale and MGE: 8000 instead of 2000.
const releasedFactor = 4

// strategyPlan returns the plan of a strategy, with the steps of -extend and without pilots.
func (e *Experiment) strategyPlan(strategy string) (mge.Plan, error) {
	s, err := mge.ParseStrategy(strategy)
	if err != nil {
		return mge.Plan{}, err
	}
	work := e.work
	if single := s.Name == mge.Single.Name; e.config.Released && (single || s.Name == mge.MGE.Name) {
		work.Iterations *= releasedFactor
		if single { // a batch of N_0 only
			work.Batches = work.Batches[:1]
		}
	}
	p, err := e.within(s, work)
	if err != nil {
		return p, err
	}
	if more := e.config.Extend.Steps; more > 0 {
		added := p.Stages[len(p.Stages)-1]
		added.Iterations = more
		p.Stages = append(p.Stages, added)
	}
	_, err = e.schedule(p) // so that an error appears before training begins
	return p, err
}

// within returns a strategy's plan for work. With a budget, the plan and its pilots together keep to it.
func (e *Experiment) within(s mge.Strategy, work mge.Work) (mge.Plan, error) {
	budget := work.Budget
	for {
		p, err := s.Plan(work)
		if err != nil && budget > 0 {
			return p, fmt.Errorf("%w; give a larger -budget", err)
		}
		if err != nil {
			return p, err
		}
		if s.Name != mge.Single.Name { // single has no coarser meshes
			p.Pilot = e.levelsPilot
		}
		piloted, err := e.allocation().Plan(p, nil)
		if err != nil {
			return p, err
		}
		over := piloted.WorkUnits(piloted.Iterations()) - budget
		if budget == 0 || over <= 0 {
			return p, nil
		}
		work.Budget -= over
	}
}

// plan returns the plan of a strategy, with pilots at the positions where they will run.
func (e *Experiment) plan(strategy string) (mge.Plan, error) {
	p, err := e.strategyPlan(strategy)
	if err != nil {
		return p, err
	}
	return e.allocation().Plan(p, nil)
}

// allocation returns the method that chooses the batches of the meshes.
func (e *Experiment) allocation() allocation.Allocation {
	return allocation.Allocation{
		Method:       e.config.Allocation,
		Coefficients: e.config.Coefficients,
		Cost:         func(terms mge.Stage) float64 { return e.pilot(terms).WorkUnits() },
	}
}

// schedule returns the learning rate over the steps of a plan.
func (e *Experiment) schedule(p mge.Plan) (optimize.Schedule, error) {
	c := e.config
	steps := p.Iterations() - c.Extend.Steps
	if c.Warmup >= steps {
		return nil, command.Wrong("warmup", c.Warmup, fmt.Sprintf("%s has %d steps in all", p.Strategy, steps), "give less")
	}
	then, err := optimize.NewSchedule(c.Schedule, c.LearningRate, steps-c.Warmup)
	run := optimize.Warmup{Rate: c.LearningRate, Steps: c.Warmup, Then: then}
	if c.Extend.Steps == 0 {
		return run, err
	}
	return optimize.Extended{Schedule: run, Steps: steps, Rate: c.Extend.Rate}, err
}

// loss returns the loss to minimise: that of -loss, or else the task's.
func (e *Experiment) loss() (task.Loss, error) {
	if e.config.Loss == "" {
		return e.task.Loss, nil
	}
	loss, err := model.ParseLoss(e.config.Loss, e.scale())
	return task.Loss(loss), err
}
