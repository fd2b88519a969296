package tables

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/experiment/runfolder"
)

// committed is the project's folder of results.
const committed = "../../../results"

// invoke runs the command and returns what it prints.
func invoke(ctx context.Context, t *testing.T, args ...string) (out, log string, err error) {
	t.Helper()
	var o, l bytes.Buffer
	r, err := parse(catalog.Standard(), args, &o)
	if err == nil {
		err = Run(ctx, r, &o, &l)
	}
	return o.String(), l.String(), err
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestCommittedResults: every run folder in results/ can be read, and this program
// makes the same table of its rows. This command also makes the same tables of every
// plan that has a folder there. UPDATE_GOLDEN=1 go test ./pkg/experiment/tables writes
// the run folders' tables again.
func TestCommittedResults(t *testing.T) {
	c := collect(catalog.Standard(), []string{committed}, "")
	for _, p := range c.problems {
		t.Error(p)
	}
	if len(c.runs) == 0 {
		t.Fatal("there are no run folders")
	}
	for _, r := range c.runs {
		if os.Getenv("UPDATE_GOLDEN") != "" {
			write(t, r.Table(), r.Dir, runfolder.TableFile)
		}
		if want := r.Table(); read(t, r.Dir, runfolder.TableFile) != want {
			t.Errorf("%s of %s is not made of its rows; it would be:\n%s", runfolder.TableFile, r.Dir, want)
		}
	}
	plans, err := filepath.Glob("../../../experiments/plans/*.yaml")
	if err != nil || len(plans) == 0 {
		t.Fatalf("%v, %v", plans, err)
	}
	for _, file := range plans {
		p, err := plan.Read(file, catalog.Standard(), nil)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(committed, p.Name)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue // no tables of this plan are committed
		}
		c := planned(catalog.Standard(), p.Look([]string{committed}))
		for _, problem := range c.problems {
			t.Error(problem)
		}
		want := newResults(c.runs).files()
		for name, content := range want {
			if read(t, dir, name) != content {
				t.Errorf("%s: %s is not what is made of the committed run folders; make it again with -plan %s -runs results -out results/%s", dir, name, file, p.Name)
			}
		}
		tables, err := filepath.Glob(filepath.Join(dir, "*.csv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range tables {
			if _, ok := want[filepath.Base(path)]; !ok {
				t.Errorf("%s is no table of the plan", path)
			}
		}
	}
}

// TestTimeless: equal summaries and histories give equal tables, however long the runs
// took; numbers that depend on the time are in other files.
func TestTimeless(t *testing.T) {
	before := newResults(collect(catalog.Standard(), []string{committed}, "").runs).files()
	slower := collect(catalog.Standard(), []string{committed}, "").runs
	for _, r := range slower {
		for i := range r.Timings {
			r.Timings[i].SecondsTraining *= 1.5 + float64(i)
		}
		for i := range r.Moments {
			r.Moments[i].Seconds *= 2
		}
	}
	after := newResults(slower).files()
	if len(after) != len(before) {
		t.Errorf("%d files, then %d", len(before), len(after))
	}
	changed := 0
	for name, content := range before {
		timed := strings.HasPrefix(name, "seconds")
		if same := after[name] == content; same == timed {
			t.Errorf("%s: the same in slower runs: %v", name, same)
		}
		if timed {
			changed++
		}
	}
	if changed == 0 || changed == len(before) {
		t.Errorf("%d of %d files have seconds in them", changed, len(before))
	}
}

// TestCollection: a damaged and a foreign folder are reported by name, and a valid one
// is still in the tables.
func TestCollection(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "tables")
	sound := filepath.Join(committed, "denoising-unet-deadleaves-quick")
	if err := os.CopyFS(filepath.Join(dir, "sound"), os.DirFS(sound)); err != nil {
		t.Fatal(err)
	}
	write(t, "no file of a run", dir, "foreign", "notes.txt")
	if _, log, err := invoke(t.Context(), t, "-runs", dir, "-out", out); err != nil || !strings.Contains(log, filepath.Join(dir, "foreign")) {
		t.Errorf("with a foreign folder: %v\n%s", err, log)
	}
	whole := read(t, out, MarkdownFile)

	write(t, "{", dir, "damaged", runfolder.RecordFile)
	write(t, read(t, sound, runfolder.RecordFile), dir, "cut", runfolder.RecordFile)
	write(t, read(t, sound, runfolder.SummaryFile)[:300], dir, "cut", runfolder.SummaryFile)
	write(t, read(t, sound, runfolder.RecordFile), dir, "empty", runfolder.RecordFile)
	write(t, read(t, sound, runfolder.SummaryFile), dir, "orphan", runfolder.SummaryFile)
	printed, log, err := invoke(t.Context(), t, "-runs", dir, "-runs", filepath.Join(dir, "sound"), "-out", out)
	if err == nil || !strings.Contains(err.Error(), "3 problems") {
		t.Errorf("with damaged folders: %v", err)
	}
	for _, name := range []string{"damaged", "cut", "empty", "orphan"} {
		if !strings.Contains(log, filepath.Join(dir, name)) {
			t.Errorf("%s is not reported:\n%s", name, log)
		}
		if name != "empty" && !strings.Contains(read(t, out, ReportFile), name) {
			t.Errorf("%s is not in the report", name)
		}
	}
	if !strings.Contains(printed, "denoising deadleaves unet MSE") || read(t, out, MarkdownFile) != whole {
		t.Errorf("the sound folder's table:\n%s", printed)
	}

	for _, c := range []struct{ what, dir, want string }{
		{"nothing there", filepath.Join(dir, "none"), "there is no such folder"},
		{"a folder without a finished unit, by name", filepath.Join(dir, "empty"), "no strategy is finished"},
		{"a foreign folder asked for by name", filepath.Join(dir, "foreign"), "neither a run folder"},
	} {
		if _, log, err := invoke(t.Context(), t, "-runs", c.dir, "-out", out); err == nil || !strings.Contains(log, c.dir) || !strings.Contains(log, c.want) {
			t.Errorf("%s: %v\n%s", c.what, err, log)
		}
	}
	// Other damage to a folder is reported, and its numbers are still in the tables.
	if err := os.CopyFS(filepath.Join(dir, "bitten"), os.DirFS(sound)); err != nil {
		t.Fatal(err)
	}
	write(t, "cut", dir, "bitten", "mge-seed1.onnx")
	printed, log, err = invoke(t.Context(), t, "-runs", filepath.Join(dir, "bitten"), "-out", out)
	if err == nil || !strings.Contains(log, "bitten is damaged: mge-seed1.onnx is not the file") || !strings.Contains(printed, "denoising deadleaves unet MSE") {
		t.Errorf("a damaged model: %v\n%s", err, log)
	}
	// A failed unit is in the tables with its reason, and is also printed if no unit is finished.
	reason := "strategy,seed,reason\nmge,7,the gradient is not finite\n"
	for _, c := range []struct{ folder, where string }{{"sound", "tables"}, {"empty", "log"}} {
		write(t, reason, dir, c.folder, runfolder.FailedFile)
		printed, log, _ := invoke(t.Context(), t, "-runs", filepath.Join(dir, c.folder), "-out", out)
		if c.where == "tables" {
			log = printed
		}
		if !strings.Contains(log, c.folder+": mge-seed7 failed: the gradient is not finite") {
			t.Errorf("%s: a failed unit is not in the %s:\n%s", c.folder, c.where, log)
		}
		if err := os.Remove(filepath.Join(dir, c.folder, runfolder.FailedFile)); err != nil {
			t.Fatal(err)
		}
	}

	// A copy of a run is an error.
	if err := os.CopyFS(filepath.Join(dir, "twin"), os.DirFS(sound)); err != nil {
		t.Fatal(err)
	}
	if _, log, err := invoke(t.Context(), t, "-runs", filepath.Join(dir, "sound"), "-runs", filepath.Join(dir, "twin"), "-out", out); err == nil || !strings.Contains(log, "twin: ") {
		t.Errorf("a copy of a run folder: %v\n%s", err, log)
	}
}

// tiny is a plan that takes a second or two.
const tiny = `
name: tiny
profile: quick
seeds: [1, 2]
strategies: [single, mge, fullmultiscale]
settings: {side: 16, levels: 1, batch: 2, iterations: 2, stages: [2, 1]}
experiments:
  - {task: superresolution, network: espcn, data: deadleaves}
`

// TestPlan: a plan's tables are the same, byte for byte, when it is trained on one
// core, on two, and after it was stopped.
func TestPlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tiny.yaml")
	write(t, tiny, file)
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	var first map[string]string
	for n := 1; n <= 2; n++ {
		runtime.GOMAXPROCS(n)
		runs, out := filepath.Join(t.TempDir(), "runs"), filepath.Join(t.TempDir(), "out")
		args := []string{"-plan", file, "-runs", runs, "-out", out}
		if _, log, err := invoke(t.Context(), t, args...); err == nil || !strings.Contains(err.Error(), "6 networks missing") || !strings.Contains(log, " 49 ") {
			t.Errorf("nothing is there: %v\n%s", err, log)
		}
		if n == 2 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, _, err := invoke(ctx, t, append(args, "-run")...); !errors.Is(err, context.Canceled) {
				t.Errorf("stopped: %v", err)
			}
		}
		if _, log, err := invoke(t.Context(), t, append(args, "-run")...); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
		if printed, _, err := invoke(t.Context(), t, args...); err != nil || !strings.Contains(printed, read(t, out, MarkdownFile)) {
			t.Errorf("a finished plan: %v", err)
		}
		files := map[string]string{}
		for _, name := range []string{MarkdownFile, LaTeXFile, "comparison-quick-superresolution-side-16-levels-1-batch-2-iterations-2.csv", "quality.csv", "cost.csv"} {
			files[name] = read(t, out, name)
		}
		if first == nil {
			first = files
			continue
		}
		for name, content := range files {
			if first[name] != content {
				t.Errorf("%s differs between one core and two:\n%s\n%s", name, first[name], content)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"-run", "-run: there is no plan to run"},
		{"-root bsds500=x", "-root: there is no plan to run"},
		{"-plan p -root bsds500", "-root bsds500: not a data set and its folder"},
		{"-plan p -root imagenet=x", "-root imagenet=x: there is no data set imagenet"},
		{"-plan p -root bsds500=x -root bsds500=y", "-root bsds500=y: the folder of bsds500 is given twice"},
		{"-plan p -claim", "-claim: nothing is trained without -run"},
		{"-plan p -shard 0/4", "-shard: nothing is trained without -run"},
		{"-plan p -run -shard 4/4", "-shard 4/4: not a part of a plan"},
		{"-plan p -run -shard 1", "-shard 1: not a part of a plan"},
		{"-plan p -run -shard 1/4 -claim", "-claim: -shard is given, too"},
		{"-plan p -run -claim -lease 5", "-lease 5: not a duration that makes sense"},
		{"-plan p -run -claim -lease 1ms", "-lease 1ms: not a duration that makes sense"},
		{"-runs=", "-runs"},
		{"more", "more: an argument without a flag"},
	} {
		_, _, err := invoke(t.Context(), t, strings.Fields(c.line)...)
		var usage *command.UsageError
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.line, err, c.want)
		}
	}
	if _, _, err := invoke(t.Context(), t, "-plan", filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.HasPrefix(err.Error(), "-plan ") {
		t.Errorf("a plan that is not there: %v", err)
	}
	help, _, err := invoke(t.Context(), t, "-h")
	if !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, name := range []string{"-runs DIR", "-plan FILE", "-out DIR", "-run ", "-shard I/N", "-claim", "-lease DURATION", "-root NAME=DIR"} {
		if !strings.Contains(help, name) {
			t.Errorf("-h does not show %s", name)
		}
	}
}
