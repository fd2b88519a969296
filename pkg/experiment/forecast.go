package experiment

import (
	"context"
	"time"

	"multiscale/pkg/mge"
	"multiscale/pkg/model"
)

// forecast predicts the time that the units of a call still need. The seconds of a work unit
// differ between meshes by factors of ten and more. So the forecast uses the measured time of
// iterations on the same meshes. For stages on other meshes it uses the predictions of speed,
// times the ratio of measured to predicted time of the known stages.
type forecast struct {
	units       []*remaining
	stages      map[meshes]*tally // of iterations
	validations tally
	ends        tally     // of export and cross-check
	speed       *speed    // nil until learn has timed the meshes
	tried       bool      // learn has tried to do that
	since       time.Time // end of the first iteration
}

// remaining is the work that a unit has left.
type remaining struct {
	plan        mge.Plan
	iteration   int // finished
	validations int // to come
}

// meshes are the finest and coarsest level of a stage. Iterations on the same meshes differ only in their batches.
type meshes struct{ finest, coarsest int }

// tally counts executions and sums their time.
type tally struct {
	n       int
	seconds float64
	work    float64 // work units, of iterations
}

func (t *tally) add(seconds, work float64) {
	// The first of several iterations also builds graphs, so its time does not count.
	if t.n == 1 && work > 0 {
		t.seconds, t.work = 0, 0
	}
	t.n++
	t.seconds += seconds
	t.work += work
}

func (t *tally) each() float64 { return t.seconds / float64(max(t.n, 1)) }

// timingAfter is how long a run trains before the meshes of later stages are timed; shorter runs
// need no forecast. maxTimedVector is the largest network, in bytes of parameters, that is timed,
// because that takes a second copy of it.
const (
	timingAfter    = 8 * time.Second
	maxTimedVector = 64 << 20
)

func kindOf(s mge.Stage) meshes { return meshes{s.Finest, s.Coarsest()} }

// begin adds a unit to the forecast.
func (f *forecast) begin(plan mge.Plan, validations int) *remaining {
	r := &remaining{plan: plan, validations: validations}
	f.units = append(f.units, r)
	return r
}

// iterated records the time of an iteration.
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

// unknown returns the unfinished stages on meshes of which no iteration was timed.
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

// learn times the meshes of unknown stages with a model of its own, once timingAfter has passed.
// It ignores errors: training itself will report them.
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
	for _, r := range f.units { // correction needs timings of the known stages, too
		stages = append(stages, r.plan.Stages...)
	}
	s := e.newSpeed(m, timingBudget)
	if err := s.measure(ctx, stages); err == nil {
		s.m, s.gradient = nil, nil
		f.speed = s
	}
}

// left returns the seconds that all units still need; ok is false if they are not known.
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

// correction returns the ratio of the time that iterations took to the predicted time; 1 if it is not known.
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
