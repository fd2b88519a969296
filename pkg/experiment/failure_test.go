package experiment_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// tiny is a run of a second: MGE with the smallest network.
var tiny = flags("-strategy", "mge", "-iterations", "6")

// superresolve runs super-resolution, in this process.
func superresolve(t *testing.T, out string, args ...string) (string, error) {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), task.Superresolution(), append(append([]string{}, args...), "-out", out))
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	err = experiment.Run(t.Context(), catalog.Standard(), task.Superresolution(), c, &printed, &printed)
	return printed.String(), err
}

// TestKnownBefore: errors that can be known before training are reported before it,
// and leave no folder behind that would make the next try fail.
func TestKnownBefore(t *testing.T) {
	rubbish := filepath.Join(t.TempDir(), "library.so")
	if err := os.WriteFile(rubbish, []byte("no library"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "run")
	for _, tc := range []struct {
		name, out string
		limit     int64 // GOMEMLIMIT
		args      []string
		words     []string
	}{
		{"library", out, math.MaxInt64, append([]string{"-onnxruntime", rubbish}, tiny...), []string{rubbish}},
		{"no memory at all", out, 50 << 20, tiny, []string{"GOMEMLIMIT allows 50MiB", "-side or -batch"}},
		{"memory for smaller micro-batches", out, 200 << 20, []string{"-network", "espcn", "-levels", "1", "-strategy", "mge", "-batch", "512", "-side", "32"}, []string{"GOMEMLIMIT allows 200MiB", "use -memory "}},
		{"no folder can be made", filepath.Join(file, "run"), math.MaxInt64, tiny, []string{file, "-out"}},
		{"no folder can be made, before pictures are read", filepath.Join(file, "run"), math.MaxInt64, append([]string{"-data", "folder", "-root", t.TempDir()}, tiny...), []string{file, "-out"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(tc.limit))
			_, err := superresolve(t, tc.out, tc.args...)
			for _, w := range tc.words {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("error %v, want %q", err, w)
				}
			}
			if _, err := os.Stat(tc.out); err == nil {
				t.Error("the run folder was made all the same")
			}
		})
	}
}

// TestDivergence: numbers that are not finite end a run, with an error that says where.
// The last good checkpoint stays; -detect-anomaly continues from it and names the operation.
func TestDivergence(t *testing.T) {
	out := t.TempDir()
	wild := []string{"-network", "resnet", "-side", "8", "-levels", "0", "-batch", "2", "-iterations", "40", "-strategy", "single", "-optimizer", "sgd", "-lr", "100", "-schedule", "constant"}
	_, err := run(t.Context(), t, out, wild...)
	if err == nil || !strings.Contains(err.Error(), "single-seed1: stage 1, iteration ") || !strings.Contains(err.Error(), "-detect-anomaly") {
		t.Fatalf("%v", err)
	}
	_, err = run(t.Context(), t, out, append([]string{"-resume", "-detect-anomaly"}, wild...)...)
	if err == nil || !strings.Contains(err.Error(), "level 0: the first NaN or infinity is a result of ") || strings.Count(err.Error(), "\n") > 2 {
		t.Errorf("%v", err)
	}
}

// TestFailedUnits: a unit that fails is recorded with its reason. The others are still trained, and
// -resume tries it again.
func TestFailedUnits(t *testing.T) {
	out := t.TempDir()
	wild := []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "2", "-iterations", "40", "-strategy", "single,mge", "-optimizer", "sgd", "-lr", "100", "-schedule", "constant"}
	for _, call := range [][]string{wild, append([]string{"-resume"}, wild...)} {
		printed, err := run(t.Context(), t, out, call...)
		if err == nil || !strings.Contains(err.Error(), "2 of 2 networks failed, see "+filepath.Join(out, "failed.csv")) {
			t.Fatalf("%v", err)
		}
		rows := tabletest.Rows(t, filepath.Join(out, "failed.csv"))
		if len(rows) != 2 {
			t.Fatalf("%d rows in failed.csv, want single and mge: %v", len(rows), rows)
		}
		for i, strategy := range []string{"single", "mge"} {
			if r := rows[i]; r["strategy"] != strategy || r["seed"] != "1" || !strings.Contains(r["reason"], "iteration") {
				t.Errorf("row %d: %v", i, r)
			}
			if !strings.Contains(printed, strategy+"-seed1: ") {
				t.Errorf("%s is not named:\n%s", strategy, printed)
			}
		}
	}
}

// TestClip: a bound changes the steps, but not the reported norms.
func TestClip(t *testing.T) {
	free, bound := t.TempDir(), t.TempDir()
	args := append([]string{"-optimizer", "sgd"}, tiny...)
	if _, err := superresolve(t, free, args...); err != nil {
		t.Fatal(err)
	}
	if _, err := superresolve(t, bound, append([]string{"-clip", "1e-6"}, args...)...); err != nil {
		t.Fatal(err)
	}
	a, b := tabletest.Rows(t, filepath.Join(free, "history.csv")), tabletest.Rows(t, filepath.Join(bound, "history.csv"))
	if a[1]["gradient_norm"] != b[1]["gradient_norm"] || tabletest.Number(t, a[1]["gradient_norm"]) <= 1e-6 {
		t.Errorf("the norms are %s without and %s with a bound", a[1]["gradient_norm"], b[1]["gradient_norm"])
	}
	if a[2]["train_loss"] == b[2]["train_loss"] {
		t.Error("the bound had no effect")
	}
	if !bytes.Contains(read(t, filepath.Join(bound, "run.json")), []byte(`"clip": 0.000001`)) {
		t.Error("run.json does not hold the bound")
	}
}

// TestBest: the network of the best validation, by the first measure of the task, is kept
// in the folder of the checkpoints.
func TestBest(t *testing.T) {
	out, again := t.TempDir(), t.TempDir()
	wild := append([]string{"-lr", "0.01", "-schedule", "constant"}, tiny...)
	if _, err := superresolve(t, out, wild...); err != nil {
		t.Fatal(err)
	}
	const decides = "validation_ssim"
	largest := math.Inf(-1)
	for _, row := range tabletest.Rows(t, filepath.Join(out, "history.csv")) {
		if text := row[decides]; text != "" {
			largest = max(largest, tabletest.Number(t, text))
		}
	}
	model := filepath.Join(out, "checkpoint", "mge-seed1", "best.onnx")
	if _, err := superresolve(t, again, append([]string{"-init", model}, tiny...)...); err != nil {
		t.Fatal(err)
	}
	if got := tabletest.Number(t, tabletest.Rows(t, filepath.Join(again, "history.csv"))[0][decides]); got != largest {
		t.Errorf("the best model has an SSIM of %v, history.csv says %v", got, largest)
	}
}

// TestDamagedNewest: if the newest checkpoint is damaged, the run says so, continues
// from the one before, and ends with the same bytes.
func TestDamagedNewest(t *testing.T) {
	undisturbed, out := t.TempDir(), t.TempDir()
	args := append([]string{"-stages", "3,3", "-keep", "3"}, flags("-strategy", "fullmultiscale")...)
	for _, dir := range []string{undisturbed, out} {
		if _, err := superresolve(t, dir, args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(out, "summary.csv")); err != nil { // unfinished
		t.Fatal(err)
	}
	checkpoints, err := filepath.Glob(filepath.Join(out, "checkpoint", "*", "*.checkpoint"))
	if err != nil || len(checkpoints) < 2 || len(checkpoints) > checkpoint.DefaultKeep {
		t.Fatalf("%v, %v", checkpoints, err)
	}
	for _, path := range checkpoints[1:] {
		if err := os.Truncate(path, 1000); err != nil {
			t.Fatal(err)
		}
	}
	printed, err := superresolve(t, out, append([]string{"-resume"}, args...)...)
	if err != nil || !strings.Contains(printed, "passed over a damaged checkpoint: "+checkpoints[1]) || !strings.Contains(printed, "continuing after iteration 3 of 6") {
		t.Errorf("%v\n%s", err, printed)
	}
	for _, name := range []string{"summary.csv", "history.csv", "fullmultiscale-seed1.onnx"} {
		if !bytes.Equal(read(t, filepath.Join(undisturbed, name)), read(t, filepath.Join(out, name))) {
			t.Errorf("%s differs", name)
		}
	}
	// A damaged checkpoint of a finished run is named, too, and a changed input.csv is made again.
	checkpoints, err = filepath.Glob(filepath.Join(out, "checkpoint", "*", "*.checkpoint"))
	if err != nil || len(checkpoints) == 0 {
		t.Fatalf("%v, %v", checkpoints, err)
	}
	input := read(t, filepath.Join(out, "input.csv"))
	if err := errors.Join(os.Truncate(checkpoints[len(checkpoints)-1], 1000),
		os.WriteFile(filepath.Join(out, "input.csv"), bytes.Replace(input, []byte(",0."), []byte(",1."), 1), 0o666)); err != nil {
		t.Fatal(err)
	}
	printed, err = superresolve(t, out, args...)
	if err != nil || !strings.Contains(printed, "fullmultiscale-seed1 is finished, but a checkpoint of it is damaged: "+checkpoints[len(checkpoints)-1]) ||
		!strings.Contains(printed, "input.csv is not the file that digests.csv has the digest of; it is made again") {
		t.Errorf("%v\n%s", err, printed)
	}
	if !bytes.Equal(read(t, filepath.Join(out, "input.csv")), input) {
		t.Error("input.csv is not made again")
	}
}
