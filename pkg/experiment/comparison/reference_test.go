package comparison

import (
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
	"slices"
	"strings"
	"testing"
)

// TestReference: a row is compared with the longest single-scale training whose settings it has, too, also with that of
// another size; never with one on other pictures. Settings of all rows are in the title.
func TestReference(t *testing.T) {
	given := func(dir string, values map[string]any, units ...unit) Run {
		r := newRun(t, denoising, units...)
		r.Dir = dir
		for name, v := range values {
			r.Record.Configuration[name] = v
		}
		return again(t, r)
	}
	single, coarse := unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.MGE.Name, 1, []float64{0.12}}
	short := unit{mge.Single.Name, 1, []float64{0.3}}
	reference := given("reference", nil, single)
	cheap := given("cheap", map[string]any{"budget": 1020.}, short, coarse)
	cheap.Summaries[0].WorkUnits = 1020
	layers := given("layers", map[string]any{"budget": 1020., "coefficients": "layer"}, coarse)
	for _, c := range []struct {
		what  string
		runs  []Run
		title string
		want  []string // of the answer: times less work, MSE, against single-scale's
	}{
		{"equal cost", []Run{cheap, layers}, "quick profile, budget 1020", []string{
			"single | 1.00 | 0.3000 | 0.0%", "mge | 1.00 | 0.1200 | −60.0%", "mge (coefficients layer) | 1.00 | 0.1200 | −60.0%"}},
		{"with a longer one", []Run{cheap, layers, reference}, "quick profile, budget 1020", []string{
			"single | 3.29 | 0.3000 | +200.0%", "single (usual steps) | 1.00 | 0.1000 | 0.0%",
			"mge | 3.29 | 0.1200 | +20.0%", "mge (coefficients layer) | 3.29 | 0.1200 | +20.0%"}},
		{"other settings", []Run{layers, given("rate", map[string]any{"lr": 0.001}, single)}, "quick profile, budget 1020, coefficients layer", []string{
			"single (lr 0.001, usual steps, coefficients none) | 1.00 | 0.1000 | 0.0%", "mge |  | 0.1200 | no single-scale run"}},
		{"other pictures", []Run{given("held", map[string]any{"hold-out": true}, coarse), reference}, "quick profile, hold-out true", []string{
			"single (hold-out false) | 1.00 | 0.1000 | 0.0%", "mge |  | 0.1200 | no single-scale run"}},
		{"other inputs", []Run{withInput(t, layers, 0.5), withInput(t, reference, 0.4)}, "quick profile, budget 1020, coefficients layer", []string{
			"single (usual steps, coefficients none) | 1.00 | 0.1000 | 0.0%", "mge |  | 0.1200 | no single-scale run"}},
	} {
		all := groups(t, c.runs...)
		if got, _, _ := strings.Cut(all[0].Title, ":"); len(all) != 1 || got != c.title {
			t.Errorf("%s: %d groups, %q", c.what, len(all), got)
		}
		if got := texts(Answer(all))[1:]; !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s", c.what, strings.Join(got, "\n"))
		}
	}
	// Another size, which has no column of its own in the answer.
	small := given("small", map[string]any{"budget": 1020.}, coarse)
	small.Summaries[0].Batch = 4
	all := groups(t, again(t, small), reference)
	check(t, Answer(all), "(input) |  | not recorded | not recorded", "mge | 3.29 | 0.1200 | +20.0%")
	if len(all) != 2 {
		t.Errorf("%d groups", len(all))
	}
	if got := strings.Join(Answer(all).Columns[2].Heading, " "); got != "quick, batch 4, budget 1020 denoising deadleaves unet MSE" {
		t.Errorf("heading %q", got)
	}
}

// TestReferenceSeeds: a longer training without a seed of the row's, and one whose work is not known, are no reasons to compare
// with nothing. Single-scale of two sizes stays in the answer, as nothing else is compared with it.
func TestReferenceSeeds(t *testing.T) {
	long := with(t, "long", 1, nil)
	long.Contents = long.Only([]runfolder.Unit{{Strategy: mge.Single.Name, Seed: 1}})
	short := with(t, "short", 2, map[string]any{"budget": 1020.})
	check(t, Answer(groups(t, again(t, long), short)),
		"(input) |  | not recorded | not recorded",
		"single | 1.00 | 0.1000 | 0.0%", "single (usual steps) | 1.00 | 0.1000 | 0.0%", "mge | 3.29 | 0.1200 | +20.0%")
	idle := with(t, "idle", 1, nil)
	for i := range idle.Summaries {
		idle.Summaries[i].WorkUnits = 0
	}
	if got := texts(Answer(groups(t, again(t, idle))))[2]; got != "mge |  | 0.1200 | +20.0%" {
		t.Errorf("without work units: %s", got)
	}
	other := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	other.Summaries[0].Batch = 4
	if a := Answer(groups(t, again(t, long), again(t, other))); len(a.Rows) != 2 || len(a.Columns) != 2+2*2 {
		t.Errorf("single-scale alone: %q", texts(a))
	}
}

// TestWholeAtEnd: a curve of crops is not compared with one of whole pictures; final errors are.
func TestWholeAtEnd(t *testing.T) {
	e := Subject{"superresolution", "srnet", "urban100"}
	reference := newRun(t, e, unit{mge.Single.Name, 1, []float64{0.2, 0.1}})
	crops := newRun(t, e, unit{mge.MGE.Name, 1, []float64{0.1, 0.01}})
	crops.Record.Configuration["whole-at-end"] = true
	crops.Summaries[0].Values = metric.Values{"mse": 0.12, "ssim": 0.76}
	check(t, Quality(groups(t, reference, again(t, crops))),
		"superresolution srnet urban100, 1−SSIM | single (whole-at-end false) | 0.0% | 0.0% | 3360 | 1.00 | 3360 | 1.00",
		" | mge | +20.0% |  | no common curve |  | no common curve | ")
}

// TestEqualSeeds: ratios use only the seeds that both rows have, and only times on one machine.
func TestEqualSeeds(t *testing.T) {
	longer := newRun(t, denoising, unit{mge.Single.Name, 2, []float64{0.1}}, unit{mge.MGE.Name, 2, []float64{0.1}})
	longer.Summaries[0].WorkUnits *= 2
	longer.Timings[0].SecondsTraining *= 2
	only := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	check(t, groups(t, again(t, longer), only)[0].Main(), "(input) |  |  | not recorded", "single | 5040 | 1.00 | 0.1000 ± 0.0000", "mge | 1020 | 6.59 | 0.1000 (1 of 2)")

	a := on(t, with(t, "a", 1, nil), "fast")
	b := on(t, with(t, "b", 2, nil), "slow")
	b.Contents = b.Only([]runfolder.Unit{{Strategy: mge.MGE.Name, Seed: 2}})
	b = again(t, b)
	all := groups(t, a, b)
	seconds := all[0].Seconds()
	check(t, seconds, "single | 336.0 (1 of 2) | 1.00 |  | ", "mge | 102.0 (1 of 2) | 3.29 | 102.0 (1 of 2) | ")
	if note := seconds.Notes[0]; !strings.HasSuffix(note, " A: fast, 2 cores, kernel path avx2. B: slow, 2 cores, kernel path avx2.") {
		t.Errorf("note %q", note)
	}
	// One seed on each machine, but never both of a pair.
	a.Contents = a.Only([]runfolder.Unit{{Strategy: mge.Single.Name, Seed: 1}})
	c := on(t, with(t, "c", 1, nil), "slow")
	c.Contents = c.Only([]runfolder.Unit{{Strategy: mge.MGE.Name, Seed: 1}})
	check(t, QualitySeconds(groups(t, again(t, a), again(t, c))),
		"denoising unet deadleaves, MSE | single | 336.0 | 1.00 | 336.0 | 1.00",
		" | mge | not reached |  | not reached | ")
}
