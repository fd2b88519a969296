package experiment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// piloted is a run with several pilots: of MGE before iterations 1 and 17, of
// Full-Multiscale's second stage before its first.
var piloted = []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "8", "-iterations", "18", "-stages", "3,2", "-strategy", "mge,fullmultiscale", "-seed", "7"}

// iterationCost is the cost of eight samples on level 0 and sixteen on level 1,
// 8(1+1/4) + 16/4 = 14, and also that of a pilot.
const iterationCost = 14

// TestAllocation: pilots decide batches. Their cost is counted exactly, and a dry
// run predicts it. Runs are the same on any number of cores and after interruptions.
func TestAllocation(t *testing.T) {
	for allocation, want := range map[string]map[string]float64{
		"optimal":  {"mge": 19 * iterationCost, "fullmultiscale": 3*4 + 3*iterationCost},
		"adaptive": {"mge": 20 * iterationCost, "fullmultiscale": 3*4 + 3*iterationCost},
	} {
		t.Run(allocation, func(t *testing.T) {
			args := append([]string{"-allocation", allocation}, piloted...)
			undisturbed := t.TempDir()
			printed, err := run(t.Context(), t, undisturbed, args...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(printed, "mge-seed7: by the variances after 0 iterations, batches are [") {
				t.Errorf("nothing is said of batches:\n%s", printed)
			}
			for _, r := range tabletest.Rows(t, filepath.Join(undisturbed, "summary.csv")) {
				if wu := tabletest.Number(t, r["work_units"]); wu != want[r["strategy"]] {
					t.Errorf("%s: %v work units, want %v", r["strategy"], wu, want[r["strategy"]])
				}
			}
			pilots := map[string]bool{}
			cost := map[string]float64{}
			for _, r := range tabletest.Rows(t, filepath.Join(undisturbed, "allocation.csv")) {
				at := r["strategy"] + " stage " + r["stage"] + " after " + r["iteration"]
				pilots[at] = true
				cost[at] += tabletest.Number(t, r["batch"]) * map[string]float64{"0": 1.25, "1": 0.25}[r["level"]]
				if v := tabletest.Number(t, r["variance"]); !(v > 0) {
					t.Errorf("%s, level %s: variance %v", at, r["level"], v)
				}
			}
			for at, c := range cost {
				if c != iterationCost {
					t.Errorf("%s: an iteration costs %v, want %v", at, c, iterationCost)
				}
			}
			expected := []string{"mge stage 1 after 0", "mge stage 1 after 16", "fullmultiscale stage 2 after 3"}
			if allocation == "optimal" {
				expected = []string{"mge stage 1 after 0", "fullmultiscale stage 2 after 0"}
			}
			for _, at := range expected {
				if !pilots[at] {
					t.Errorf("no pilot of %s in %v", at, pilots)
				}
			}
			if len(pilots) != len(expected) {
				t.Errorf("pilots %v, want %v", pilots, expected)
			}

			if allocation == "adaptive" {
				interrupted(t, undisturbed, args, "mge-seed7.onnx", "fullmultiscale-seed7.onnx")
			}

			printed, err = run(t.Context(), t, t.TempDir(), append([]string{"-dry-run"}, args...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"mge", "fullmultiscale"} {
				if line := s + " " + strconv.FormatFloat(want[s], 'f', -1, 64) + "\n"; !strings.Contains(printed, line) {
					t.Errorf("a dry run does not say %q:\n%s", line, printed)
				}
			}
			if !strings.Contains(printed, "pilots of mge take ") {
				t.Errorf("a dry run is silent about pilots:\n%s", printed)
			}
		})
	}
}

// stopper cancels a run as soon as it prints certain words.
type stopper struct {
	said   string
	cancel context.CancelFunc
}

func (s stopper) Write(line []byte) (int, error) {
	if strings.Contains(string(line), s.said) {
		s.cancel()
	}
	return len(line), nil
}

// interrupted repeats a run on one core, stops it after the second pilot of MGE,
// continues it, and compares all bytes with those of the undisturbed run.
func interrupted(t *testing.T, undisturbed string, args []string, further ...string) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	out := t.TempDir()
	c, err := setting.Arguments(catalog.Standard(), task.Denoising(), append(slices.Clone(args), "-out", out))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := experiment.Run(ctx, catalog.Standard(), task.Denoising(), c, io.Discard, stopper{"by the variances after 16", cancel}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run was not stopped: %v", err)
	}
	if printed, err := run(t.Context(), t, out, append([]string{"-resume"}, args...)...); err != nil || strings.Contains(printed, "by the variances after 16") {
		t.Fatalf("a pilot was made twice, or: %v\n%s", err, printed)
	}
	for _, name := range append(further, "summary.csv", "history.csv", "allocation.csv") {
		if !bytes.Equal(read(t, filepath.Join(undisturbed, name)), read(t, filepath.Join(out, name))) {
			t.Errorf("%s differs after an interruption, on one core", name)
		}
	}
}

// TestCoefficients: a run with coefficients reports them by level and layer. It is the same on any
// number of cores and after an interruption. Strategies without differences do not change.
func TestCoefficients(t *testing.T) {
	args := []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "8", "-iterations", "18", "-stages", "3,2", "-strategy", "mge,progressive", "-seed", "7", "-allocation", "adaptive"}
	with := append([]string{"-coefficients", "layer"}, args...)
	plain, undisturbed := t.TempDir(), t.TempDir()
	for out, args := range map[string][]string{plain: args, undisturbed: with} {
		if _, err := run(t.Context(), t, out, args...); err != nil {
			t.Fatal(err)
		}
	}
	for name, same := range map[string]bool{"mge-seed7.onnx": false, "progressive-seed7.onnx": true} {
		if bytes.Equal(read(t, filepath.Join(plain, name)), read(t, filepath.Join(undisturbed, name))) != same {
			t.Errorf("%s: equal without coefficients must be %v", name, same)
		}
	}
	layers, means := 0, 0
	for _, r := range tabletest.Rows(t, filepath.Join(undisturbed, "coefficients.csv")) {
		if a := tabletest.Number(t, r["coefficient"]); r["strategy"] != "mge" || r["level"] != "0" || a < 0 || a > 1 {
			t.Errorf("a row %v", r)
		}
		if r["layer"] == "" {
			means++
		} else if layers++; r["iteration"] != "18" {
			t.Errorf("layers before the end of a stage: %v", r)
		}
	}
	if means < 1 || means > 10 || layers != 0 && layers < 5 { // the last pilot may leave out the mesh
		t.Errorf("%d means and %d layers", means, layers)
	}
	for _, r := range tabletest.Rows(t, filepath.Join(undisturbed, "summary.csv")) {
		if want := map[string]float64{"mge": 20 * iterationCost, "progressive": 3*4 + 2*iterationCost}[r["strategy"]]; math.Abs(tabletest.Number(t, r["work_units"])-want) >= 1.25 {
			t.Errorf("%s: %s work units, want %v to a sample", r["strategy"], r["work_units"], want)
		}
	}
	last := ""
	for _, r := range tabletest.Rows(t, filepath.Join(undisturbed, "allocation.csv")) {
		if last = r["iteration"]; tabletest.Number(t, r["batch"]) < 2 || !(tabletest.Number(t, r["variance"]) > 0) {
			t.Errorf("a row %v", r)
		}
	}
	if last != "16" {
		t.Errorf("the last pilot is after %q", last)
	}
	interrupted(t, undisturbed, with, "coefficients.csv", "mge-seed7.onnx", "progressive-seed7.onnx")
}

// TestStagesAuto: measurements end the stages, within the budget, and in the same way on one core and
// after an interruption.
func TestStagesAuto(t *testing.T) {
	args := []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "2", "-strategy", "progressive", "-budget", "120", "-stages", "auto"}
	undisturbed, stopped := t.TempDir(), t.TempDir()
	printed, err := run(t.Context(), t, undisturbed, args...)
	if err != nil {
		t.Fatal(err)
	}
	const said = "iterations on meshes of side 8"
	if !strings.Contains(printed, said) {
		t.Errorf("nothing is said of meshes:\n%s", printed)
	}
	rows := tabletest.Rows(t, filepath.Join(undisturbed, "history.csv"))
	rate := math.Inf(1)
	for _, r := range rows {
		if lr := tabletest.Number(t, r["learning_rate"]); lr > rate {
			t.Errorf("the learning rate rises to %v", lr)
		} else {
			rate = lr
		}
	}
	// An iteration on the finest mesh costs 3.5 work units.
	last := rows[len(rows)-1]
	if wu := tabletest.Number(t, last["work_units"]); wu > 120 || wu <= 116.5 || last["side"] != "8" || last["validation_mse"] == "" {
		t.Errorf("the last row is %v", last)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c, err := setting.Arguments(catalog.Standard(), task.Denoising(), append(slices.Clone(args), "-out", stopped))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := experiment.Run(ctx, catalog.Standard(), task.Denoising(), c, io.Discard, stopper{said, cancel}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run was not stopped: %v", err)
	}
	if _, err := run(t.Context(), t, stopped, append([]string{"-resume"}, args...)...); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"summary.csv", "history.csv", "progressive-seed1.onnx"} {
		if !bytes.Equal(read(t, filepath.Join(undisturbed, name)), read(t, filepath.Join(stopped, name))) {
			t.Errorf("%s differs after an interruption, on one core", name)
		}
	}
	if _, err := setting.Arguments(catalog.Standard(), task.Denoising(), append(args, "-allocation", "adaptive")); err == nil || !strings.Contains(err.Error(), "-stages auto and -allocation") {
		t.Errorf("with pilots: %v", err)
	}
}

// TestRivals: the strategies on crops and with small batches train within a budget, at the cost that
// a dry run prints.
func TestRivals(t *testing.T) {
	args := []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "2", "-iterations", "4", "-stages", "4,2", "-budget", "20", "-strategy", "fullmultiscale,smallbatch,patches,resizedcrops,meshpatch,mixed"}
	out := t.TempDir()
	if _, err := run(t.Context(), t, out, args...); err != nil {
		t.Fatal(err)
	}
	dry, err := run(t.Context(), t, t.TempDir(), append([]string{"-dry-run"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]bool{}
	for _, r := range tabletest.Rows(t, filepath.Join(out, "summary.csv")) {
		// An iteration of the last stage costs 3.5 work units.
		if wu := tabletest.Number(t, r["work_units"]); wu > 20 || wu <= 16.5 || !strings.Contains(dry, r["strategy"]+" "+r["work_units"]+"\n") {
			t.Errorf("%s: %v work units; a dry run says:\n%s", r["strategy"], wu, dry)
		}
		digests[r["onnx_sha256"]] = true
	}
	if len(digests) != 6 {
		t.Errorf("%d different networks of 6 strategies", len(digests))
	}
}

// TestLevelsAuto: the number of meshes that pay is measured, printed and recorded,
// and it is the same for all units.
func TestLevelsAuto(t *testing.T) {
	args := []string{"-network", "resnet", "-side", "16", "-batch", "2", "-iterations", "2", "-strategy", "mge,fullmultiscale", "-levels", "auto"}
	out := t.TempDir()
	printed, err := run(t.Context(), t, out, args...)
	if err != nil {
		t.Fatal(err)
	}
	var record struct {
		Configuration struct {
			Levels string
			Chosen *int `json:"levels_chosen"`
		}
	}
	if err := json.Unmarshal(read(t, filepath.Join(out, "run.json")), &record); err != nil {
		t.Fatal(err)
	}
	chosen := record.Configuration.Chosen
	if record.Configuration.Levels != "auto" || chosen == nil || *chosen < 0 || *chosen > 2 {
		t.Fatalf("run.json has levels %q, chosen %v", record.Configuration.Levels, chosen)
	}
	if line := "-levels auto: " + strconv.Itoa(*chosen) + " of 2 coarser meshes pay\n"; !strings.Contains(printed, line) {
		t.Errorf("not said: %q\n%s", line, printed)
	}
	dry, err := run(t.Context(), t, t.TempDir(), append([]string{"-dry-run"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range tabletest.Rows(t, filepath.Join(out, "summary.csv")) {
		if r["levels"] != strconv.Itoa(*chosen) {
			t.Errorf("%s has %s levels", r["strategy"], r["levels"])
		}
		if !strings.Contains(dry, r["strategy"]+" "+r["work_units"]+"\n") {
			t.Errorf("a dry run does not say the %s work units of %s:\n%s", r["work_units"], r["strategy"], dry)
		}
	}
	// The same call chooses the same number, and does not run finished units again.
	before := read(t, filepath.Join(out, "summary.csv"))
	if printed, err := run(t.Context(), t, out, args...); err != nil || !bytes.Equal(before, read(t, filepath.Join(out, "summary.csv"))) {
		t.Errorf("called again: %v\n%s", err, printed)
	}
}
