package comparison

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
)

// unit is a fictitious finished unit. Its validation errors are at equal distances of
// work; the last one is the final error.
type unit struct {
	strategy string
	seed     uint64
	errors   []float64
}

// quickSteps is the number of iterations of the quick profile.
const quickSteps = 160

// quickWork has the work units of strategies in these tests; they are not those of the profile.
var quickWork = map[string]float64{mge.Single.Name: 3360, mge.MGE.Name: 1020, mge.FullMultiscale.Name: 585, mge.Progressive.Name: 585}

// newRun returns a run with fictitious contents in the quick profile. Training does
// ten work units a second; SSIM is 1 - 2 MSE.
func newRun(t *testing.T, e Subject, units ...unit) Run {
	t.Helper()
	c := runfolder.Contents{Record: runfolder.Record{Configuration: map[string]any{
		"task": e.Task, "network": e.Network, "data": e.Data, "profile": "quick",
		"side": 32., "levels": 2., "batch": 8., "iterations": float64(quickSteps), "allocation": "fixed",
	}}}
	for _, u := range units {
		id := runfolder.Unit{Strategy: u.strategy, Seed: u.seed}
		work := quickWork[u.strategy]
		for i, mse := range u.errors {
			h := runfolder.History{Unit: id, Stage: 1, Iteration: i, WorkUnits: work * float64(i+1) / float64(len(u.errors)), Validation: metric.Values{"mse": mse, "ssim": 1 - 2*mse}}
			c.Histories = append(c.Histories, h)
			c.Moments = append(c.Moments, runfolder.Moment{Unit: id, Stage: 1, Iteration: i, Seconds: h.WorkUnits / 10})
		}
		last := math.NaN()
		if len(u.errors) > 0 {
			last = u.errors[len(u.errors)-1]
		}
		c.Summaries = append(c.Summaries, runfolder.Summary{
			Task: e.Task, Network: e.Network, Data: e.Data, Profile: "quick", Unit: id,
			Side: 32, Levels: 2, Batch: 8, Iterations: quickSteps, WorkUnits: work, Values: metric.Values{"mse": last, "ssim": 1 - 2*last},
		})
		c.Timings = append(c.Timings, runfolder.Timing{Unit: id, SecondsTraining: work / 10})
	}
	r, err := NewRun(e.Task+"-"+e.Network, c, catalog.Standard())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// again returns the run of contents that a test has changed.
func again(t *testing.T, r Run) Run {
	t.Helper()
	n, err := NewRun(r.Dir, r.Contents, catalog.Standard())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// with returns a run of single-scale and MGE with other values in its record.
func with(t *testing.T, dir string, seed uint64, values map[string]any) Run {
	t.Helper()
	r := newRun(t, denoising, unit{mge.Single.Name, seed, []float64{0.1}}, unit{mge.MGE.Name, seed, []float64{0.12}})
	r.Dir = dir
	for name, v := range values {
		r.Record.Configuration[name] = v
	}
	return again(t, r)
}

var denoising = Subject{"denoising", "unet", "deadleaves"}

// groups returns the groups of runs, which must have no problems.
func groups(t *testing.T, runs ...Run) []*Group {
	t.Helper()
	groups, problems := Groups(runs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return groups
}

// texts returns the rows of a table as text, with the best cells in asterisks.
func texts(t *table.Table) (rows []string) {
	for _, row := range t.Rows {
		var cells []string
		for _, c := range row {
			if c.Best {
				c.Text = "*" + c.Text
			}
			cells = append(cells, c.Text)
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return rows
}

func check(t *testing.T, got *table.Table, want ...string) {
	t.Helper()
	if rows := texts(got); strings.Join(rows, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", got.Name, strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	for i, row := range got.Rows {
		if len(row) != len(got.Columns) {
			t.Errorf("%s: row %d has %d cells for %d columns", got.Name, i, len(row), len(got.Columns))
			continue
		}
		for k, c := range row {
			if n := len(got.Columns[k].Fields); c.Fields != nil && len(c.Fields) != n || c.Fields == nil && n != 1 {
				t.Errorf("%s: a cell of column %q has %d fields, its column %d", got.Name, got.Columns[k].Heading, len(c.Fields), n)
			}
		}
	}
}

func TestMain(t *testing.T) {
	painted := Subject{"inpainting", "resnet", "deadleaves"}
	all := groups(t,
		newRun(t, denoising,
			unit{mge.Single.Name, 1, []float64{0.10}}, unit{mge.Single.Name, 2, []float64{0.12}},
			unit{mge.MGE.Name, 1, []float64{0.08}}, unit{mge.MGE.Name, 2, []float64{0.10}},
			unit{mge.FullMultiscale.Name, 1, []float64{0.11}}),
		newRun(t, painted, unit{mge.Single.Name, 1, []float64{0.10}}, unit{mge.MGE.Name, 1, []float64{0.20}}))
	if len(all) != 1 {
		t.Fatalf("%d groups of runs of equal size", len(all))
	}
	// The standard deviation of 0.10 and 0.12 is 0.02/sqrt(2).
	check(t, all[0].Main(),
		"(input) |  |  | not recorded | not recorded | not recorded",
		"single | 3360 | 1.00 | 0.1100 ± 0.0141 | 0.8000 (1 of 2) | 0.1000 (1 of 2)",
		"mge | 1020 | 3.29 | 0.09000 ± 0.01414 | 0.6000 (1 of 2) | 0.2000 (1 of 2)",
		"fullmultiscale | 585 | 5.74 | 0.1100 (1 of 2) |  | ",
	)
	check(t, all[0].Seconds(),
		"single | 336.0 ± 0.0 | 1.00 | 336.0 (1 of 2) | 1.00",
		"mge | 102.0 ± 0.0 | 3.29 | 102.0 (1 of 2) | 3.29",
		"fullmultiscale | 58.5 (1 of 2) | 5.74 |  | ",
	)
}

// TestGroups: runs of different size are in different tables, no unit counts twice,
// and unusual names give valid file names.
func TestGroups(t *testing.T) {
	one := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	larger := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	larger.Summaries[0].Batch = 16
	larger = again(t, larger)
	strange := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	strange.Profile = "../../<b>"
	enlarged := newRun(t, Subject{"superresolution", "srnet", "deadleaves"}, unit{mge.Single.Name, 1, []float64{0.1}})
	enlarged.Summaries[0].Batch = 4
	enlarged = again(t, enlarged)
	longer := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
	longer.Record.Configuration["iterations"] = 120.
	longer = again(t, longer)
	all := groups(t, strange, one, larger, enlarged, longer)
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	if got := strings.Join(names, " "); got != "quick quick-batch-16 quick-superresolution quick-iterations-120 -------b-" {
		t.Errorf("groups %s", got)
	}
	if got := all[3].Main().Title; got != "Strategies compared, quick profile, iterations 120: 32x32, 2 coarser meshes, batch 8 on the finest" {
		t.Errorf("title %q", got)
	}
	if got := all[3].Main().CSV(); !strings.Contains(got, "\nsingle,iterations 120,") {
		t.Errorf("CSV:\n%s", got)
	}
	if got := Quality(all).CSV(); !strings.Contains(got, "single,iterations 120,") || !strings.Contains(got, "single,batch 16,") {
		t.Errorf("CSV:\n%s", got)
	}
	// Names of many sizes that begin alike.
	sized := func(iterations int) Run {
		r := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}})
		r.Summaries[0].Side, r.Summaries[0].Levels, r.Summaries[0].Batch = 16, 1, 2
		r.Record.Configuration["iterations"] = float64(iterations)
		return again(t, r)
	}
	seen := map[string]bool{}
	for _, c := range Answer(groups(t, sized(4), sized(6))).Columns {
		for _, field := range c.Fields {
			if seen[field] {
				t.Errorf("two columns of the CSV file are called %s", field)
			}
			seen[field] = true
		}
	}
	second := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.3}})
	second.Dir = "elsewhere"
	all, problems := Groups([]Run{one, second})
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "elsewhere: single-seed1 is in denoising-unet, too") || len(all[0].Runs) != 1 {
		t.Errorf("a unit twice: %v", problems)
	}
}

// TestVariant: variants have their own rows, and are compared with single-scale
// training.
func TestVariant(t *testing.T) {
	plain := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.2, 0.1}}, unit{mge.MGE.Name, 1, []float64{0.2, 0.12}})
	other := newRun(t, denoising, unit{mge.MGE.Name, 1, []float64{0.2, 0.1}})
	other.Record.Configuration["allocation"] = "optimal"
	other.Summaries[0].WorkUnits = 1008
	other = again(t, other)
	all := groups(t, other, plain)
	check(t, all[0].Main(),
		"(input) |  |  | not recorded",
		"single | 3360 | 1.00 | 0.1000",
		"mge | 1020 | 3.29 | 0.1200",
		"mge (allocation optimal) | 1008 | 3.33 | 0.1000",
	)
	check(t, Quality(all),
		"denoising unet deadleaves, MSE | single | 0.0% | 0.0% | 3360 | 1.00 | 3360 | 1.00",
		" | mge | +20.0% | +20.0% | not reached |  | not reached | ",
		" | mge (allocation optimal) | 0.0% | 0.0% | 1020 | 3.29 | 1020 | 3.29",
	)
	plain.Summaries[0].WorkUnits, plain.Summaries[1].WorkUnits = 56*quickSteps, 17*quickSteps
	other.Summaries[0].WorkUnits = 2688
	cost, problems := Cost(groups(t, other, plain))
	if rows := texts(cost); rows[len(rows)-1] != "quick | mge (allocation optimal) |  |  | 2688 | 3.33 |  | " || problems != nil {
		t.Errorf("%v, %v", rows[len(rows)-1], problems)
	}
}

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

// TestEnds: rows that differ in the cost alone have one curve, from cheap to expensive.
func TestEnds(t *testing.T) {
	given := func(dir string, budget, work float64, values map[string]any, units ...unit) Run {
		r := newRun(t, denoising, units...)
		r.Dir = dir
		r.Record.Configuration["budget"] = budget
		for name, v := range values {
			r.Record.Configuration[name] = v
		}
		for i := range r.Summaries {
			r.Summaries[i].WorkUnits = work
		}
		return again(t, r)
	}
	coarse := []unit{{mge.MGE.Name, 1, []float64{0.12}}, {mge.MGE.Name, 2, []float64{0.14}}}
	var got []string
	for _, e := range Ends(groups(t,
		given("more", 2000, 2000, nil, coarse...),
		given("less", 1000, 1000, nil, coarse[0], unit{mge.Single.Name, 1, []float64{0.3}}),
		given("layers", 1000, 1000, map[string]any{"coefficients": "layer"}, coarse...),
		given("longer", 0, 3000, map[string]any{"iterations": 300.}, coarse[0], unit{mge.MGE.Name, 2, []float64{math.NaN()}}),
		given("held", 0, 3000, map[string]any{"hold-out": true, "iterations": 200.}, coarse[0]))) {
		if e.Figure != "denoising unet deadleaves, quick" {
			if e.Figure != "denoising unet deadleaves, quick, hold-out true" {
				t.Errorf("figure %q", e.Figure)
			}
			continue
		}
		got = append(got, fmt.Sprintf("%s: %s %s %.0f %.2f %.2f %.2f %d", e.Curve, e.Row, e.Measure, e.Work, e.Error, e.Low, e.High, e.Seeds))
	}
	want := []string{
		"single: single (budget 1000) MSE 1000 0.30 0.30 0.30 1",
		"mge: mge (budget 1000) MSE 1000 0.12 0.12 0.12 1",
		"mge, coefficients layer: mge (budget 1000, coefficients layer) MSE 1000 0.13 0.12 0.14 2",
		"mge: mge (budget 2000) MSE 2000 0.13 0.12 0.14 2",
		"mge: mge MSE 3000 0.12 0.12 0.12 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ends:\n%s", strings.Join(got, "\n"))
	}
}

// TestEqualConditions: runs share a column and a row only if data, initial weights and
// settings are equal. Settings that only change rounding do not count.
func TestEqualConditions(t *testing.T) {
	heads := func(g *Group) (list []string) {
		for _, c := range g.Main().Columns[3:] {
			list = append(list, strings.Join(c.Heading, " ")+" "+c.Fields[0])
		}
		return list
	}
	first := with(t, "first", 1, map[string]any{"data_digest": "1111111111", "kernel_path": "avx2", "conv": "auto"})

	// Another kernel path and another seed: two seeds of one row.
	rounded := with(t, "rounded", 2, map[string]any{"data_digest": "1111111111", "kernel_path": "avx512", "conv": "direct", "memory": "2GiB"})
	all := groups(t, first, rounded)
	check(t, all[0].Main(), "(input) |  |  | not recorded", "single | 3360 | 1.00 | *0.1000 ± 0.0000", "mge | 1020 | 3.29 | 0.1200 ± 0.0000")

	// Other pictures with the same name: another column.
	pictures := with(t, "pictures", 2, map[string]any{"data_digest": "2222222222"})
	all = groups(t, first, pictures)
	if got, want := heads(all[0]), []string{"denoising deadleaves 11111111 unet MSE denoising_deadleaves-11111111_unet_MSE", "denoising deadleaves 22222222 unet MSE denoising_deadleaves-22222222_unet_MSE"}; !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
	check(t, all[0].Main(), "(input) |  |  | not recorded | not recorded", "single | 3360 | 1.00 | 0.1000 | 0.1000", "mge | 1020 | 3.29 | 0.1200 | 0.1200")

	// Initial weights of another run: other rows, compared with single-scale from the same weights.
	trained := with(t, "trained", 1, map[string]any{"data_digest": "1111111111", "init_digest": "abcdef0123"})
	trained.Contents = trained.Only([]runfolder.Unit{{Strategy: "mge", Seed: 1}})
	all = groups(t, first, again(t, trained))
	check(t, all[0].Main(), "(input) |  |  | not recorded", "single | 3360 | 1.00 | 0.1000", "mge | 1020 | 3.29 | 0.1200", "mge (init abcdef01) | 1020 |  | 0.1200")
	if csv := all[0].Main().CSV(); !strings.Contains(csv, "\nmge,init abcdef01,") {
		t.Errorf("CSV:\n%s", csv)
	}

	// Any setting of the method.
	for name, v := range map[string]any{"lr": 0.001, "schedule": "step", "weight-decay": 0.1, "stages": []any{9., 8., 7.}, "released": true, "clip": 1.,
		"loss": "l1", "warmup": 5., "ema": 0.9, "optimizer": "sgd", "beta1": 0.5, "restart": true, "validation-pictures": 50.} {
		all = groups(t, with(t, "first", 1, map[string]any{"lr": 0.0005, "stages": []any{160., 80., 40.}}), with(t, "other", 2, map[string]any{name: v}))
		if rows := all[0].rows(); len(rows) != 4 || !strings.HasPrefix(string(rows[1].Variant), name+" ") {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

// TestAveragedWeights: the averaged weights of a run have their own rows and curves. Settings that
// follow from the optimizer are not named.
func TestAveragedWeights(t *testing.T) {
	r := with(t, "averaged", 1, map[string]any{"optimizer": "sgd", "momentum": 0.9, "beta1": 0., "beta2": 0., "ema": 0.9})
	if _, ok := r.Averaged(); ok {
		t.Fatal("averaged weights where there are none")
	}
	for _, s := range r.Summaries {
		r.Averages = append(r.Averages, runfolder.Average{Unit: s.Unit, Values: metric.Values{"mse": s.Values["mse"] / 2}})
	}
	for i := range r.Histories {
		v := r.Histories[i].Validation
		v[runfolder.OfAverage("mse")] = v["mse"] / 4
	}
	averaged, ok := r.Averaged()
	if !ok {
		t.Fatal("no averaged weights")
	}
	all := groups(t, r, averaged)
	check(t, all[0].Main(),
		"(input) |  |  | not recorded",
		"single | 3360 | 1.00 | 0.1000",
		"single (averaged weights) | 3360 | 1.00 | 0.05000",
		"mge | 1020 | 3.29 | 0.1200",
		"mge (averaged weights) | 1020 | 3.29 | 0.06000",
	)
	if got := all[0].Title; got != "quick profile, ema 0.9, optimizer sgd: 32x32, 2 coarser meshes, batch 8 on the finest" {
		t.Errorf("title %q", got)
	}
	single := runfolder.Unit{Strategy: mge.Single.Name, Seed: 1}
	result, _ := averaged.Result(single)
	if curve := result.Curve(); len(curve) != 1 || curve[0].Values["mse"] != 0.025 {
		t.Errorf("the curve is %v", curve)
	}
	result, _ = r.Result(single)
	if v := result.Curve()[0].Values["mse"]; v != 0.1 {
		t.Errorf("the run itself is now at %v", v)
	}
}

// TestOwnTask: runs of a task that this program does not have are compared by their run.json.
// Runs of programs with other defaults are distinguished by the settings in which they differ.
func TestOwnTask(t *testing.T) {
	own := func(dir string, seed uint64, lr, usual float64) Run {
		r := newRun(t, Subject{"despeckling", "tiny", "own"}, unit{mge.MGE.Name, seed, []float64{0.1}})
		r.Dir = dir
		r.Record.Configuration["lr"] = lr
		r.Record.Scale, r.Record.Measures = 2, []metric.Measure{metric.SSIM}
		if usual > 0 {
			r.Record.Defaults = map[string]any{"lr": usual}
		}
		return again(t, r)
	}
	all := groups(t, own("plain", 1, 0.1, 0.1), own("other", 1, 0.2, 0.1))
	if rows := all[0].rows(); all[0].Name != "quick-superresolution" || len(rows) != 2 || rows[1].Variant != "lr 0.2" {
		t.Errorf("%s: %v", all[0].Name, rows)
	}
	all = groups(t, own("plain", 1, 0.1, 0.1), own("later", 1, 0.2, 0.2))
	if rows := all[0].rows(); len(rows) != 2 || rows[0].Variant != "lr 0.1" || rows[1].Variant != "lr 0.2" {
		t.Errorf("other defaults: %v", rows)
	}
	all = groups(t, own("plain", 1, 0.1, 0), own("other", 2, 0.2, 0))
	if rows := all[0].rows(); len(rows) != 2 {
		t.Errorf("no defaults: %v", rows)
	}
}

func TestMixedFolder(t *testing.T) {
	r := newRun(t, denoising, unit{mge.Single.Name, 1, nil}, unit{mge.MGE.Name, 1, nil})
	r.Summaries[1].Network = "resnet"
	if _, err := NewRun("mixed", r.Contents, catalog.Standard()); err == nil || !strings.Contains(err.Error(), "mixed: ") {
		t.Errorf("rows of two networks: %v", err)
	}
	r.Summaries[1] = r.Summaries[0]
	if _, err := NewRun("double", r.Contents, catalog.Standard()); err == nil || !strings.Contains(err.Error(), "single-seed1 is twice") {
		t.Errorf("a unit twice: %v", err)
	}
	if _, err := NewRun("empty", runfolder.Contents{}, catalog.Standard()); err == nil || !strings.Contains(err.Error(), "empty: ") {
		t.Errorf("nothing: %v", err)
	}
}

// withInput returns a run with the measures of its input.
func withInput(t *testing.T, r Run, mse float64) Run {
	t.Helper()
	r.Inputs = []runfolder.Input{{What: "the degraded pictures themselves", Values: metric.Values{"mse": mse, "ssim": 1 - 2*mse}}}
	return again(t, r)
}

// on returns a run on a machine.
func on(t *testing.T, r Run, cpu string) Run {
	t.Helper()
	r.Record.Environment = map[string]any{"cpu": cpu, "cores": 2., "kernel_path": "avx2"}
	return again(t, r)
}

// TestInput: the input is the first row, and there is a warning for a network that is worse.
func TestInput(t *testing.T) {
	r := newRun(t, denoising,
		unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.Single.Name, 2, []float64{0.1}},
		unit{mge.MGE.Name, 1, []float64{0.3}}, unit{mge.MGE.Name, 2, []float64{0.5}}, unit{mge.FullMultiscale.Name, 1, []float64{0.2}})
	const warning = "denoising unet deadleaves: worse than the input, whose MSE is 0.2000: mge 0.4000 (2 of 2 seeds)."
	all := groups(t, withInput(t, r, 0.2))
	check(t, all[0].Main(),
		"(input) |  |  | 0.2000",
		"single | 3360 | 1.00 | 0.1000 ± 0.0000",
		"mge | 1020 | 3.29 | 0.4000 ± 0.1414",
		"fullmultiscale | 585 | 5.74 | 0.2000 (1 of 2)")
	check(t, Answer(all),
		"(input) |  | 0.2000 | +100.0% (+100.0 to +100.0)",
		"single | 1.00 | 0.1000 ± 0.0000 | 0.0%",
		"mge | 3.29 | 0.4000 ± 0.1414 | +300.0% (−970.6 to +1570.6)",
		"fullmultiscale | 5.74 | 0.2000 (1 of 2) | +100.0%")
	check(t, Quality(all),
		"denoising unet deadleaves, MSE | (input) | +100.0% (+100.0 to +100.0) |  |  |  |  | ",
		" | single | 0.0% | 0.0% | 3360 ± 0 | 1.00 | 3360 ± 0 | 1.00",
		" | mge | +300.0% (−970.6 to +1570.6) | +300.0% | not reached |  | not reached | ",
		" | fullmultiscale | +100.0% | +100.0% | not reached |  | not reached | ")
	if got := Answer(all).Warnings; !slices.Equal(got, []string{warning}) {
		t.Errorf("warnings %q", got)
	}
	rounded := withInput(t, with(t, "other", 3, nil), 0.2*(1+1e-9)) // by another kernel path
	if got := texts(groups(t, withInput(t, r, 0.2), rounded)[0].Main())[0]; got != "(input) |  |  | 0.2000" {
		t.Errorf("input of two kernel paths: %s", got)
	}
	other := withInput(t, with(t, "other", 3, nil), 0.25)
	if got := texts(groups(t, withInput(t, r, 0.2), other)[0].Main())[0]; got != "(input) |  |  | differs" {
		t.Errorf("two inputs of one subject: %s", got)
	}
}

// TestBest: the interval over equal seeds decides which cell is bold, not the mean alone.
func TestBest(t *testing.T) {
	seeds := func(strategy string, errors ...float64) (units []unit) {
		for i, e := range errors {
			units = append(units, unit{strategy, uint64(i + 1), []float64{e}})
		}
		return units
	}
	for _, c := range []struct {
		what        string
		single, mge []float64
		want        string
	}{
		{"apart in every seed", []float64{0.10, 0.12, 0.14}, []float64{0.09, 0.109, 0.131}, "mge"},
		{"apart by the means alone", []float64{0.10, 0.12, 0.14}, []float64{0.05, 0.13, 0.145}, ""},
		{"one seed", []float64{0.10}, []float64{0.05}, ""},
		{"no seed in common", []float64{0.10, 0.11}, nil, ""},
	} {
		g := groups(t, newRun(t, denoising, append(seeds(mge.Single.Name, c.single...), seeds(mge.MGE.Name, c.mge...)...)...))[0]
		got := ""
		for _, row := range g.Main().Rows {
			if row[3].Best {
				got = row[0].Text
			}
		}
		if got != c.want {
			t.Errorf("%s: %q is the best, want %q", c.what, got, c.want)
		}
	}
}

// TestDifference: the paired t interval of values computed elsewhere (R 4.2, t.test).
func TestDifference(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		mean      float64
		low, high float64
		sign      int
	}{
		{[]float64{1, 2, 3}, 2, -0.4841377, 4.4841377, 0},
		{[]float64{-0.011, -0.009, -0.010}, -0.010, -0.01248414, -0.00751586, -1},
		{[]float64{0.5, 0.7}, 0.6, -0.6706205, 1.8706205, 0},
		{[]float64{5, 6, 7, 8, math.NaN()}, 6.5, 4.445739, 8.554261, 1},
		{[]float64{0.3}, 0.3, math.NaN(), math.NaN(), 0},
		{nil, math.NaN(), math.NaN(), math.NaN(), 0},
	} {
		d := differenceOf(c.values)
		for i, got := range []float64{d.mean, d.low, d.high} {
			want := []float64{c.mean, c.low, c.high}[i]
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-6 {
				t.Errorf("%v: %+v, want %v (%v to %v)", c.values, d, c.mean, c.low, c.high)
			}
		}
		if d.sign() != c.sign {
			t.Errorf("%v: sign %d", c.values, d.sign())
		}
	}
}

// TestDifferences: each ordered pair of rows with a common seed has a line.
func TestDifferences(t *testing.T) {
	all := groups(t, newRun(t, denoising,
		unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.Single.Name, 2, []float64{0.2}},
		unit{mge.MGE.Name, 1, []float64{0.05}}, unit{mge.MGE.Name, 2, []float64{0.1}}, unit{mge.FullMultiscale.Name, 3, []float64{0.1}}))
	check(t, Differences(all),
		"denoising unet deadleaves, MSE | single | mge | +100.0% (+100.0 to +100.0)",
		"denoising unet deadleaves, MSE | mge | single | −50.0% (−50.0 to −50.0)")
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

func TestQuality(t *testing.T) {
	sr := Subject{"superresolution", "srnet", "deadleaves"}
	all := groups(t,
		newRun(t, denoising,
			unit{mge.Single.Name, 1, []float64{0.4, 0.2, 0.102, 0.1}}, unit{mge.Single.Name, 2, []float64{0.4, 0.2, 0.2, 0.1}},
			unit{mge.MGE.Name, 1, []float64{0.4, 0.1, 0.2, 0.11}}, unit{mge.MGE.Name, 2, []float64{0.4, 0.3, 0.2, 0.12}},
			unit{mge.FullMultiscale.Name, 1, []float64{math.NaN(), 0.103, 0.09, 0.09}}, unit{mge.FullMultiscale.Name, 3, []float64{0.01}},
			unit{mge.Progressive.Name, 1, nil}),
		newRun(t, sr, unit{mge.MGE.Name, 1, []float64{0.3}}))
	check(t, Quality(all),
		"denoising unet deadleaves, MSE (quick) | single | 0.0% | 0.0% | 3360 ± 0 | 1.00 | 2940 ± 594 | 1.00",
		// Seed 1 reaches the error but does not end there; seed 2 never reaches it.
		" | mge | +15.0% (−48.5 to +78.5) | +10.0% | 510 (1 of 2) | 6.59 | 510 (1 of 2) | 4.94",
		// Seed 3 has no single-scale run.
		" | fullmultiscale | −10.0% | −10.0% | 438.8 | 7.66 | 292.5 | 8.62",
		" | progressive |  |  | no common curve |  | no common curve | ",
		"superresolution srnet deadleaves, 1−SSIM (quick, batch 8) | mge |  |  | no single-scale run |  | no single-scale run | ",
	)
	check(t, QualitySeconds(all),
		"denoising unet deadleaves, MSE (quick) | single | 336.0 ± 0.0 | 1.00 | 294.0 ± 59.4 | 1.00",
		" | mge | 51.0 (1 of 2) | 6.59 | 51.0 (1 of 2) | 4.94",
		" | fullmultiscale | 43.9 | 7.66 | 29.2 | 8.62",
		" | progressive | no common curve |  | no common curve | ",
		"superresolution srnet deadleaves, 1−SSIM (quick, batch 8) | mge | no single-scale run |  | no single-scale run | ",
	)
	// Without seconds.csv the work is known, but not the time.
	old := newRun(t, denoising, unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.MGE.Name, 1, []float64{0.1}})
	old.Moments = nil
	check(t, QualitySeconds(groups(t, old)),
		"denoising unet deadleaves, MSE | single | unknown |  | unknown | ",
		" | mge | unknown |  | unknown | ")
}

// TestCost: the plans of this project take the work units that the paper
// publishes. Runs whose work differs from their plan are problems.
func TestCost(t *testing.T) {
	cost, problems := Cost(nil)
	if problems != nil {
		t.Error(problems)
	}
	check(t, cost,
		"paper | single | 2,000 | 240 | 480000 | 1.00 | the paper | yes",
		"paper | mge | 2,000 | 37 | 74000 | 6.49 | the paper | yes",
		"paper | fullmultiscale | 3,750 | 2, 7, 17, 37 | 28750 | 16.7 | the paper | yes",
		"paper | progressive | 3,750 | 2, 7, 17, 37 | 28750 | 16.7 |  | ",
		"paper, super-resolution | single | 2,000 | 120 | 240000 | 1.00 | the paper | yes",
		"paper, super-resolution | mge | 2,000 | 18.5 | 37000 | 6.49 | the paper | yes",
		"paper, super-resolution | fullmultiscale | 3,750 | 1, 3.5, 8.5, 18.5 | 14375 | 16.7 | the paper | yes",
		"paper, super-resolution | progressive | 3,750 | 1, 3.5, 8.5, 18.5 | 14375 | 16.7 |  | ",
	)
	r := newRun(t, denoising, unit{mge.Single.Name, 1, nil}, unit{mge.MGE.Name, 1, nil})
	r.Summaries[0].WorkUnits, r.Summaries[1].WorkUnits = 56*quickSteps, 1000
	cost, problems = Cost(groups(t, r))
	rows := texts(cost)
	if rows[len(rows)-2] != "quick | single | 160 | 56 | 8960 | 1.00 | the runs | yes" || rows[len(rows)-1] != "quick | mge | 160 | 17 | 2720 | 3.29 | the runs | no: 1000" {
		t.Errorf("%q", rows[len(rows)-2:])
	}
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "quick, mge: 2720 work units by its plan, 1000 by the runs") {
		t.Errorf("%v", problems)
	}
}

func ExampleGroups() {
	run, err := NewRun("runs/mge", runfolder.Contents{Summaries: []runfolder.Summary{
		{Task: "denoising", Network: "unet", Data: "deadleaves", Profile: "quick", Unit: runfolder.Unit{Strategy: "single", Seed: 1}, WorkUnits: 3360, Values: metric.Values{"mse": 0.1}},
		{Task: "denoising", Network: "unet", Data: "deadleaves", Profile: "quick", Unit: runfolder.Unit{Strategy: "mge", Seed: 1}, WorkUnits: 1020, Values: metric.Values{"mse": 0.11}},
	}}, catalog.Standard())
	if err != nil {
		fmt.Println(err)
		return
	}
	groups, _ := Groups([]Run{run})
	for _, row := range groups[0].Main().Rows {
		fmt.Println(row[0].Text, row[1].Text, row[2].Text, row[3].Text)
	}
	// Output:
	// (input)   not recorded
	// single 3360 1.00 0.1000
	// mge 1020 3.29 0.1100
}
