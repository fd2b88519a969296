package mge_test

import (
	"slices"
	"testing"

	"multiscale/pkg/mge"
)

// TestAuto: the mesh of the next window follows from the decrease of the loss per work unit.
func TestAuto(t *testing.T) {
	stages, err := mge.FullMultiscale.Plan(mge.Work{Batches: mge.Doubling(16, 3), Stages: []int{100, 50, 25, 13}})
	if err != nil {
		t.Fatal(err)
	}
	a := mge.Auto{Stages: stages.Stages, Budget: 1456, Probe: 4}
	// fall is the decrease of the loss per work unit on the mesh of a level, in the k-th window.
	for name, tc := range map[string]struct {
		fall   func(level, k int) float64
		levels []int // of the windows
	}{
		"coarse meshes do not help":  {func(level, k int) float64 { return float64(3 - level) }, []int{3, 2, 2, 1, 1, 0, 0}},
		"nothing falls":              {func(level, k int) float64 { return 0 }, []int{3, 2, 2, 1, 1, 0, 0}},
		"coarse meshes help at once": {func(level, k int) float64 { return float64(level) }, []int{3, 2, 3, 3, 2, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 0}},
	} {
		losses := []float64{1000}
		var p mge.Plan
		complete := false
		for k := 0; !complete; k++ {
			if p, complete = a.Plan("auto", losses); len(p.Stages) != k+1 && !complete {
				t.Fatalf("%s: %d windows are known by %d losses", name, len(p.Stages), len(losses))
			}
			last := p.Stages[len(p.Stages)-1]
			losses = append(losses, losses[k]-tc.fall(last.Finest, k)*last.WorkUnits()*float64(last.Iterations))
		}
		var levels []int
		for i, s := range p.Stages {
			levels = append(levels, s.Finest)
			if s.Continues != (i > 0 && p.Stages[i-1].Finest == s.Finest) || s.Pilot != 4 {
				t.Errorf("%s: window %d is %+v", name, i, s)
			}
		}
		if !slices.Equal(levels, tc.levels) {
			t.Errorf("%s: windows on levels %v, want %v", name, levels, tc.levels)
		}
		if rest := a.Budget - p.WorkUnits(p.Iterations()); rest < 0 || rest >= 37 {
			t.Errorf("%s: %v work units are left", name, rest)
		}
		again, _ := a.Plan("auto", losses)
		if again.Iterations() != p.Iterations() {
			t.Errorf("%s: more losses change a complete plan", name)
		}
	}
	if p, complete := a.Plan("auto", nil); complete || len(p.Stages) != 0 {
		t.Errorf("without a loss: %+v", p)
	}
}
