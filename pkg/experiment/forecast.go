package experiment

import (
	"context"
	"time"

	"multiscale/pkg/mge"
	"multiscale/pkg/model"
)

// forecast is the time that the units of a call have left. Seconds of a work unit differ
// from mesh to mesh, by ten and more, so it goes by what iterations of each kind of stage
// took, and for stages that have not begun by timings of their meshes, in proportion.
type forecast struct {
	units       []*remaining
	stages      map[meshes]*tally // iterations
	validations tally
	ends        tally     // export and cross-check
	speed       *speed    // once it is needed
	tried       bool      // to make it
	since       time.Time // of the first iteration
}

// remaining is what is left of a unit.
type remaining struct {
	plan        mge.Plan
	iteration   int // finished
	validations int // to come
}

// meshes are those of a stage: iterations on the same meshes differ in their batches alone.
type meshes struct{ finest, coarsest int }

// tally is how often something was done, and what that took.
type tally struct {
	n       int
	seconds float64
	work    float64 // units, of iterations
}

func (t *tally) add(seconds, work float64) {
	// The first of several iterations builds graphs, and says little.
	if t.n == 1 && work > 0 {
		t.seconds, t.work = 0, 0
	}
	t.n++
	t.seconds += seconds
	t.work += work
}

func (t *tally) each() float64 { return t.seconds / float64(max(t.n, 1)) }

// timingAfter is how long a run goes before stages to come are timed: what is over by then
// needs no forecast. maxTimedVector bounds the parameters of networks that are timed so, of
// which a second copy is made.
const (
	timingAfter    = 8 * time.Second
	maxTimedVector = 64 << 20
)

func kindOf(s mge.Stage) meshes { return meshes{s.Finest, s.Coarsest()} }

// begin adds a unit to what is left.
func (f *forecast) begin(plan mge.Plan, validations int) *remaining {
	r := &remaining{plan: plan, validations: validations}
	f.units = append(f.units, r)
	return r
}

// iterated takes in an iteration.
func (f *forecast) iterated(s mge.Stage, seconds float64) {
	if f.stages == nil {
		f.stages, f.since = map[meshes]*tally{}, time.Now()
	}
	t := f.stages[kindOf(s)]
	if t == nil {
		t = &tally{}
		f.stages[kindOf(s)] = t
	}
	t.add(seconds, s.WorkUnits())
}

// unknown returns the stages to come of which no iteration was timed.
func (f *forecast) unknown() (list []mge.Stage) {
	for _, r := range f.units {
		first := 0
		for _, s := range r.plan.Stages {
			if first += s.Iterations; first > r.iteration && f.stages[kindOf(s)] == nil {
				list = append(list, s)
			}
		}
	}
	return list
}

// learn times the meshes of stages to come, once a run has gone for a while, with a model
// of its own. Training reports what fails here.
func (f *forecast) learn(ctx context.Context, e *Experiment, newModel func() (*model.Model, error)) {
	if f.tried || time.Since(f.since) < timingAfter {
		return
	}
	stages := f.unknown()
	if len(stages) == 0 {
		return
	}
	f.tried = true
	m, err := newModel()
	if err != nil || 4*m.Params.Len() > maxTimedVector {
		return
	}
	for _, r := range f.units { // the known ones are what predictions are corrected by
		stages = append(stages, r.plan.Stages...)
	}
	s := e.newSpeed(m, timingBudget)
	if err := s.measure(ctx, stages); err == nil {
		s.m, s.gradient = nil, nil
		f.speed = s
	}
}

// left is the seconds that all units have left; ok is false where they are not known.
func (f *forecast) left() (seconds float64, ok bool) {
	correction := f.correction()
	for _, r := range f.units {
		done := r.iteration
		for _, s := range r.plan.Stages {
			n := max(s.Iterations-done, 0)
			done = max(done-s.Iterations, 0)
			if n == 0 {
				continue
			}
			switch t := f.stages[kindOf(s)]; {
			case t != nil && t.work > 0:
				seconds += float64(float64(n) * t.seconds / t.work * s.WorkUnits())
			case f.speed != nil:
				seconds += float64(float64(n) * correction * f.speed.iteration(s))
			default:
				return 0, false
			}
		}
		seconds += float64(float64(r.validations)*f.validations.each()) + f.ends.each()
	}
	return seconds, true
}

// correction is how much longer iterations took than was predicted.
func (f *forecast) correction() float64 {
	if f.speed == nil {
		return 1
	}
	var took, predicted float64
	for _, r := range f.units {
		for _, s := range r.plan.Stages {
			if t := f.stages[kindOf(s)]; t != nil && t.work > 0 {
				took += t.seconds
				predicted += float64(t.work / s.WorkUnits() * f.speed.iteration(s))
			}
		}
	}
	if !(took > 0 && predicted > 0) {
		return 1
	}
	return took / predicted
}
