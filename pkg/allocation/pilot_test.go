package allocation_test

import (
	"slices"
	"testing"

	"multiscale/pkg/allocation"
	"multiscale/pkg/mge"
)

var quick = mge.Work{Batches: mge.Doubling(8, 2), Iterations: 60, Stages: []int{60, 30, 15}}

// asOneIteration is the cost of a pilot with as many samples as one iteration.
func asOneIteration(s mge.Stage) float64 { return s.WorkUnits() }

// TestPiloted: pilots are before the right iterations, and the plan counts their cost.
func TestPiloted(t *testing.T) {
	for _, tc := range []struct {
		strategy mge.Strategy
		method   allocation.Method
		pilots   []int   // the iterations after each pilot
		stages   []int   // iterations by stage number
		work     float64 // of the whole plan
	}{
		{mge.MGE, allocation.Fixed, nil, []int{60}, 1020},
		{mge.MGE, allocation.Optimal, []int{0}, []int{60}, 1020 + 17},
		{mge.MGE, allocation.Adaptive, []int{0, 16, 32}, []int{60}, 1020 + 3*17},
		{mge.FullMultiscale, allocation.Optimal, []int{0}, []int{60, 30, 15}, 585 + 17},
		// Two terms from iteration 60 on, and three from 90 on.
		{mge.FullMultiscale, allocation.Adaptive, []int{60, 76, 90}, []int{60, 30, 15}, 585 + 2*7 + 17},
		{mge.Single, allocation.Adaptive, nil, []int{60}, 3360},
		{mge.Progressive, allocation.Optimal, nil, []int{60, 30, 15}, 585},
	} {
		base, err := tc.strategy.Plan(quick)
		if err != nil {
			t.Fatal(err)
		}
		// An iteration of the stage with two terms costs 16(1/4+1/16) + 32/16 = 7, with one term 2.
		a := allocation.Allocation{Method: tc.method, Cost: asOneIteration}
		p, err := a.Plan(base, nil)
		if err != nil {
			t.Fatal(err)
		}
		name := tc.strategy.Name + ", " + string(tc.method)
		if p.Iterations() != base.Iterations() || p.WorkUnits(p.Iterations()) != tc.work || p.WorkUnits(0) != 0 {
			t.Errorf("%s: %d iterations of %v work units, want %v", name, p.Iterations(), p.WorkUnits(p.Iterations()), tc.work)
		}
		var pilots []int
		stages := make([]int, p.Numbers())
		ends := 0
		for i := range p.Iterations() {
			if _, ok := a.Due(p, i); ok {
				pilots = append(pilots, i)
			}
			at, _, last := p.At(i)
			stages[p.Number(at)]++
			if last {
				ends++
			}
		}
		if !slices.Equal(pilots, tc.pilots) || !slices.Equal(stages, tc.stages) || ends != len(tc.stages) {
			t.Errorf("%s: pilots before %v, stages of %v with %d ends, want %v and %v", name, pilots, stages, ends, tc.pilots, tc.stages)
		}
	}
}

// TestDecisions: batches follow from a plan and the decisions so far. Neither the cost nor the
// plan itself changes.
func TestDecisions(t *testing.T) {
	v := allocation.Variances{Single: []float64{9, 9, 9}, Difference: []float64{0.1, 1}}
	base, err := mge.FullMultiscale.Plan(quick)
	if err != nil {
		t.Fatal(err)
	}
	plan := func(method allocation.Method, decisions ...allocation.Decision) mge.Plan {
		t.Helper()
		p, err := allocation.Allocation{Method: method, Cost: asOneIteration}.Plan(base, decisions)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	optimal, got := plan(allocation.Optimal), plan(allocation.Optimal, allocation.Decision{Variances: v})
	if got.WorkUnits(got.Iterations()) != optimal.WorkUnits(optimal.Iterations()) {
		t.Errorf("%v work units, want %v", got.WorkUnits(got.Iterations()), optimal.WorkUnits(optimal.Iterations()))
	}
	for i, s := range got.Stages {
		if want := v.Allocate(base.Stages[i]).Batches; !slices.Equal(s.Batches, want) {
			t.Errorf("stage %d: batches %v, want %v", i, s.Batches, want)
		}
	}
	if slices.Equal(got.Stages[2].Batches, base.Stages[2].Batches) {
		t.Error("batches are as they were")
	}
	adaptive, got := plan(allocation.Adaptive), plan(allocation.Adaptive, allocation.Decision{Iteration: 76, Variances: v})
	for i, s := range got.Stages { // iterations 0-59, 60-75, 76-89, 90-104
		if changed := !slices.Equal(s.Batches, adaptive.Stages[i].Batches); changed != (i == 2) {
			t.Errorf("stage %d: batches %v, were %v", i, s.Batches, adaptive.Stages[i].Batches)
		}
	}
	for iteration, want := range map[int]int{0: 60, 59: 60, 60: 76, 75: 76, 76: 90, 90: 105} {
		if n := allocation.Until(got, iteration).Iterations(); n != want {
			t.Errorf("from iteration %d on, %d are known, want %d", iteration, n, want)
		}
	}
	if s, due := (allocation.Allocation{Method: allocation.Optimal}).Due(optimal, 0); !due || s.Finest != 0 || len(s.Batches) != 3 {
		t.Errorf("the pilot measures %+v", s)
	}
	if s, due := (allocation.Allocation{Method: allocation.Adaptive}).Due(adaptive, 60); !due || s.Finest != 1 || len(s.Batches) != 2 {
		t.Errorf("the pilot of the second stage measures %+v", s)
	}
	for name, d := range map[string]allocation.Decision{
		"no pilot":      {Iteration: 61, Variances: v},
		"few variances": {Iteration: 90, Variances: allocation.Variances{Single: []float64{1}, Difference: []float64{1}}},
	} {
		if _, err := (allocation.Allocation{Method: allocation.Adaptive, Cost: asOneIteration}).Plan(base, []allocation.Decision{d}); err == nil {
			t.Errorf("%s: the decision was taken", name)
		}
	}
}
