package plan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mge"
)

const plans = "../../../experiments/plans"

// TestCommittedPlans: the experiments and units of the project's plans.
func TestCommittedPlans(t *testing.T) {
	for _, c := range []struct {
		name, profile string
		folders       []string
		units         []int // of each experiment; a single number holds for all
	}{
		{"quick", "quick", []string{"denoising-unet-deadleaves-quick", "superresolution-srnet-deadleaves-quick"}, []int{4}},
		{"cpu", "cpu", []string{
			"denoising-unet-bsds500-cpu", "denoising-resnet-bsds500-cpu", "deblurring-unet-bsds500-cpu", "deblurring-resnet-bsds500-cpu",
			"inpainting-unet-bsds500-cpu", "inpainting-resnet-bsds500-cpu",
			"superresolution-srnet-urban100-cpu", "superresolution-espcn-urban100-cpu", "superresolution-resnet-urban100-cpu",
		}, []int{4}},
		{"paper", "paper", []string{
			"denoising-unet-stl10-paper", "denoising-unet-celeba-paper", "denoising-resnet-stl10-paper", "denoising-resnet-celeba-paper",
			"deblurring-unet-stl10-paper", "deblurring-unet-celeba-paper", "deblurring-resnet-stl10-paper", "deblurring-resnet-celeba-paper",
			"inpainting-unet-celeba-paper", "inpainting-resnet-celeba-paper",
			"superresolution-srnet-urban100-paper", "superresolution-espcn-urban100-paper", "superresolution-resnet-urban100-paper",
		}, []int{12}},
		{"allocation", "quick", []string{
			"denoising-unet-deadleaves-quick-iterations-120", "denoising-unet-deadleaves-quick-allocation-optimal-iterations-120",
			"denoising-unet-deadleaves-quick-allocation-adaptive-iterations-120",
			"deblurring-unet-deadleaves-quick-iterations-120", "deblurring-unet-deadleaves-quick-allocation-optimal-iterations-120",
			"deblurring-unet-deadleaves-quick-allocation-adaptive-iterations-120",
		}, []int{9, 6, 6, 9, 6, 6}},
		{"highres", "quick", []string{
			"denoising-unet-deadleaves-quick-batch-1-iterations-2-levels-3-memory-3GiB-side-128-stages-16-8-4-2-validation-pictures-8",
			"denoising-unet-deadleaves-quick-batch-1-iterations-2-levels-4-memory-3GiB-side-256-stages-32-16-8-4-2-validation-pictures-8",
			"denoising-unet-deadleaves-quick-batch-1-iterations-2-levels-5-memory-3GiB-side-512-stages-64-32-16-8-4-2-validation-pictures-8",
			"denoising-unet-deadleaves-quick-batch-1-iterations-2-levels-6-memory-3GiB-side-1024-stages-128-64-32-16-8-4-2-validation-pictures-8",
		}, []int{3}},
	} {
		p, err := plan.Read(filepath.Join(plans, c.name+".yaml"), catalog.Standard(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var folders []string
		for i, e := range p.Entries {
			folders = append(folders, e.Folder)
			if e.Profile.Name != c.profile || len(e.Units()) != c.units[i%len(c.units)] {
				t.Errorf("%s: %s has profile %s and %d units", c.name, e.Folder, e.Profile.Name, len(e.Units()))
			}
		}
		if p.Name != c.name || !slices.Equal(folders, c.folders) {
			t.Errorf("%s: %s", p.Name, strings.Join(folders, " "))
		}
	}
	if files, err := filepath.Glob(filepath.Join(plans, "*")); err != nil || len(files) != 33 {
		t.Errorf("%v, %v: a plan is not tested", files, err)
	}
}

// TestModelPlans: the plans of trained models have one unit each, and the usual settings of training.
func TestModelPlans(t *testing.T) {
	for name, experiments := range map[string]int{"denoise": 1, "denoise-more": 1, "denoise-further": 1, "denoise-last": 1, "denoise-finish": 1, "denoise-grey": 1, "enlarge-photos": 1, "enlarge-more": 1, "enlarge-both": 1, "enlarge-better": 1, "sharpen-short": 1, "sharpen-more": 1, "denoise-hour": 1, "denoise-long": 2, "enlarge": 2, "sharpen": 1, "inpaint": 1} {
		p, err := plan.Read(filepath.Join(plans, name+".yaml"), catalog.Standard(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.Name != name || len(p.Entries) != experiments {
			t.Errorf("%s: plan %s of %d experiments, want %d", name, p.Name, len(p.Entries), experiments)
		}
		for _, e := range p.Entries {
			if len(e.Units()) != 1 || e.EMA == 0 || e.Warmup == 0 || len(e.Augment) != 2 || !strings.HasPrefix(e.Loss, "charbonnier") || e.Schedule != "cosine" {
				t.Errorf("%s: %s has %d units, %+v", name, e.Folder, len(e.Units()), e.Config)
			}
		}
	}
}

// TestEqualPlans: all experiments of the plans at equal cost have the same budget, those at equal time none; super-resolution has
// half of it, because its batches are half.
func TestEqualPlans(t *testing.T) {
	for _, c := range []struct {
		name, profile      string
		budget             float64 // of all experiments, except those at single-scale's own cost
		experiments, units int
	}{
		{"equal", "cpu", 1456, 69, 10*3*17 + 9 + 4},
		{"equal-four", "cpu", 5824, 30, 10 * 3 * 8},
		{"equal-sixteen", "cpu", 23296, 5, 3 * (2*4 + 3)},
		{"coefficients", "cpu", 1456, 36, 9*3*4 + 9 + 4},
		{"coefficients-four", "cpu", 5824, 36, 9*3 + 9 + 4},
		{"choices", "cpu", 1456, 15, 3*8 + 3 + 9},
		{"one-setting", "cpu", 1456, 18, 9*3 + 9 + 4},
		{"strong", "quick", 12000, 2, 2 * 3 * 6},
		{"denoisers", "quick", 0, 4, 4},
		{"enlargers", "quick", 0, 4, 4},
		{"paper-photographs", "paper", 0, 5, 3 + 1 + 1 + 6 + 6},
	} {
		p, err := plan.Read(filepath.Join(plans, c.name+".yaml"), catalog.Standard(), nil)
		if err != nil {
			t.Fatal(err)
		}
		units := 0
		for _, e := range p.Entries {
			units += len(e.Units())
			want := c.budget
			if e.Task.Scale == 2 {
				want /= 2
			}
			if e.Profile.Name != c.profile || e.Budget != want && e.Budget != 0 {
				t.Errorf("%s: %s has profile %s and a budget of %v", c.name, e.Folder, e.Profile.Name, e.Budget)
			}
		}
		if p.Name != c.name || len(p.Entries) != c.experiments || units != c.units {
			t.Errorf("%s: %d experiments with %d units, want %d with %d", p.Name, len(p.Entries), units, c.experiments, c.units)
		}
	}
}

// tiny is a plan of two experiments that take seconds.
const tiny = `
name: tiny
profile: quick
seeds: [1, 2]
strategies: [single, mge]
settings: {side: 16, levels: 1, batch: 2, iterations: 2, stages: [2, 1]}
experiments:
  - {task: superresolution, network: espcn, data: deadleaves}
  - task: superresolution
    network: srnet
    data: deadleaves
    strategies: [mge]
    settings: {levels: 0, stages: 2, released: false}
`

func names(strategies []mge.Strategy) string {
	var list []string
	for _, s := range strategies {
		list = append(list, s.Name)
	}
	return strings.Join(list, " ")
}

func TestParse(t *testing.T) {
	p, err := plan.Parse([]byte(tiny), catalog.Standard(), map[string]string{"bsds500": "unused"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := p.Entries[0].Config, p.Entries[1].Config
	if first.Side != 16 || first.Levels != 1 || !slices.Equal(first.Stages, []int{2, 1}) || names(first.Strategies) != "single mge" || !slices.Equal(first.Seeds, []uint64{1, 2}) || !first.Resume {
		t.Errorf("%+v", first)
	}
	if second.Task.Name != "superresolution" || second.Levels != 0 || names(second.Strategies) != "mge" {
		t.Errorf("%+v", second)
	}
	if want := "superresolution-espcn-deadleaves-quick-batch-2-iterations-2-levels-1-side-16"; p.Entries[0].Folder != want {
		t.Errorf("folder %s, want %s", p.Entries[0].Folder, want)
	}
	rooted, err := plan.Parse([]byte(strings.ReplaceAll(tiny, "deadleaves", "bsds500")), catalog.Standard(), map[string]string{"bsds500": "some/where"})
	if err != nil || rooted.Entries[0].Config.Root != "some/where" {
		t.Errorf("root %v, %v", rooted, err)
	}
}

// TestPairs: an experiment names the folder of its pictures; experiments with different
// folders have different run folders.
func TestPairs(t *testing.T) {
	const text = `name: pairs
seeds: [1, 2, 3]
strategies: [mge]
experiments:
  - {task: restoration, data: pairs, root: some/noisy, validation: some/held}
  - {task: restoration, data: pairs, root: "some/blurred, too"}
`
	p, err := plan.Parse([]byte(text), catalog.Standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ root, validation, folder string }{
		{"some/noisy", "some/held", "restoration-resnet-pairs-quick-root-noisy"},
		{"some/blurred, too", "", "restoration-resnet-pairs-quick-root-blurred-too"},
	} {
		if e := p.Entries[i]; e.Root != want.root || e.Validation != want.validation || e.Folder != want.folder || e.Data.Name != "pairs" {
			t.Errorf("%q %q in %s, want %+v", e.Root, e.Validation, e.Folder, want)
		}
	}
	moved, err := plan.Parse([]byte(text), catalog.Standard(), map[string]string{"pairs": "elsewhere/noisy"})
	if err == nil || !strings.Contains(err.Error(), "line 6: the same experiment as in line 5") {
		t.Errorf("one folder for both: %v, %v", moved, err)
	}
	for from, words := range map[string]string{"some/noisy": "line 5: root must be the name of a file or folder", "some/held": "validation must be"} {
		if _, err := plan.Parse([]byte(strings.Replace(text, from, "[a, b]", 1)), catalog.Standard(), nil); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %s", err, words)
		}
	}
}

func TestMistakes(t *testing.T) {
	change := func(from, to string) string {
		if !strings.Contains(tiny, from) {
			t.Fatalf("%q is not in the plan", from)
		}
		return strings.Replace(tiny, from, to, 1)
	}
	for _, c := range []struct{ file, want string }{
		{"", "the file is empty"},
		{"# nothing\n", "the file is empty"},
		{"- a\n", "line 1: a plan must be keys with values"},
		{"name: [a\n", "not YAML: yaml: line 2"},
		{change("profile:", "proflie:"), `line 3: "proflie" is not a key of a plan; did you mean profile? there are name, profile`},
		{change("name: tiny", "name: ../x"), "name"},
		{change("name: tiny", "name: tiny\nname: two"), "line 3: name is given twice"},
		{change("seeds: [1, 2]", "seeds: {1: 2}"), "line 4: seeds must be a list"},
		{change("  - {task", "\t- {task"), "line 8: a tab at the beginning of a line"},
		{change("seeds: [1, 2]", "seeds: []"), "line 4: seeds must be a list"},
		{change("seeds: [1, 2]\n", ""), "there are no seeds"},
		{change("seeds: [1, 2]", "seeds: [1, x]"), `line 4: -seeds 1,x: "x" is not a seed; give whole numbers from 0 on (in the experiment of line 8)`},
		{change("superresolution", "dehazing"), `line 8: -task dehazing: unknown; use denoising`},
		{change("network: espcn", "network: unet"), "line 8: -network unet: unknown; use srnet, espcn, resnet or edsr"},
		{change("data: deadleaves", "data: imagenet"), "line 8: -data imagenet: unknown"},
		{change("data: deadleaves", "data: folder"), "line 8: -root: -data folder needs the folder of the pictures; give -root folder=DIR"},
		{change("[single, mge]", "[single, sgd]"), "line 5: -strategy single,sgd: sgd is unknown"},
		{change("side: 16", "sides: 16"), `line 6: "sides" is not a key of settings; did you mean side? there are `},
		{change("side: 16", "a=b: x"), `line 6: "a=b" is not a key of settings; a text with commas stands in quotes`},
		{change("side: 16", "out: x"), `line 6: "out" is not a key of settings`},
		{change("side: 16", "side: [16, [17]]"), "line 6: an entry of side must be a short text or a number"},
		{change("side: 16", "side: 16, extend: 5"), "line 8: extend 5: a plan states the learning rate of added steps; write it like extend: 5@1e-5"},
		{change("side: 16", "side: 17"), "line 6: -side 17: side 17 does not go with 1 levels"},
		{change("released: false", "released: perhaps"), "line 13: -released perhaps: "},
		{change("task: superresolution\n    network: srnet\n    data: deadleaves\n    strategies: [mge]\n    settings: {levels: 0, stages: 2, released: false}",
			"{task: superresolution, network: espcn, data: deadleaves}"), "line 9: the same experiment as in line 8"},
		{tiny[:strings.Index(tiny, "experiments:")], "there are no experiments"},
		{tiny + "---\nname: two\n", "more than one document"},
		{"experiments: &a [*a]\n", "line 1: "},
		{strings.Repeat("#", 1<<16+1), "more than"},
	} {
		_, err := plan.Parse([]byte(c.file), catalog.Standard(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 1 {
			t.Errorf("%.60q:\n%v\nwant %s", c.file, err, c.want)
		}
	}
	if _, err := plan.Read(filepath.Join(t.TempDir(), "none.yaml"), catalog.Standard(), nil); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("nmae: x\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Read(path, catalog.Standard(), nil); err == nil || !strings.HasPrefix(err.Error(), path+": line 1: ") {
		t.Errorf("a mistake names its file and line: %v", err)
	}
}

// TestRun: missing units are trained in the order of seeds, and finished ones are
// not trained again. Stopped units continue and end with the same bytes.
func TestRun(t *testing.T) {
	p, err := plan.Parse([]byte(tiny), catalog.Standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	states := p.Look([]string{dir})
	if n := len(states[0].Missing) + len(states[1].Missing); n != 6 {
		t.Fatalf("%d units are missing of an empty folder", n)
	}
	var timed []int
	costs, err := plan.Estimate(t.Context(), catalog.Standard(), states, func(done, all int) { timed = append(timed, done, all) })
	if err != nil {
		t.Fatal(err)
	}
	// N = 2, 4 on meshes of cost 1 and 1/4, two iterations: 12 and 2(2.5+1), with
	// two seeds; super-resolution has a batch of 2 on one mesh.
	if costs[0].WorkUnits != 2*(12+7) || costs[1].WorkUnits != 2*4 || !(costs[0].Seconds > 0) {
		t.Errorf("costs %+v", costs)
	}
	if !slices.Equal(timed, []int{1, 2, 2, 2}) {
		t.Errorf("timed %v", timed)
	}

	// A cancelled call returns an error; the folder can be resumed.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	fail := func(dir string, err error) { t.Errorf("%s: %v", dir, err) }
	if err := plan.Run(ctx, catalog.Standard(), states, &log, fail); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the same command continues") {
		t.Errorf("stopped: %v", err)
	}
	states = p.Look([]string{dir})
	if states[0].Begun != 1 || len(states[0].Missing) != 4 || states[0].Err != nil {
		t.Errorf("after a stop: %d begun, %d missing, %v", states[0].Begun, len(states[0].Missing), states[0].Err)
	}
	log.Reset()
	if err := plan.Run(t.Context(), catalog.Standard(), states, &log, fail); err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(log.String()) {
		if _, call, ok := strings.Cut(line, " of 4: "); ok {
			order = append(order, strings.TrimSpace(call[len(dir)+1:]))
		}
	}
	var want []string
	for _, seed := range []string{"1", "2"} {
		for _, e := range p.Entries {
			want = append(want, e.Folder+", seed "+seed)
		}
	}
	if !slices.Equal(order, want) {
		t.Errorf("order of calls:\n%s\nwant:\n%s", strings.Join(order, "\n"), strings.Join(want, "\n"))
	}
	states = p.Look([]string{t.TempDir(), dir}) // finds the run folders in the second one
	for _, s := range states {
		if len(s.Missing) > 0 || s.Err != nil || len(s.Contents.Summaries) != len(s.Units()) || filepath.Dir(s.Dir) != dir {
			t.Errorf("%s: missing %v, %v", s.Dir, s.Missing, s.Err)
		}
	}
	log.Reset()
	if err := plan.Run(t.Context(), catalog.Standard(), states, &log, fail); err != nil || log.Len() > 0 {
		t.Errorf("a finished plan was run again: %v\n%s", err, log.String())
	}

	// A folder with another configuration is not changed, and is an error.
	other, err := plan.Parse([]byte(strings.Replace(tiny, "iterations: 2", "iterations: 3", 1)), catalog.Standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	other.Entries[0].Folder = p.Entries[0].Folder
	if s := other.Look([]string{dir})[0]; s.Err == nil || !strings.Contains(s.Err.Error(), "iterations") || len(s.Contents.Summaries) > 0 {
		t.Errorf("another configuration: %v", s.Err)
	}
	// So is a damaged folder; the rest of the plan is still read.
	if err := os.WriteFile(filepath.Join(states[0].Dir, runfolder.SummaryFile), []byte("task,what\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	broken := p.Look([]string{dir})
	if broken[0].Err == nil || !strings.Contains(broken[0].Err.Error(), states[0].Dir) || broken[1].Err != nil || len(broken[1].Missing) > 0 {
		t.Errorf("a damaged folder: %v, %v", broken[0].Err, broken[1].Err)
	}
}

// TestRunGoesOn: if one experiment cannot be run, the others still are.
func TestRunGoesOn(t *testing.T) {
	p, err := plan.Parse([]byte(strings.Replace(tiny, "data: deadleaves", "data: bsds500", 1)), catalog.Standard(), map[string]string{"bsds500": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var failed []string
	states := p.Look([]string{dir})
	if err := plan.Run(t.Context(), catalog.Standard(), states, &bytes.Buffer{}, func(dir string, err error) { failed = append(failed, dir) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(failed, []string{states[0].Dir}) {
		t.Errorf("failed: %v", failed)
	}
	if s := p.Look([]string{dir})[1]; len(s.Missing) > 0 {
		t.Errorf("the other is missing %v", s.Missing)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tiny))
	for _, name := range []string{"quick", "cpu", "paper", "allocation", "highres"} {
		data, err := os.ReadFile(filepath.Join(plans, name+".yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [x, x]\nb: [*a, *a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Parse(data, catalog.Standard(), nil)
		if err != nil {
			return
		}
		for _, e := range p.Entries {
			if e.Folder == "" || e.Folder != filepath.Base(e.Folder) || strings.HasPrefix(e.Folder, ".") || len(e.Units()) == 0 {
				t.Errorf("folder %q with %d units", e.Folder, len(e.Units()))
			}
		}
	})
}

func ExampleParse() {
	p, err := plan.Parse([]byte(`
name: example
profile: quick
seeds: [1]
strategies: [single, mge]
experiments:
  - {task: denoising, network: unet, data: deadleaves}
`), catalog.Standard(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range p.Look([]string{"nowhere"}) {
		fmt.Println(s.Lacks())
	}
	// Output:
	// denoising-unet-deadleaves-quick: nothing is finished
}
