package experiment

import (
	"context"
	"errors"
	"maps"
	"math"
	"testing"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/setting"
)

// near is the largest rounding error of sums of seconds.
const near = 1e-9

func TestPace(t *testing.T) {
	p := pace{one: 0.1, many: 0.5, images: 9} // 0.05 s plus 0.05 s an image
	for n, want := range map[float64]float64{1: 0.1, 5: 0.3, 9: 0.5, 18: 1} {
		if got := p.seconds(n); math.Abs(got-want) > near {
			t.Errorf("%v images: %v s, want %v", n, got, want)
		}
	}
	if got := (pace{one: 0.1, images: 1}).seconds(3); math.Abs(got-0.3) > near {
		t.Errorf("three times one image: %v s", got)
	}
}

// TestPrediction: an iteration is its gradients on each mesh, its samples, packed weights and the step.
func TestPrediction(t *testing.T) {
	s := &speed{parts: parts{step: 0.5, meshes: map[int]pace{0: {one: 1, images: 1, draw: 0.1, pack: 0.25}, 1: {one: 0.25, images: 1, draw: 0.2, pack: 0.5}}}}
	stage := mge.Stage{Batches: []int{2, 4}, Iterations: 10}
	// 2 images on the finest mesh, 2+4 on the next; 2 and 4 samples.
	each := 0.5 + 2*1 + 6*0.25 + 2*0.1 + 4*0.2 + 0.25 + 0.5
	if got := s.iteration(stage); math.Abs(got-each) > near {
		t.Errorf("an iteration takes %v s, want %v", got, each)
	}
	plan := mge.Plan{Stages: []mge.Stage{stage}, Pilot: 35} // as much as all iterations
	if got := s.training(plan); math.Abs(got-20*each) > near {
		t.Errorf("a plan takes %v s, want %v", got, 20*each)
	}
}

// TestEstimator: experiments that differ in steps and strategies share timings; with another network they are timed again.
func TestEstimator(t *testing.T) {
	estimator := NewEstimator(catalog.Standard())
	cost := func(v setting.Values) Cost {
		t.Helper()
		maps.Copy(v, setting.Values{"task": "denoising", "side": "16", "levels": "1", "strategy": "progressive,single"})
		c, err := setting.Parse(catalog.Standard(), v)
		if err != nil {
			t.Fatal(err)
		}
		costs, err := estimator.Costs(t.Context(), c.Task, c)
		if err != nil {
			t.Fatal(err)
		}
		return costs["single"]
	}
	first := cost(setting.Values{"network": "resnet:hidden=16,blocks=1", "iterations": "10"})
	twice := cost(setting.Values{"network": "resnet:hidden=16,blocks=1", "iterations": "20"})
	if len(estimator.timed) != 1 || twice.WorkUnits != 2*first.WorkUnits || math.Abs(twice.Training/first.Training-2) > near {
		t.Errorf("twice the steps: %+v, %+v, of %d kinds", first, twice, len(estimator.timed))
	}
	if cost(setting.Values{"network": "resnet:hidden=8,blocks=1", "iterations": "10"}); len(estimator.timed) != 2 {
		t.Errorf("two networks are timed as %d kinds", len(estimator.timed))
	}
	cost(setting.Values{"network": "resnet:hidden=8,blocks=1", "iterations": "10", "memory": "64MiB"})
	if cost(setting.Values{"network": "resnet:hidden=8,blocks=1", "iterations": "10", "memory": "65MiB"}); len(estimator.timed) != 4 {
		t.Errorf("two budgets of memory are timed as %d kinds", len(estimator.timed)-2)
	}
}

// TestBudget: without time, only one batch of the coarsest mesh is timed, and the times of the others, which have
// 4 and 16 times as many pixels, are extrapolated. With enough time all meshes are timed.
func TestBudget(t *testing.T) {
	e, m, plans := opened(t, catalog.Standard(), setting.Values{"task": "denoising", "network": "resnet:hidden=16", "side": "32", "levels": "2", "strategy": "mge"})
	for name, tc := range map[string]struct {
		budget time.Duration
		finest int
	}{"none": {0, 2}, "enough": {time.Hour, 0}} {
		s := e.newSpeed(m, tc.budget)
		if err := s.measure(t.Context(), plans[0].Stages); err != nil {
			t.Fatal(name, err)
		}
		if _, err := s.validation(t.Context(), timedWhole); err != nil {
			t.Fatal(name, err)
		}
		if _, err := s.end(t.Context(), plans[0]); err != nil {
			t.Fatal(name, err)
		}
		if s.short != (tc.budget == 0) {
			t.Errorf("%s: something was left out: %v", name, s.short)
		}
		for level := range 3 {
			p := s.meshes[level]
			if want := max(level, tc.finest); p.level != want || p.one <= 0 {
				t.Errorf("%s: mesh %d is timed on mesh %d, want %d: %+v", name, level, p.level, want, p)
			}
			if want := s.meshes[2].one * mesh.Cost(level) / mesh.Cost(2); tc.budget == 0 && math.Abs(p.one-want) > near*want {
				t.Errorf("%s: mesh %d takes %v s, want %v", name, level, p.one, want)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s := e.newSpeed(m, time.Hour)
	if err := s.measure(ctx, plans[0].Stages); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := s.end(ctx, plans[0]); err != context.Canceled {
		t.Errorf("stopped at the end: %v", err)
	}
}

// TestForecast: the time left weighs stages by their own seconds, not by work units.
func TestForecast(t *testing.T) {
	coarse := mge.Stage{Finest: 1, Batches: []int{4}, Iterations: 100} // a work unit each
	fine := mge.Stage{Batches: []int{4}, Iterations: 10}               // four
	plan := mge.Plan{Stages: []mge.Stage{coarse, fine}}
	check := func(what string, f *forecast, want float64, known bool) {
		t.Helper()
		if got, ok := f.left(); ok != known || math.Abs(got-want) > near {
			t.Errorf("%s: %v s (known: %v), want %v (%v)", what, got, ok, want, known)
		}
	}
	f := &forecast{}
	r := f.begin(plan, 3)
	f.validations.add(2, 0)
	f.iterated(coarse, 7) // builds the graph
	for range 9 {
		f.iterated(coarse, 0.1)
	}
	r.iteration = 10
	check("a stage to come is not known", f, 0, false)
	if stages := f.unknown(); len(stages) != 1 || stages[0].Finest != 0 {
		t.Errorf("not known: %v", stages)
	}
	// Predicted: 0.05 and 0.1 s an iteration; the machine turns out to be half as fast.
	f.speed = &speed{parts: parts{step: 0.01, meshes: map[int]pace{0: {one: 0.0225, images: 1}, 1: {one: 0.01, images: 1}}}}
	check("a stage to come is predicted and corrected", f, 90*0.1+10*0.2+3*2, true)
	f.iterated(fine, 1)
	f.iterated(fine, 0.3)
	r.iteration, r.validations = 102, 1
	check("a stage that has begun is measured", f, 8*0.3+2, true)
	f.begin(plan, 0)
	check("the units that follow", f, 8*0.3+2+100*0.1+10*0.3, true)
}
