package experiment

import (
	"multiscale/pkg/allocation"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
)

// releasedFactor is how many more iterations the authors' released code runs in
// its single-scale and MGE modes than the paper: 8000 instead of 2000.
const releasedFactor = 4

// strategyPlan is what a strategy does, without pilots.
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
	p, err := s.Plan(work)
	if err != nil {
		return p, err
	}
	if s.Name != mge.Single.Name { // which has no coarser meshes
		p.Pilot = e.levelsPilot
	}
	return p, nil
}

// plan is what a strategy does, with the pilots that are to come.
func (e *Experiment) plan(strategy string) (mge.Plan, error) {
	p, err := e.strategyPlan(strategy)
	if err != nil {
		return p, err
	}
	return e.allocation().Plan(p, nil)
}

// allocation is how batches are chosen.
func (e *Experiment) allocation() allocation.Allocation {
	return allocation.Allocation{
		Method: e.config.Allocation,
		Cost:   func(terms mge.Stage) float64 { return e.pilot(terms).WorkUnits() },
	}
}

// rule is the optimization method of -optimizer.
func (e *Experiment) rule() (optimize.Rule, error) {
	return e.config.Optimizer.New(optimize.Settings{WeightDecay: e.config.WeightDecay})
}
