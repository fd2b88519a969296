package experiment_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// allOn are all settings of the trainer at once, none at its default.
var allOn = []string{"-network", "resnet", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "3", "-stages", "3,2", "-strategy", "fullmultiscale", "-seed", "7",
	"-optimizer", "adamw", "-weight-decay", "0.1", "-beta1", "0.8", "-beta2", "0.99", "-lr", "1e-3", "-warmup", "2", "-restart", "-ema", "0.9", "-clip", "5",
	"-loss", "charbonnier+0.2*ssim", "-freeze", "Open.*,blocks.0.*", "-validate-every", "2", "-validation-pictures", "4"}

// TestTrainerSettings: a run with all settings of the trainer ends with the same bytes after any interruption
// and on any number of cores. Its files agree with the settings.
func TestTrainerSettings(t *testing.T) {
	out := stopAndResume(t, allOn, []string{"summary.csv", "history.csv", "ema.csv", "fullmultiscale-seed7.onnx", "fullmultiscale-seed7-ema.onnx"})

	initial, err := network.Parameters(network.NewResNet(), 3, 7)
	if err != nil {
		t.Fatal(err)
	}
	const unit = "fullmultiscale-seed7"
	last, averaged := parameters(t, filepath.Join(out, unit+".onnx")), parameters(t, filepath.Join(out, unit+"-ema.onnx"))
	for _, p := range initial.Params() {
		start, frozen := p.Values(), matches(p.Name, "Open.*", "blocks.0.*")
		for name, now := range map[string][]float32{"last": last.Param(p.Name).Values(), "averaged": averaged.Param(p.Name).Values()} {
			if slices.Equal(start, now) != frozen {
				t.Errorf("%s weights: %s changed: %v, frozen: %v", name, p.Name, frozen, frozen)
			}
		}
		if !frozen && slices.Equal(last.Param(p.Name).Values(), averaged.Param(p.Name).Values()) {
			t.Errorf("the average of %s is its last value", p.Name)
		}
	}

	// The rate rises over two steps and then falls to the end of the schedule.
	var rates []string
	var measured map[string]string // the last validation
	for _, row := range tabletest.Rows(t, filepath.Join(out, "history.csv")) {
		rates = append(rates, row["learning_rate"])
		if row["validation_mse"] != "" {
			measured = row
		}
		if due := row["iteration"] != "1"; (row["validation_mse_ema"] != "") != due || (row["validation_ssim"] != "") != due {
			t.Errorf("iteration %s is measured: %v", row["iteration"], !due)
		}
	}
	if want := []string{"0.0005", "0.0005", "0.001"}; !slices.Equal(rates[:3], want) || rates[5] != "1e-06" {
		t.Errorf("learning rates %v, want %v first and 1e-06 last", rates, want)
	}
	for _, row := range tabletest.Rows(t, filepath.Join(out, "ema.csv")) {
		if last := measured; row["mse"] != last["validation_mse_ema"] || row["ssim"] != last["validation_ssim_ema"] || row["mse"] == last["validation_mse"] {
			t.Errorf("ema.csv has %v, history.csv ends with %v", row, last)
		}
		if c := tabletest.Number(t, row["crosscheck_max_abs"]); !(c >= 0 && c <= 1e-4) {
			t.Errorf("the exported average differs by %v", c)
		}
	}
	model, err := onnx.ReadFile(filepath.Join(out, "fullmultiscale-seed7-ema.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := export.ReadMetadata(model); err != nil || m.Loss != "charbonnier+0.2*ssim" || m.Average != 0.9 {
		t.Errorf("%+v, %v", m, err)
	}
	if printed := string(read(t, filepath.Join(out, "table.md"))); !strings.Contains(printed, "| fullmultiscale, averaged ") {
		t.Errorf("no averaged weights in\n%s", printed)
	}

	// A lost model is named, and made again from the checkpoint.
	lost := filepath.Join(out, "fullmultiscale-seed7-ema.onnx")
	before := read(t, lost)
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), t, out, allOn...); err == nil || !strings.Contains(err.Error(), "fullmultiscale-seed7-ema.onnx is missing") {
		t.Errorf("a lost model: %v", err)
	}
	if _, err := run(t.Context(), t, out, append([]string{"-resume"}, allOn...)...); err != nil || !bytes.Equal(before, read(t, lost)) {
		t.Errorf("a lost model is not made again: %v", err)
	}
}

func matches(name string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// parameters are those of an exported ResNet.
func parameters(t *testing.T, file string) *param.Set {
	t.Helper()
	m, err := onnx.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	params, err := network.Parameters(network.NewResNet(), 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := export.Restore(params, m); err != nil {
		t.Fatal(err)
	}
	return params
}

// TestTrainerMistakes: flags that do not go together are errors before training begins.
func TestTrainerMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"-freeze nothing.*":                            "-freeze nothing.*: no parameter has such a name; there are ",
		"-freeze *":                                    "-freeze *: no parameter is left to train",
		"-warmup 4 -iterations 4 -strategy mge":        "-warmup 4: mge has 4 steps in all; give less",
		"-warmup 9 -iterations 9 -stages 4,2,1 -ema 0": "-warmup 9: single has 9 steps in all",
	} {
		out := filepath.Join(t.TempDir(), "run")
		if _, err := run(t.Context(), t, out, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") > 2 {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: the run folder is made", args)
		}
	}
}

// TestExtend: extending a finished run gives the bytes of a run that had the added steps from the start,
// and does not change the finished run.
func TestExtend(t *testing.T) {
	args := []string{"-network", "espcn", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "12", "-stages", "8,4", "-strategy", "mge,progressive",
		"-allocation", "adaptive", "-ema", "0.9", "-validation-pictures", "4"}
	train := func(out string, more ...string) (string, error) {
		return runTask(t.Context(), t, task.Superresolution(), out, append(slices.Clone(args), more...)...)
	}
	base := filepath.Join(t.TempDir(), "base")
	if _, err := train(base, "-extend", "7"); err == nil || !strings.Contains(err.Error(), "-extend 7: there is no run in "+base) {
		t.Errorf("nothing to continue: %v", err)
	}
	if _, err := train(base, "-lr", "2e-3"); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(base, "summary.csv"))
	printed, err := train(base, "-extend", "7", "-lr", "1e-4")
	if err != nil {
		t.Fatal(err)
	}
	extended := base + "-extend-7-0.0001"
	if !strings.Contains(printed, "Run folder: "+extended) || !strings.Contains(printed, "mge-seed1: continuing after iteration 12 of 19") {
		t.Errorf("it says\n%s", printed)
	}
	if !bytes.Equal(before, read(t, filepath.Join(base, "summary.csv"))) {
		t.Error("the run that was extended has changed")
	}

	whole := filepath.Join(t.TempDir(), "whole")
	if _, err := train(whole, "-lr", "2e-3", "-extend", "7@1e-4"); err != nil {
		t.Fatal(err)
	}
	files := []string{"summary.csv", "history.csv", "allocation.csv", "ema.csv", "mge-seed1.onnx", "progressive-seed1.onnx", "progressive-seed1-ema.onnx"}
	undisturbed := make(map[string][]byte)
	for _, name := range files {
		undisturbed[name] = read(t, filepath.Join(extended, name))
		if !bytes.Equal(undisturbed[name], read(t, filepath.Join(whole+"-extend-7-0.0001", name))) {
			t.Errorf("%s is another than that of one run", name)
		}
	}

	// Stopped among the added steps of the second strategy, and resumed.
	c, err := setting.Arguments(catalog.Standard(), task.Superresolution(), append(slices.Clone(args), "-out", base, "-extend", "7", "-lr", "1e-4", "-force", "-log", "json"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := stopper{`"unit":"progressive-seed1","iteration":16,`, cancel}
	if err := experiment.Run(ctx, catalog.Standard(), task.Superresolution(), c, at, io.Discard); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after 16 of 19 iterations") {
		t.Fatalf("stopped: %v", err)
	}
	if printed, err := train(base, "-extend", "7", "-lr", "1e-4", "-resume"); err != nil || !strings.Contains(printed, "progressive-seed1: continuing after iteration 16 of 19") {
		t.Fatalf("resumed: %v\n%s", err, printed)
	}
	for _, name := range files {
		if !bytes.Equal(undisturbed[name], read(t, filepath.Join(extended, name))) {
			t.Errorf("%s is another than without a stop", name)
		}
	}
	rows := tabletest.Rows(t, filepath.Join(extended, "history.csv"))
	if last := rows[19]; last["iteration"] != "19" || last["learning_rate"] != "0.0001" || last["stage"] != "2" || rows[12]["stage"] != "1" {
		t.Errorf("the history ends with %v", last)
	}
	contents, err := runfolder.Read(extended)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := comparison.NewRun(extended, contents, catalog.Standard()); err != nil || !strings.Contains(string(r.Variant), "extend 7@0.0001") || !strings.Contains(string(r.Variant), "lr 0.002") {
		t.Errorf("tables call it %q, %v", r.Variant, err)
	}

	for more, want := range map[string]string{
		"-extend 7 -clip 1":                        base + " holds runs of another configuration: clip is 0 there and 1 now",
		"-extend 7@1e-4":                           base + " holds runs of another configuration: lr is 0.002 there and 0.001 now",
		"-extend 7@1e-4 -seed 2 -lr 2e-3 -dry-run": "",
	} {
		if _, err := train(base, strings.Fields(more)...); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", more, err, want)
		}
	}
	if _, err := train(extended, "-extend", "9", "-lr", "2e-3"); err == nil || !strings.Contains(err.Error(), "extend the run that it continues by more steps") {
		t.Errorf("an extended run extended: %v", err)
	}
}
