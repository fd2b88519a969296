package mge

import "math"

// Auto ends the stages of a strategy by measurement. It trains in windows of nearly equal cost. Before
// each window it measures the loss on the finest mesh with a probe of fixed samples. After a window on
// the mesh of the current stage, it tries a window on the next finer mesh. If the loss decreases there
// at least as fast for its cost, training stays there. Otherwise it returns to the coarser mesh and
// tries again after twice as many windows. No step is undone, because steps on a finer mesh are good
// steps that cost more. The finest mesh has at least the last quarter of the budget.
type Auto struct {
	Stages []Stage // of the strategy, from the coarsest mesh to the finest
	Budget float64 // in work units
	Probe  float64 // cost in work units of a measurement
	Pilot  float64 // of the plan; see Plan
}

// Fractions of the budget.
const (
	windowShare = 1. / 20 // of a window
	finestShare = 1. / 4  // of the end of training, which belongs to the finest mesh
)

// Plan returns the windows that follow from the losses so far. losses[0] was measured before training,
// and each later one before another window. complete reports whether the plan spends the whole budget.
// Its cost never exceeds the budget, but one more step would.
func (a Auto) Plan(strategy string, losses []float64) (p Plan, complete bool) {
	p = Plan{Strategy: strategy, Pilot: a.Pilot}
	last := len(a.Stages) - 1
	at := 0                 // the current stage
	wait, waited := 1, 0    // windows on its mesh before the next finer one is tried, and so far
	rate := math.Inf(1)     // decrease of the loss per work unit in the last window on its mesh
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
			// There is nothing left to decide, so that this probe is the last one.
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

// fitting is the largest number of iterations of a stage whose cost is at most room work units.
func fitting(s Stage, room float64) int {
	n := max(0, int(room/s.WorkUnits()))
	for s.workUnits(n+1) <= room { // only whole samples are paid, which may permit another iteration
		n++
	}
	return n
}
