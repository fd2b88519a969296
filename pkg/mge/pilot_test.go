package mge_test

import (
	"slices"
	"testing"

	"multiscale/pkg/mge"
)

var quick = mge.Work{Batches: mge.Doubling(8, 2), Iterations: 60, Stages: []int{60, 30, 15}}

// asOneIteration is the cost of a pilot that measures as many samples as one
// iteration has.
func asOneIteration(s mge.Stage) float64 { return s.WorkUnits() }

// TestPiloted: pilots are where they should be, and are counted exactly.
func TestPiloted(t *testing.T) {
	for _, tc := range []struct {
		strategy   mge.Strategy
		allocation mge.Allocation
		pilots     []int   // iterations before which there is one
		stages     []int   // iterations of the stages, as counted
		work       float64 // of the whole plan
	}{
		{mge.MGE, mge.Fixed, nil, []int{60}, 1020},
		{mge.MGE, mge.Optimal, []int{0}, []int{60}, 1020 + 17},
		{mge.MGE, mge.Adaptive, []int{0, 16, 32}, []int{60}, 1020 + 3*17},
		{mge.FullMultiscale, mge.Optimal, []int{0}, []int{60, 30, 15}, 585 + 17},
		// Two terms from iteration 60 on, and three from 90 on.
		{mge.FullMultiscale, mge.Adaptive, []int{60, 76, 90}, []int{60, 30, 15}, 585 + 2*7 + 17},
		{mge.Single, mge.Adaptive, nil, []int{60}, 3360},
		{mge.Progressive, mge.Optimal, nil, []int{60, 30, 15}, 585},
	} {
		base, err := quick.Plan(tc.strategy)
		if err != nil {
			t.Fatal(err)
		}
		// The stage of two terms costs 16(1/4+1/16) + 32/16 = 7, that of one 2.
		p := base.Piloted(tc.allocation, asOneIteration)
		name := string(tc.strategy) + ", " + string(tc.allocation)
		if p.Iterations() != base.Iterations() || p.WorkUnits(p.Iterations()) != tc.work || p.WorkUnits(0) != 0 {
			t.Errorf("%s: %d iterations of %v work units, want %v", name, p.Iterations(), p.WorkUnits(p.Iterations()), tc.work)
		}
		var pilots []int
		stages := make([]int, p.Number(len(p.Stages)-1)+1)
		ends := 0
		for i := range p.Iterations() {
			if _, ok := p.Measured(tc.allocation, i); ok {
				pilots = append(pilots, i)
			}
			at, last := p.At(i)
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

// TestAllocated: batches change where a pilot says so, and the cost does not.
func TestAllocated(t *testing.T) {
	v := mge.Variances{Single: []float64{9, 9, 9}, Difference: []float64{0.1, 1}}
	base, err := quick.Plan(mge.FullMultiscale)
	if err != nil {
		t.Fatal(err)
	}
	optimal := base.Piloted(mge.Optimal, asOneIteration)
	got := optimal.Allocated(mge.Optimal, 0, v)
	if got.WorkUnits(got.Iterations()) != optimal.WorkUnits(optimal.Iterations()) {
		t.Errorf("%v work units, want %v", got.WorkUnits(got.Iterations()), optimal.WorkUnits(optimal.Iterations()))
	}
	for i, s := range got.Stages {
		if want := base.Stages[i].Allocate(v).Batches; !slices.Equal(s.Batches, want) {
			t.Errorf("stage %d: batches %v, want %v", i, s.Batches, want)
		}
	}
	if slices.Equal(got.Stages[2].Batches, base.Stages[2].Batches) {
		t.Error("batches are as they were")
	}
	adaptive := base.Piloted(mge.Adaptive, asOneIteration)
	got = adaptive.Allocated(mge.Adaptive, 76, v)
	for i, s := range got.Stages { // iterations 0-59, 60-75, 76-89, 90-104
		if changed := !slices.Equal(s.Batches, adaptive.Stages[i].Batches); changed != (i == 2) {
			t.Errorf("stage %d: batches %v, were %v", i, s.Batches, adaptive.Stages[i].Batches)
		}
	}
	for iteration, want := range map[int]int{0: 60, 59: 60, 60: 76, 75: 76, 76: 90, 90: 105} {
		if n := got.Until(iteration).Iterations(); n != want {
			t.Errorf("from iteration %d on, %d are known, want %d", iteration, n, want)
		}
	}
	if s, ok := optimal.Measured(mge.Optimal, 0); !ok || s.Finest != 0 || len(s.Batches) != 3 {
		t.Errorf("the pilot measures %+v", s)
	}
	if s, ok := adaptive.Measured(mge.Adaptive, 60); !ok || s.Finest != 1 || len(s.Batches) != 2 {
		t.Errorf("the pilot of the second stage measures %+v", s)
	}
}
