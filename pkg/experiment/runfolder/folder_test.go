package runfolder

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/durable"
	"multiscale/pkg/durable/durabletest"
	"multiscale/pkg/metric"
)

var (
	single = Unit{"single", 1}
	multi  = Unit{"mge", 1}
	full   = Unit{"fullmultiscale", 1}
)

func record(batch int) Record {
	return Record{
		Configuration: map[string]any{"batch": batch, "lr": 5e-4, "stages": []int{60, 30, 15}, "network": "unet"},
		Flags:         map[string]any{"out": "x"},
		Environment:   map[string]any{"go": "go1.26"},
	}
}

// result returns a fictitious result that depends only on the unit.
func result(u Unit) Result {
	wu := map[string]float64{"single": 3360, "mge": 1020, "fullmultiscale": 585}[u.Strategy]
	nan := math.NaN()
	return Result{
		Summary: Summary{
			Task: "denoising", Network: "unet", Data: "deadleaves", Profile: "quick", Side: 32, Levels: 2, Batch: 8,
			Iterations: 1, Parameters: 2537187, WorkUnits: wu, Values: metric.Values{"mse": 0.1 / 3, "psnr": 24.5, "ssim": 0.75, "ssim_signed": 0.7},
			ONNXSHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("model"))), CrosscheckMaxAbs: 1.5e-6,
		},
		Crosscheck: []Crosscheck{{Runtime: "onnx-go", Version: "v0.5.0", Shape: "2x3x32x32", MaxAbs: 1.5e-6, MaxRel: 1e-5}},
		Timing:     Timing{SecondsTraining: wu / 50, SecondsValidation: 3, ImagesPerSecond: 50, PeakRSSBytes: 1 << 28},
		History: []History{
			{Iteration: 0, Side: 32, LearningRate: 5e-4, TrainLoss: nan, GradientNorm: nan, Validation: metric.Values{"mse": 1, "ssim": 0.1}},
			{Iteration: 1, WorkUnits: 56, Side: 32, LearningRate: 4.9e-4, TrainLoss: 1.25, GradientNorm: 3, Validation: metric.Values{"mse": 0.5, "ssim": 0.2}},
		},
		Moments: []Moment{{Seconds: 0}, {Iteration: 1, Seconds: 2.5}},
	}
}

// input has the measures of the fictitious runs' input.
var input = Input{"the degraded pictures themselves", metric.Values{"mse": 0.25, "psnr": 15, "ssim": 0.5, "ssim_signed": 0.4}}

// run does all the work that a call has to do.
func run(fsys durable.FS, dir string, o Options, asked ...Unit) error {
	o.FS = fsys
	f, err := Open(dir, record(8), asked, o)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.SetInput(input); err != nil {
		return err
	}
	for _, w := range f.Work() {
		if err := f.Begin(w); err != nil {
			return err
		}
		for _, name := range []string{ONNXFile(w.Unit), BestFile(w.Unit)} {
			if err := f.WriteFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "model"); return err }); err != nil {
				return err
			}
		}
		if err := f.Finish(w.Unit, result(w.Unit)); err != nil {
			return err
		}
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tables returns the contents of a folder's tables by name.
func tables(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{SummaryFile, InputFile, CrosscheckFile, TimingFile, HistoryFile, MomentsFile, DigestsFile, RecordFile, TableFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		files[name] = string(data)
	}
	return files
}

func same(t *testing.T, got, want map[string]string, when string) {
	t.Helper()
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: %s is\n%s\nnot\n%s", when, name, got[name], w)
		}
	}
}

func TestFilesAreThoseOfTheContract(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, multi))
	files := tables(t, dir)
	for name, want := range map[string]string{
		SummaryFile: "task,network,data,profile,strategy,seed,side,levels,batch,iterations,parameters,work_units,mse,psnr,ssim,ssim_signed,onnx_sha256,crosscheck_max_abs\n" +
			"denoising,unet,deadleaves,quick,mge,1,32,2,8,1,2537187,1020,0.03333333333333333,24.5,0.75,0.7," + fmt.Sprintf("%x", sha256.Sum256([]byte("model"))) + ",1.5e-06\n",
		InputFile:      "input,mse,psnr,ssim,ssim_signed\nthe degraded pictures themselves,0.25,15,0.5,0.4\n",
		CrosscheckFile: "strategy,seed,runtime,version,shape,max_abs,max_rel\nmge,1,onnx-go,v0.5.0,2x3x32x32,1.5e-06,1e-05\n",
		TimingFile:     "strategy,seed,seconds_training,seconds_validation,images_per_second,peak_rss_bytes\nmge,1,20.4,3,50,268435456\n",
		HistoryFile: "strategy,seed,stage,iteration,work_units,side,learning_rate,train_loss,gradient_norm,validation_mse,validation_ssim\n" +
			"mge,1,0,0,0,32,0.0005,,,1,0.1\nmge,1,0,1,56,32,0.00049,1.25,3,0.5,0.2\n",
	} {
		if files[name] != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, files[name], want)
		}
	}
}

// TestMeasures: every measure of the task has a column in both tables, and the usual ones only one.
func TestMeasures(t *testing.T) {
	r := record(8)
	r.Measures = []metric.Measure{metric.PSNR, metric.MSE, {Name: "own"}}
	dir := t.TempDir()
	f, err := Open(dir, r, []Unit{multi}, Options{})
	must(t, err)
	must(t, f.SetInput(input))
	must(t, f.Begin(f.Work()[0]))
	must(t, f.WriteFile(ONNXFile(multi), func(w io.Writer) error { _, err := io.WriteString(w, "model"); return err }))
	x := result(multi)
	x.Summary.Values["own"], x.History[0].Validation["own"], x.History[0].Validation["psnr"] = 5, 6, 7
	must(t, f.Finish(multi, x))
	must(t, f.Close())
	c, err := Read(dir)
	must(t, err)
	if c.Summaries[0].Values["own"] != 5 || c.Histories[0].Validation["own"] != 6 || c.Histories[0].Validation["psnr"] != 7 {
		t.Errorf("%v, %v", c.Summaries[0].Values, c.Histories[0].Validation)
	}
	files := tables(t, dir)
	for name, want := range map[string]string{SummaryFile: "crosscheck_max_abs,own\n", HistoryFile: "validation_ssim,validation_psnr,validation_own\n"} {
		if header, _, _ := strings.Cut(files[name], "\n"); !strings.HasSuffix(header+"\n", want) {
			t.Errorf("%s has the columns %s", name, header)
		}
	}
}

// Units in one call, in two calls, in another order: the same files.
func TestOrderDoesNotMatter(t *testing.T) {
	at := t.TempDir()
	a, b, c := filepath.Join(at, "a"), filepath.Join(at, "b"), filepath.Join(at, "c")
	must(t, run(nil, a, Options{}, single, multi, full))
	must(t, run(nil, b, Options{}, full, multi, single))
	must(t, run(nil, c, Options{}, multi))
	must(t, run(nil, c, Options{}, full, multi, single))
	same(t, tables(t, b), tables(t, a), "another order")
	same(t, tables(t, c), tables(t, a), "two calls")
}

func TestFinishedUnitsAreSkipped(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, single, multi))
	f, err := Open(dir, record(8), []Unit{multi, full, single}, Options{})
	must(t, err)
	if got := f.Work(); !slices.Equal(got, []Work{{Unit: full}}) {
		t.Errorf("work %v", got)
	}
	must(t, f.Close())
	f, err = Open(dir, record(8), []Unit{multi}, Options{Force: true})
	must(t, err)
	if got := f.Work(); !slices.Equal(got, []Work{{Unit: multi}}) {
		t.Errorf("work with force %v", got)
	}
	must(t, f.Close())
	must(t, os.Remove(filepath.Join(dir, ONNXFile(multi))))
	if _, err := Open(dir, record(8), []Unit{multi}, Options{}); !errors.As(err, new(*UnfinishedError)) {
		t.Errorf("a unit without its model: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, ONNXFile(multi)), []byte("mod"), 0o666))
	if _, err := Open(dir, record(8), []Unit{multi}, Options{}); err == nil || !strings.Contains(err.Error(), "mge-seed1.onnx is not the file") {
		t.Errorf("a model that was cut: %v", err)
	}
	again, err := Open(dir, record(8), []Unit{multi}, Options{Resume: true})
	must(t, err)
	if got := again.Work(); len(got) != 1 || len(again.Notes) != 1 {
		t.Errorf("work with resume %v, notes %q", got, again.Notes)
	}
	must(t, again.Close())
	if r, ok := f.Result(multi); !ok || len(r.History) != 2 || len(r.Moments) != 2 || r.Timing.SecondsTraining != 20.4 {
		t.Errorf("%+v", r)
	}
}

func TestUnfinishedUnits(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir, record(8), []Unit{multi}, Options{Resume: true}) // nothing there yet
	must(t, err)
	if got := f.Work(); !slices.Equal(got, []Work{{Unit: multi}}) {
		t.Errorf("work %v", got)
	}
	must(t, f.Begin(f.Work()[0]))
	checkpoint := filepath.Join(f.CheckpointDir(multi), "000001")
	must(t, os.WriteFile(checkpoint, nil, 0o644))
	must(t, f.Close())

	_, err = Open(dir, record(8), []Unit{multi, full}, Options{})
	if err == nil || !strings.Contains(err.Error(), "unfinished: mge-seed1; use -resume to continue or -force to begin again") {
		t.Errorf("neither resume nor force: %v", err)
	}
	f, err = Open(dir, record(8), []Unit{full}, Options{}) // another unit may be added
	must(t, err)
	must(t, f.Close())

	f, err = Open(dir, record(8), []Unit{multi, full}, Options{Resume: true})
	must(t, err)
	if got := f.Work(); !slices.Equal(got, []Work{{multi, true}, {full, false}}) {
		t.Errorf("work %v", got)
	}
	must(t, f.Begin(f.Work()[0]))
	if _, err := os.Stat(checkpoint); err != nil {
		t.Errorf("resuming lost the checkpoint: %v", err)
	}
	must(t, f.Close())

	f, err = Open(dir, record(8), []Unit{multi}, Options{Force: true})
	must(t, err)
	must(t, f.Begin(f.Work()[0]))
	if _, err := os.Stat(checkpoint); err == nil {
		t.Error("beginning again kept the checkpoint")
	}
	must(t, f.Close())
}

// TestProgress: the rows of a unit in training can be read. They do not make it finished, and Finish
// replaces them.
func TestProgress(t *testing.T) {
	undisturbed, dir := t.TempDir(), t.TempDir()
	must(t, run(nil, undisturbed, Options{}, single, multi))
	must(t, run(nil, dir, Options{}, single))
	f, err := Open(dir, record(8), []Unit{multi}, Options{})
	must(t, err)
	must(t, f.Begin(f.Work()[0]))
	r := result(multi)
	must(t, f.Progress(multi, r.History[:1], r.Moments[:1]))
	c, err := Read(dir)
	must(t, err)
	if got := c.Units(); !slices.Equal(got, []Unit{single, multi}) || c.Finished(multi) {
		t.Errorf("units %v, finished %v", got, c.Finished(multi))
	}
	if way := c.Way(multi).Curve(); len(way) != 1 || way[0].Values["mse"] != 1 || way[0].Seconds != 0 {
		t.Errorf("%v", way)
	}
	must(t, f.Close())
	must(t, run(nil, dir, Options{Resume: true}, multi))
	for _, name := range []string{HistoryFile, MomentsFile, SummaryFile, TableFile} {
		want, err := os.ReadFile(filepath.Join(undisturbed, name))
		must(t, err)
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s differs, %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, multi))

	other := record(16)
	other.Configuration["lr"] = 1e-3
	other.Configuration["conv"] = "direct"
	_, err := Open(dir, other, []Unit{full}, Options{Force: true})
	want := "batch is 8 there and 16 now, conv is missing there and direct now, lr is 0.0005 there and 0.001 now"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}

	path := record(8)
	path.Configuration["kernel_path"] = "neon"
	if _, err := Open(dir, path, []Unit{full}, Options{}); err == nil || !strings.Contains(err.Error(), "MULTISCALE_KERNEL=") {
		t.Errorf("another kernel path: %v", err)
	}

	f, err := Open(dir, record(8), []Unit{full}, Options{})
	must(t, err)
	var locked *durable.LockedError
	if _, err := Open(dir, record(8), []Unit{single}, Options{}); !errors.As(err, &locked) {
		t.Errorf("two at once: %v", err)
	}
	must(t, f.Close())

	must(t, os.WriteFile(filepath.Join(dir, HistoryFile), []byte("strategy\n"), 0o644))
	if _, err := Open(dir, record(8), []Unit{single}, Options{}); err == nil || !strings.Contains(err.Error(), HistoryFile) {
		t.Errorf("a broken table: %v", err)
	}
	must(t, os.Remove(filepath.Join(dir, HistoryFile)))
	must(t, os.Remove(filepath.Join(dir, RecordFile)))
	if _, err := Open(dir, record(8), []Unit{single}, Options{}); err == nil || !strings.Contains(err.Error(), RecordFile) {
		t.Errorf("no record: %v", err)
	}
	if _, err := Read(dir); err == nil {
		t.Error("read a folder without a record")
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	if _, err := Open(filepath.Join(dir, "file"), record(8), nil, Options{}); err == nil {
		t.Error("opened a file")
	}
}

// TestDamage: Open and Damage name what is wrong with a finished folder, and Resume makes it
// again.
func TestDamage(t *testing.T) {
	model := ONNXFile(multi)
	cut := func(name string, rows int) func(dir string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, name))
			lines := strings.SplitAfter(string(data), "\n")
			return errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines[:len(lines)-1-rows], "")), 0o644))
		}
	}
	remove := func(name string) func(dir string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	put := func(name, text string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	edit := func(name, from, to string) func(dir string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, name))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(string(data), from, to, 1)), 0o644))
		}
	}
	without := func(name, part string) func(dir string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(dir, name))
			lines := slices.DeleteFunc(strings.SplitAfter(string(data), "\n"), func(line string) bool { return strings.Contains(line, part) })
			return errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "")), 0o644))
		}
	}
	for _, tc := range []struct {
		name   string
		damage func(dir string) error
		words  string
		tables bool // Damage or Read finds it, too
	}{
		{"model cut", put(model, "mod"), model + " is not the file that " + SummaryFile + " has the digest of", true},
		{"model missing", remove(model), model + " is missing", false},
		{"best model cut", put(BestFile(multi), "mod"), BestFile(multi) + " is not the file that " + DigestsFile + " has the digest of", true},
		{"no history", remove(HistoryFile), HistoryFile + " has no rows of mge-seed1", true},
		{"history cut by a row", cut(HistoryFile, 1), HistoryFile + " lacks rows of mge-seed1", true},
		{"a number of the history", edit(HistoryFile, "1.25", "1.24"), HistoryFile + " has other rows of mge-seed1 than those that " + DigestsFile, true},
		{"another history and no digests", func(dir string) error {
			return errors.Join(edit(HistoryFile, "1.25", "1.24")(dir), put(DigestsFile, "strategy,seed\n")(dir))
		}, DigestsFile + " cannot be read", true},
		{"no digests", remove(DigestsFile), DigestsFile + " has no rows of mge-seed1", true},
		{"digests without one of the tables", without(DigestsFile, ","+CrosscheckFile+","), DigestsFile + " lacks rows of mge-seed1", true},
		{"a number of the summary", edit(SummaryFile, "24.5", "25.5"), SummaryFile + " has other rows of mge-seed1 than those that " + DigestsFile, true},
		{"history empty", put(HistoryFile, ""), HistoryFile + " cannot be read", true},
		{"history cut within a row", put(HistoryFile, "strategy,seed\nmge,"), HistoryFile + " cannot be read", true},
		{"no cross-check", remove(CrosscheckFile), CrosscheckFile + " has no rows of mge-seed1", true},
		{"another cross-check", put(CrosscheckFile, "strategy,seed,runtime,version,shape,max_abs,max_rel\nmge,1,onnx-go,v0.5.0,2x3x32x32,1e-06,1e-05\n"), CrosscheckFile + " lacks rows of mge-seed1", true},
		{"a number of the cross-check", edit(CrosscheckFile, "2x3x32x32", "2x3x32x33"), CrosscheckFile + " has other rows of mge-seed1 than those that " + DigestsFile, true},
		{"no times", remove(TimingFile), TimingFile + " has no rows of mge-seed1", true},
		{"times cut", cut(TimingFile, 1), TimingFile + " has no rows of mge-seed1", true},
		{"no moments", remove(MomentsFile), MomentsFile + " has no rows of mge-seed1", true},
		{"moments cut", cut(MomentsFile, 1), MomentsFile + " lacks rows of mge-seed1", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, run(nil, dir, Options{}, multi))
			want := tables(t, dir)
			must(t, tc.damage(dir))
			c, err := Read(dir)
			found := fmt.Sprint(err)
			if err == nil {
				list, err := Damage(dir, c)
				must(t, err)
				found = strings.Join(list, ", ")
			}
			if strings.Contains(found, tc.words) != tc.tables {
				t.Errorf("read: %q, want %v of %q", found, tc.tables, tc.words)
			}
			if _, err := Open(dir, record(8), []Unit{multi}, Options{}); err == nil || !strings.Contains(err.Error(), tc.words) || !strings.Contains(err.Error(), "-resume") {
				t.Errorf("opened: %v, want %q", err, tc.words)
			}
			must(t, run(nil, dir, Options{Resume: true}, multi))
			same(t, tables(t, dir), want, "made again")
		})
	}
}

// TestInputDamage: input.csv depends only on the data, so it is made again even without Resume.
func TestInputDamage(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, multi))
	want := tables(t, dir)
	must(t, os.WriteFile(filepath.Join(dir, InputFile), []byte(strings.Replace(want[InputFile], "15", "16", 1)), 0o644))
	const words = InputFile + " is not the file that " + DigestsFile + " has the digest of"
	c, err := Read(dir)
	must(t, err)
	if list, err := Damage(dir, c); err != nil || len(list) != 1 || list[0] != words {
		t.Errorf("read: %q, %v, want %q", list, err, words)
	}
	f, err := Open(dir, record(8), []Unit{multi}, Options{})
	must(t, err)
	if len(f.Notes) != 1 || f.Notes[0] != words+"; it is made again" || f.Input() != nil {
		t.Errorf("notes %q, input %v", f.Notes, f.Input())
	}
	must(t, errors.Join(f.SetInput(input), f.Close()))
	same(t, tables(t, dir), want, "made again")
}

// TestFolderWithoutDigests: in a folder of a version without digests.csv, it is no damage that this file is missing.
func TestFolderWithoutDigests(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, multi))
	earlier := record(8)
	must(t, durable.WriteFile(durable.OS, filepath.Join(dir, RecordFile), earlier.Write))
	must(t, os.Remove(filepath.Join(dir, DigestsFile)))
	must(t, run(nil, dir, Options{}, multi, single))
	c, err := Read(dir)
	must(t, err)
	if list, err := Damage(dir, c); err != nil || len(list) > 0 {
		t.Errorf("damage %q, %v", list, err)
	}
}

// TestUnreadable: a table that cannot be read is not overwritten if that would lose the rows of units that are not run
// again. The error of a file that cannot be made again says what to do.
func TestUnreadable(t *testing.T) {
	for _, tc := range []struct{ name, words string }{
		{HistoryFile, "mend it, or use -resume with all strategies"},
		{SummaryFile, "remove it and use -resume"},
		{RecordFile, "choose another folder"},
	} {
		dir := t.TempDir()
		must(t, run(nil, dir, Options{}, multi))
		must(t, os.WriteFile(filepath.Join(dir, tc.name), []byte("{strategy\n"), 0o644))
		if _, err := Open(dir, record(8), []Unit{single}, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), tc.name+" cannot be read") || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.words)
		}
	}
}

// For every failing write and every kind of failure, a second call with Resume leaves the same
// folder as an undisturbed call.
func TestEveryFaultIsRecoveredFrom(t *testing.T) {
	undisturbed := t.TempDir()
	must(t, run(nil, undisturbed, Options{}, multi))
	want := tables(t, undisturbed)
	for _, fault := range durabletest.Faults {
		for at := 1; ; at++ {
			dir := filepath.Join(t.TempDir(), "run")
			faulty := &durabletest.FS{At: at, Fault: fault}
			err := run(faulty, dir, Options{}, multi)
			if !faulty.Fired() {
				must(t, err)
				break
			}
			if err == nil && fault != durabletest.IOError {
				// It is no failure if a leftover cannot be removed.
				t.Errorf("%v at step %d: no error", fault, at)
			}
			if err := run(durable.OS, dir, Options{Resume: true}, multi); err != nil {
				t.Errorf("%v at step %d: %v", fault, at, err)
				continue
			}
			same(t, tables(t, dir), want, fault.String())
			if names, err := filepath.Glob(filepath.Join(dir, "*.partial")); err != nil || len(names) > 0 {
				t.Errorf("left over: %v, %v", names, err)
			}
		}
	}
}

func TestTable(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, full, single))
	c, err := Read(dir)
	must(t, err)
	worse := c
	worse.Inputs = []Input{{"the degraded pictures themselves", metric.Values{"mse": 0.02}}}
	worse.Averages = []Average{{Unit: full, Values: metric.Values{"mse": 0.021}}, {Unit: single, Values: metric.Values{"mse": 0.019}}}
	older := c
	older.Inputs = nil
	const head = "# denoising, unet on deadleaves, quick profile\n\n2,537,187 parameters, finest mesh 32x32, 2 coarser, batch 8 on the finest.\n\n"
	for _, tc := range []struct {
		what  string
		of    Contents
		lines []string
	}{
		{"a folder", c, []string{
			head + "| strategy       | seed | work units | ratio |     MSE | PSNR dB |   SSIM | seconds | ratio | ONNX differs by |",
			"| (input)        |      |            |       |  0.2500 |   15.00 | 0.5000 |         |       |                 |",
			"| single         |    1 |       3360 |  1.00 | 0.03333 |   24.50 | 0.7500 |    67.2 |  1.00 |         1.5e-06 |",
			"| fullmultiscale |    1 |        585 |  5.74 | 0.03333 |   24.50 | 0.7500 |    11.7 |  5.74 |         1.5e-06 |",
			"(input) is the degraded pictures themselves. MSE is on",
		}},
		{"a network worse than its input", worse, []string{
			"\n**Warning:** single-seed1 is worse than its input: MSE 0.03333, the input's is 0.02000.\n",
			"\n**Warning:** fullmultiscale-seed1 is worse than its input: MSE 0.03333, the input's is 0.02000.\n",
			"\n**Warning:** fullmultiscale-seed1, averaged, is worse than its input: MSE 0.02100, the input's is 0.02000.\n\n(input)",
		}},
		{"an older folder", older, []string{"| (input)        |      |            |       | not recorded |         |        |         |       |                 |\n"}},
	} {
		got, last := tc.of.Table(), 0
		for _, line := range tc.lines {
			at := strings.Index(got, line)
			if at < last {
				t.Errorf("%s: no line %q, or not in its place, in\n%s", tc.what, line, got)
			}
			last = max(last, at)
		}
		if tc.what != "a network worse than its input" && strings.Contains(got, "Warning") {
			t.Errorf("%s: a warning in\n%s", tc.what, got)
		}
	}
	if got := new(Contents).Table(); got != "No strategy is finished.\n" {
		t.Errorf("%q", got)
	}
}
