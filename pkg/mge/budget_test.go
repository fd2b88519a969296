package mge_test

import (
	"strings"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
)

// TestBudget: a budget scales any strategy. Less than one iteration of the last stage is left of it. With
// the strategy's own cost as its budget, the iterations do not change.
func TestBudget(t *testing.T) {
	for _, n0 := range []int{8, 16} {
		work := mge.Work{Batches: mge.Doubling(n0, 3), Iterations: 100, Stages: []int{100, 50, 25, 13}}
		for _, s := range mge.Strategies() {
			own, err := s.Plan(work)
			if err != nil {
				t.Fatal(err)
			}
			cost := own.WorkUnits(own.Iterations())
			for _, budget := range []float64{cost, 0.37 * cost, 1456, 5824.3} {
				w := work
				w.Budget = budget
				p, err := s.Plan(w)
				if s.Name == "single" && err != nil && budget < own.Stages[0].WorkUnits() {
					continue
				}
				if err != nil {
					t.Errorf("%s, %v work units: %v", s.Name, budget, err)
					continue
				}
				last := p.Stages[len(p.Stages)-1]
				if rest := budget - p.WorkUnits(p.Iterations()); rest < 0 || rest >= last.WorkUnits()+1 {
					t.Errorf("%s, %v work units: %v are left, an iteration costs %v", s.Name, budget, rest, last.WorkUnits())
				}
				if budget == cost && s.Name != "smallbatch" && p.Iterations() != own.Iterations() {
					t.Errorf("%s at its own cost has %d iterations, not %d", s.Name, p.Iterations(), own.Iterations())
				}
			}
		}
	}
	_, err := mge.FullMultiscale.Plan(mge.Work{Batches: mge.Doubling(16, 3), Stages: []int{100, 50, 25, 13}, Budget: 60})
	if err == nil || !strings.Contains(err.Error(), "a budget of 60 work units is too small: one step of each stage takes 63") {
		t.Errorf("error %v", err)
	}
}

// TestRivals: the strategies for comparison have the stages and the cost of the strategy that they are
// compared with.
func TestRivals(t *testing.T) {
	work := mge.Work{Batches: mge.Doubling(16, 3), Iterations: 100, Stages: []int{100, 50, 25, 13}, Crops: 0.25}
	for _, tc := range []struct {
		strategy mge.Strategy
		against  string
		batches  []int
		crops    float64 // of all stages except the last
		resized  bool
		cost     float64
		steps    int
	}{
		{mge.Patches, "", []int{128, 112, 68, 37}, 1, false, 1456, 188},
		{mge.ResizedCrops, "", []int{128, 112, 68, 37}, 1, true, 1456, 188},
		{mge.MeshPatch, "", []int{128, 112, 68, 37}, 0.25, false, 1456, 188},
		{mge.SmallBatch, "", []int{7}, 0, false, 1456, 188},
		{mge.SmallBatch, "mge", []int{37}, 0, false, 3700, 100},
	} {
		w := work
		w.Against = tc.against
		p, err := tc.strategy.Plan(w)
		if err != nil {
			t.Fatal(err)
		}
		// Batches are whole samples, so that less than one sample is left of the cost.
		if left := tc.cost - p.WorkUnits(p.Iterations()); left < 0 || left >= 1 || p.Iterations() != tc.steps {
			t.Errorf("%s: %v work units in %d steps, want %v in %d", tc.strategy.Name, p.WorkUnits(p.Iterations()), p.Iterations(), tc.cost, tc.steps)
		}
		for i, s := range p.Stages {
			crops, resized := tc.crops, tc.resized
			if s.Finest == 0 {
				crops, resized = 0, false
			}
			if s.Batches[0] != tc.batches[i] || s.Crops != crops || s.Resized != resized {
				t.Errorf("%s, stage %d: %+v", tc.strategy.Name, i, s)
			}
		}
	}
	work.Against = "single"
	if _, err := mge.SmallBatch.Plan(work); err == nil {
		t.Error("smallbatch is compared with single")
	}
	n := 0
	r := mesh.Request{Crops: 0.3}
	for i := range 1000 {
		if r.Cropped(i) {
			n++
		}
		if off := float64(n) - 0.3*float64(i+1); off > 1e-9 || off <= -1 {
			t.Fatalf("%d crops of %d samples", n, i+1)
		}
	}
}
