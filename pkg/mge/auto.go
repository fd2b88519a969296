package mge

import "math"

// Auto ends the stages of a strategy by measurement. Training goes through phases, each on one mesh, and
// measures before each of them the error of fixed samples, the probe, on the finest mesh. A phase on the mesh
// of the current stage is followed by a trial, a phase on the next finer mesh. If the error decreases faster
// in the trial for its cost, by at least two standard errors of the difference over the samples, training
// stays there. Otherwise it returns to the coarser mesh for twice as long, and tries again. No step is undone,
// because steps on a finer mesh are good steps that cost more. The finest mesh has at least the last quarter
// of the budget.
type Auto struct {
	Stages []Stage // of the strategy, from the coarsest mesh to the finest
	Budget float64 // in work units
	Probe  float64 // cost in work units of a measurement
	Pilot  float64 // of the plan; see Plan
}

// Fractions of the budget.
const (
	trialShare  = 1. / 20 // of a trial, and of the first phase on a mesh
	finestShare = 1. / 4  // of the end of training, which belongs to the finest mesh
)

// Plan returns the phases that follow from the errors so far: probes[k] has the error of each sample before
// phase k. complete reports whether the plan spends the whole budget. Its cost never exceeds the budget, but
// one more step would.
func (a Auto) Plan(strategy string, probes [][]float64) (p Plan, complete bool) {
	p = Plan{Strategy: strategy, Pilot: a.Pilot}
	last := len(a.Stages) - 1
	at := 0            // the current stage
	length := 1.       // of its next phase, in trials
	trial := false     // whether the phase after probe k is a trial
	var rate []float64 // decrease of each sample's error per work unit in the last phase of the stage
	for k := range probes {
		run, phase := at, length
		if trial {
			run, phase = at+1, 1
		}
		spent, coarse := p.WorkUnits(p.Iterations()), a.Budget*(1-finestShare)
		if spent >= coarse {
			run, at = last, last
		}
		s := a.Stages[run]
		cost := s.WorkUnits()
		room := a.Budget - spent - a.Probe
		if at == last {
			// There is nothing left to decide, so that this probe is the last one.
			s.Iterations = fitting(s, room)
		} else {
			n := math.Min(math.Round(phase*a.Budget*trialShare/cost), math.Ceil((coarse-spent)/cost))
			s.Iterations = min(max(1, int(n)), fitting(s, room))
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
		if k+1 == len(probes) {
			return p, false
		}
		decrease := decreases(probes[k], probes[k+1], s.workUnits(s.Iterations))
		switch {
		case !trial:
			rate = decrease
		case faster(decrease, rate):
			at, length = run, 1
		default:
			length *= 2
		}
		trial = !trial
	}
	return p, false
}

// decreases returns how much the error of each sample decreases per work unit.
func decreases(before, after []float64, work float64) []float64 {
	d := make([]float64, len(before))
	for i := range d {
		d[i] = (before[i] - after[i]) / work
	}
	return d
}

// faster reports whether the mean of a exceeds that of b by at least two standard errors of the mean of
// their differences: a stage has several trials, and each must not end it by chance.
func faster(a, b []float64) bool {
	var sum, squares float64
	n := float64(len(a))
	for i := range a {
		sum += a[i] - b[i]
	}
	mean := sum / n
	for i := range a {
		d := a[i] - b[i] - mean
		squares += float64(d * d)
	}
	return mean >= 2*math.Sqrt(squares/(n*max(1, n-1)))
}

// fitting is the largest number of iterations of a stage whose cost is at most room work units.
func fitting(s Stage, room float64) int {
	n := max(0, int(room/s.WorkUnits()))
	for s.workUnits(n+1) <= room { // only whole samples are paid, which may permit another iteration
		n++
	}
	return n
}
