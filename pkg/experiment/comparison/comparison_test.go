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
