package experiment_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/network"
	"multiscale/pkg/picture"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// small is a run that takes a second or two: all strategies on meshes of side
// 16 and 8.
var small = []string{"-network", "resnet", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "3", "-stages", "3,2", "-strategy", "single,mge,fullmultiscale,progressive"}

func run(ctx context.Context, t *testing.T, out string, args ...string) (string, error) {
	t.Helper()
	return runTask(ctx, t, task.Denoising(), out, args...)
}

func runTask(ctx context.Context, t *testing.T, of task.Task, out string, args ...string) (string, error) {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), of, append(append([]string{}, args...), "-out", out))
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	err = experiment.Run(ctx, catalog.Standard(), of, c, &printed, &printed)
	return printed.String(), err
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRunFolder: a run writes every file of the contract, with exact work units
// and finite measures. All available runtimes agree on its models.
func TestRunFolder(t *testing.T) {
	out := t.TempDir()
	if printed, err := run(t.Context(), t, out, small...); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	for _, name := range []string{"summary.csv", "input.csv", "crosscheck.csv", "timing.csv", "history.csv", "run.json", "table.md", "convergence.png", "samples.png"} {
		if len(read(t, filepath.Join(out, name))) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
	for _, name := range []string{"convergence.png", "samples.png"} { // a damaged figure is drawn again
		whole := read(t, filepath.Join(out, name))
		if err := os.WriteFile(filepath.Join(out, name), whole[:len(whole)/2], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := run(t.Context(), t, out, small...); err != nil {
			t.Fatal(err)
		}
		if _, err := picture.Open(filepath.Join(out, name)); err != nil {
			t.Errorf("%s stays damaged: %v", name, err)
		}
	}
	rows := tabletest.Rows(t, filepath.Join(out, "summary.csv"))
	// N = 2, 4 on meshes of cost 1 and 1/4: an iteration of MGE costs 2(1+1/4) + 4/4.
	// Progressive has 3.5 samples on the finest mesh: 3, then 4.
	want := map[string]float64{"single": 18, "mge": 10.5, "fullmultiscale": 3*1 + 2*3.5, "progressive": 3*1 + 3 + 4}
	if len(rows) != len(want) {
		t.Fatalf("%d rows in summary.csv, want %d", len(rows), len(want))
	}
	for _, r := range rows {
		if wu := tabletest.Number(t, r["work_units"]); wu != want[r["strategy"]] {
			t.Errorf("%s: %v work units, want %v", r["strategy"], wu, want[r["strategy"]])
		}
		for _, column := range []string{"mse", "psnr", "ssim", "ssim_signed"} {
			if v := tabletest.Number(t, r[column]); math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: %s is %v", r["strategy"], column, v)
			}
		}
		if c := tabletest.Number(t, r["crosscheck_max_abs"]); !(c >= 0 && c <= 1e-4) {
			t.Errorf("%s: the exported model differs by %v", r["strategy"], c)
		}
		if len(read(t, filepath.Join(out, r["strategy"]+"-seed1.onnx"))) == 0 {
			t.Errorf("%s: no model", r["strategy"])
		}
	}
	history := tabletest.Rows(t, filepath.Join(out, "history.csv"))
	validated := 0
	for _, r := range history {
		if r["validation_mse"] != "" {
			validated++
		}
	}
	if validated < 4*4 { // the start and all iterations of these short runs
		t.Errorf("%d validations in history.csv", validated)
	}

	// Files that a folder of an earlier version lacks are added.
	if err := os.Remove(filepath.Join(out, "input.csv")); err != nil {
		t.Fatal(err)
	}

	// Finished units are not run again; other units can be added.
	before := read(t, filepath.Join(out, "summary.csv"))
	if printed, err := run(t.Context(), t, out, small...); err != nil || !strings.Contains(printed, "fullmultiscale") {
		t.Fatalf("a finished run was not shown again: %v\n%s", err, printed)
	}
	if in := tabletest.Rows(t, filepath.Join(out, "input.csv")); len(in) != 1 || !(tabletest.Number(t, in[0]["mse"]) > 0) {
		t.Errorf("input.csv: %v", in)
	}
	if !bytes.Equal(before, read(t, filepath.Join(out, "summary.csv"))) {
		t.Error("showing a finished run changed it")
	}
	if _, err := run(t.Context(), t, out, append([]string{"-lr", "1e-4"}, small...)...); err == nil || !strings.Contains(err.Error(), "lr") {
		t.Errorf("another learning rate in the same folder: %v", err)
	}
}

// results are files that have equal bytes in equal runs.
var results = []string{"summary.csv", "history.csv", "mge-seed7.onnx", "fullmultiscale-seed7.onnx"}

var twoStrategies = []string{"-network", "unet", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "3", "-stages", "3,2", "-strategy", "mge,fullmultiscale", "-seed", "7"}

// TestCoresAndResume: equal flags give equal bytes on one core and on two, and
// for a run that was stopped at any iteration and resumed.
func TestCoresAndResume(t *testing.T) { stopAndResume(t, twoStrategies, results) }

// stopAndResume compares the files of an undisturbed run on one core with those of one on two
// that is stopped again and again, and returns the folder of the former.
func stopAndResume(t *testing.T, args, files []string) (undisturbed string) {
	t.Helper()
	undisturbed = t.TempDir()
	cores := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(cores)
	if _, err := run(t.Context(), t, undisturbed, args...); err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(max(cores, 2))

	stopped := t.TempDir()
	stops := 0
	for try := 0; ; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+150*try)*time.Millisecond)
		_, err := run(ctx, t, stopped, append([]string{"-resume", "-checkpoint-every", "100ms"}, args...)...)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		stops++
	}
	if stops == 0 {
		t.Log("the run was over before it could be stopped")
	}
	for _, name := range files {
		if !bytes.Equal(read(t, filepath.Join(undisturbed, name)), read(t, filepath.Join(stopped, name))) {
			t.Errorf("%s differs after %d stops", name, stops)
		}
	}
	return undisturbed
}

// TestUnfinishedNeedsResume: an unfinished unit is only continued with -resume, and
// only begun again with -force.
func TestUnfinishedNeedsResume(t *testing.T) {
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := run(ctx, t, out, small...); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), t, out, small...); err == nil || !strings.Contains(err.Error(), "-resume") {
		t.Errorf("an unfinished run without -resume: %v", err)
	}
}

// TestDryRun: the plans of all profiles have the work units of the contract.
func TestDryRun(t *testing.T) {
	for profile, want := range map[string]string{
		"quick": "single 8960\nmge 2720\nfullmultiscale 1560\nprogressive 1560\n",
		"cpu":   "single 24000\nmge 3700\nfullmultiscale 1456\nprogressive 1456\n",
		"paper": "single 480000\nmge 74000\nfullmultiscale 28750\nprogressive 28750\n",
	} {
		out := filepath.Join(t.TempDir(), "run")
		printed, err := run(t.Context(), t, out, "-dry-run", "-profile", profile, "-strategy", "single,mge,fullmultiscale,progressive")
		if err != nil || !strings.Contains(printed, "\n"+want+"parameters 2537187\nmemory about ") {
			t.Errorf("%s: %v\n%s", profile, err, printed)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a dry run made the run folder", profile)
		}
	}
}

// TestDryRunLarge: the time on a mesh that does not fit the memory is predicted from one that does. The pilot of
// -levels auto is left to training.
func TestDryRunLarge(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, tc := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"one mesh", []string{"-side", "4096", "-levels", "0"}, []string{"memory about ", "timed on a mesh of side 128"}},
		{"levels auto", []string{"-side", "1024", "-levels", "auto"}, []string{"-levels auto is measured when training begins; this is for 2 coarser meshes", "timed on a mesh of side 128", "pilots of mge take "}},
	} {
		printed, err := run(t.Context(), t, t.TempDir(), append([]string{"-dry-run", "-network", "resnet"}, tc.args...)...)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, words := range append(tc.words, "time for mge about ") {
			if !strings.Contains(printed, words) {
				t.Errorf("%s: no %q in\n%s", tc.name, words, printed)
			}
		}
	}
	// Each prediction is of more than 10 GiB.
	if runtime.ReadMemStats(&after); after.Sys > before.Sys+1<<30 {
		t.Errorf("the predictions took %d MiB", (after.Sys-before.Sys)>>20)
	}
}

// TestInit: a run with -init starts exactly from an exported model.
func TestInit(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	args := []string{"-network", "resnet", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "2", "-stages", "1,1", "-strategy", "mge"}
	if _, err := run(t.Context(), t, first, args...); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(first, "mge-seed1.onnx")
	if _, err := run(t.Context(), t, second, append([]string{"-init", model}, args...)...); err != nil {
		t.Fatal(err)
	}
	want := tabletest.Rows(t, filepath.Join(first, "summary.csv"))[0]["mse"]
	if got := tabletest.Rows(t, filepath.Join(second, "history.csv"))[0]["validation_mse"]; got != want {
		t.Errorf("the run starts with an MSE of %s, the model has %s", got, want)
	}
	for _, tc := range []struct {
		file string
		args []string
	}{
		{filepath.Join(first, "none.onnx"), args},
		{model, []string{"-network", "unet"}},
		{model, append([]string{"-network", "resnet:hidden=64"}, args[2:]...)},
	} {
		if _, err := run(t.Context(), t, t.TempDir(), append([]string{"-init", tc.file}, tc.args...)...); err == nil || !strings.Contains(err.Error(), filepath.Base(tc.file)) {
			t.Errorf("-init %s: %v", tc.file, err)
		}
	}
}

// TestInitOptions: training continues from a model whose widths are not the paper's, and its result has the
// same widths.
func TestInitOptions(t *testing.T) {
	model := sessiontest.File(t, "narrow.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")))
	narrow, err := network.Parameters(sessiontest.UNet, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if _, err := run(t.Context(), t, out, "-init", model, "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "1", "-strategy", "mge"); err != nil {
		t.Fatal(err)
	}
	rows := tabletest.Rows(t, filepath.Join(out, "summary.csv"))
	if got, want := rows[0]["parameters"], strconv.Itoa(narrow.Len()); got != want {
		t.Errorf("%s parameters, the model has %s", got, want)
	}
	trained, err := onnx.ReadFile(filepath.Join(out, "mge-seed1.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := export.Architecture(trained, export.Extensions{}); err != nil || !reflect.DeepEqual(got, network.Network(sessiontest.UNet)) {
		t.Errorf("%+v, %v; want %+v", got, err, sessiontest.UNet)
	}
}

// TestNetworkOptions: the trained and exported network has the options of -network, and they are given wherever the network
// is named.
func TestNetworkOptions(t *testing.T) {
	out, text := t.TempDir(), "unet:base=8,multipliers=1-2,groups=4,dropout=0"
	if _, err := run(t.Context(), t, out, "-network", text, "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "1", "-strategy", "mge"); err != nil {
		t.Fatal(err)
	}
	if got := tabletest.Rows(t, filepath.Join(out, "summary.csv"))[0]["network"]; got != text {
		t.Errorf("summary.csv has %s", got)
	}
	if c, err := runfolder.Read(out); err != nil || c.Record.Configuration["network"] != text {
		t.Errorf("run.json has %v, %v", c.Record.Configuration["network"], err)
	}
	trained, err := onnx.ReadFile(filepath.Join(out, "mge-seed1.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	want := network.UNet{Base: 8, Multipliers: []int{1, 2}, Blocks: 1, Heads: 1, Groups: 4}
	if got, err := export.Architecture(trained, export.Extensions{}); err != nil || !reflect.DeepEqual(got, network.Network(want)) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if m, err := export.ReadMetadata(trained); err != nil || m.Network != text {
		t.Errorf("%+v, %v", m, err)
	}
}
