package mge_test

import (
	"slices"
	"testing"

	"multiscale/pkg/mge"
)

// TestAuto: the mesh of the next phase follows from the decrease of the samples' errors per work unit.
func TestAuto(t *testing.T) {
	stages, err := mge.FullMultiscale.Plan(mge.Work{Batches: mge.Doubling(16, 3), Stages: []int{100, 50, 25, 13}})
	if err != nil {
		t.Fatal(err)
	}
	a := mge.Auto{Stages: stages.Stages, Budget: 1456, Probe: 8}
	const samples = 4
	// noise is added to the decrease of a sample. It is 0 on average over the samples, with a standard error of 0.91.
	noise := [samples]float64{2, -2, 1, -1}
	for name, tc := range map[string]struct {
		// fall is the decrease of a sample's error per work unit on the mesh of a level.
		fall   func(level, sample int) float64
		levels []int // of the phases
	}{
		"coarse meshes do not help":        {func(level, i int) float64 { return float64(3 - level) }, []int{3, 2, 2, 1, 1, 0, 0}},
		"nothing falls":                    {func(level, i int) float64 { return 0 }, []int{3, 2, 2, 1, 1, 0, 0}},
		"coarse meshes help at once":       {func(level, i int) float64 { return float64(level) }, []int{3, 2, 3, 2, 3, 2, 3, 0}},
		"a mean within the noise":          {func(level, i int) float64 { return float64(3-level) * (1.5 + noise[i]) }, []int{3, 2, 3, 2, 3, 2, 3, 0}},
		"a mean beyond the noise":          {func(level, i int) float64 { return float64(3-level) * (2 + noise[i]) }, []int{3, 2, 2, 1, 1, 0, 0}},
		"noise that all meshes have":       {func(level, i int) float64 { return float64(3-level)*0.5 + 9*noise[i] }, []int{3, 2, 2, 1, 1, 0, 0}},
		"errors that are not numbers":      {func(level, i int) float64 { var zero float64; return zero / zero }, []int{3, 2, 3, 2, 3, 2, 3, 0}},
		"one level less than the coarsest": {func(level, i int) float64 { return -float64((level - 2) * (level - 2)) }, []int{3, 2, 2, 1, 2, 1, 2, 1, 2, 0}},
	} {
		probes := [][]float64{{1000, 1000, 1000, 1000}}
		var p mge.Plan
		complete := false
		for k := 0; !complete; k++ {
			if p, complete = a.Plan("auto", probes); len(p.Stages) != k+1 && !complete {
				t.Fatalf("%s: %d phases are known by %d probes", name, len(p.Stages), len(probes))
			}
			last := p.Stages[len(p.Stages)-1]
			after := slices.Clone(probes[k])
			for i := range after {
				after[i] -= tc.fall(last.Finest, i) * last.WorkUnits() * float64(last.Iterations)
			}
			probes = append(probes, after)
		}
		var levels []int
		coarse := 0. // work units before the last phase
		for i, s := range p.Stages {
			levels = append(levels, s.Finest)
			if s.Continues != (i > 0 && p.Stages[i-1].Finest == s.Finest) || s.Pilot != 8 {
				t.Errorf("%s: phase %d is %+v", name, i, s)
			}
			if i < len(p.Stages)-1 {
				coarse += s.WorkUnits()*float64(s.Iterations) + s.Pilot
			}
		}
		if !slices.Equal(levels, tc.levels) {
			t.Errorf("%s: phases on levels %v, want %v", name, levels, tc.levels)
		}
		if coarse > 0.75*a.Budget+37 {
			t.Errorf("%s: coarser meshes have %v work units", name, coarse)
		}
		if rest := a.Budget - p.WorkUnits(p.Iterations()); rest < 0 || rest >= 37 {
			t.Errorf("%s: %v work units are left", name, rest)
		}
		again, _ := a.Plan("auto", probes)
		if again.Iterations() != p.Iterations() {
			t.Errorf("%s: more probes change a complete plan", name)
		}
	}
	if p, complete := a.Plan("auto", nil); complete || len(p.Stages) != 0 {
		t.Errorf("without a probe: %+v", p)
	}
}
