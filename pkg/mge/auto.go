package mge

import "math"

// Auto ends the stages of a strategy by measurement. It trains in windows of nearly equal cost, and
// before each it measures the loss on the finest mesh on a probe. After a window on the mesh of the
// current stage, it tries a window on the next finer mesh: if the loss falls there at least as fast
// for its cost, training stays there; if not, it goes back, and tries again after twice as many
// windows. No step is undone, since steps on a finer mesh are good steps that cost more. The finest
// mesh has the last part of the budget.
type Auto struct {
	Stages []Stage // of the strategy, from the coarsest mesh to the finest
	Budget float64 // work units
	Probe  float64 // work units of a measurement
	Pilot  float64 // of the plan; see Plan
}

// The shares of the budget: of a window, and of the part that belongs to the finest mesh.
const (
	windowShare = 1. / 20
	finestShare = 1. / 4
)

// Plan returns the windows that follow from the losses so far, one before each window, and whether
// they are complete: whether the budget is spent. losses[0] is that before training. The work never
// exceeds the budget, and one step more would.
func (a Auto) Plan(strategy string, losses []float64) (p Plan, complete bool) {
	p = Plan{Strategy: strategy, Pilot: a.Pilot}
	last := len(a.Stages) - 1
	at := 0                 // the current stage
	wait, waited := 1, 0    // windows on it before the next is tried, and so far
	rate := math.Inf(1)     // of the last window on it
	for k := range losses { // the window after loss k
		spent := p.WorkUnits(p.Iterations())
		trial := at < last && waited >= wait
		run := at
		if trial {
			run = at + 1
		}
		if spent >= a.Budget*(1-finestShare) {
			run, at, trial = last, last, false
		}
		s := a.Stages[run]
		cost := s.WorkUnits()
		room := a.Budget - spent - a.Probe
		if at == last {
			// Nothing is left to be decided, nor to be probed after this last time.
			s.Iterations = fitting(s, room)
		} else {
			s.Iterations = min(max(1, int(math.Round(a.Budget*windowShare/cost))), fitting(s, room))
		}
		if s.Iterations < 1 {
			return p, true
		}
		s.Pilot = a.Probe
		if n := len(p.Stages); n > 0 {
			s.Continues = p.Stages[n-1].Finest == s.Finest
		}
		p.Stages = append(p.Stages, s)
		if at == last {
			return p, true
		}
		if k+1 == len(losses) {
			return p, false
		}
		fall := (losses[k] - losses[k+1]) / s.workUnits(s.Iterations)
		switch {
		case !trial:
			rate, waited = fall, waited+1
		case fall >= rate:
			at, wait, waited = run, 1, 0
		default:
			wait, waited = 2*wait, 0
		}
	}
	return p, false
}

// fitting is the number of iterations that work units pay for.
func fitting(s Stage, room float64) int {
	n := max(0, int(room/s.WorkUnits()))
	for s.workUnits(n+1) <= room { // fractions of samples are carried, not paid at once
		n++
	}
	return n
}
