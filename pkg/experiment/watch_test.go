package experiment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// halfSecond is a run of half a second.
var halfSecond = []string{"-network", "resnet:hidden=8", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "4", "-strategy", "mge"}

// streams runs the command and returns its results and its log. If stop is not empty, a line that contains it cancels
// the run.
func streams(t *testing.T, stop string, args ...string) (out, log string, err error) {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), task.Denoising(), args)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var a, b bytes.Buffer
	err = experiment.Run(ctx, catalog.Standard(), task.Denoising(), c, writer(func(line []byte) {
		a.Write(line)
		if stop != "" && bytes.Contains(line, []byte(stop)) {
			cancel()
		}
	}), &b)
	return a.String(), b.String(), err
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// events parses JSON lines, all of which name an event and a time.
func events(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		e := map[string]any{}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e["event"] == nil || e["time"] == nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, e)
	}
	return list
}

// of returns the events with the name.
func of(list []map[string]any, name string) []map[string]any {
	return slices.DeleteFunc(slices.Clone(list), func(e map[string]any) bool { return e["event"] != name })
}

// TestLog: with -log json, standard output has one JSON object for each event and nothing else, and the log is empty.
func TestLog(t *testing.T) {
	dir := t.TempDir()
	args := append([]string{"-log", "json", "-out", dir}, halfSecond...)
	out, log, err := streams(t, "", args...)
	if err != nil || log != "" {
		t.Fatalf("%v, log %q", err, log)
	}
	list := events(t, out)
	counts := map[string]int{}
	for _, e := range list {
		counts[e["event"].(string)]++
	}
	if counts["begin"] != 1 || counts["unit"] != 1 || counts["step"] != 4 || counts["validation"] != 5 || counts["finished"] != 1 || counts["end"] != 1 || counts["checkpoint"] == 0 {
		t.Errorf("%v", counts)
	}
	row := tabletest.Rows(t, filepath.Join(dir, "summary.csv"))[0]
	if e := of(list, "finished")[0]; e["unit"] != "mge-seed1" || e["mse"] != tabletest.Number(t, row["mse"]) || e["onnx_sha256"] != row["onnx_sha256"] {
		t.Errorf("%v, summary.csv has %v", e, row)
	}
	history := tabletest.Rows(t, filepath.Join(dir, "history.csv"))
	for i, e := range of(list, "step") {
		if e["iteration"] != float64(i+1) || e["train_loss"] != tabletest.Number(t, history[i+1]["train_loss"]) || e["work_units"] != tabletest.Number(t, history[i+1]["work_units"]) {
			t.Errorf("%v, history.csv has %v", e, history[i+1])
		}
	}
	// The same call again: nothing is left to train.
	if out, _, err = streams(t, "", args...); err != nil || len(of(events(t, out), "step")) != 0 {
		t.Errorf("%v: %s", err, out)
	}
	if e := of(events(t, out), "end"); len(e) != 1 || len(e[0]["finished"].([]any)) != 1 {
		t.Errorf("%s", out)
	}
}

// TestHistoryOnTheWay: the history has each validation as soon as it is announced.
func TestHistoryOnTheWay(t *testing.T) {
	dir := t.TempDir()
	c, err := setting.Arguments(catalog.Standard(), task.Denoising(), append([]string{"-log", "json", "-out", dir}, halfSecond...))
	if err != nil {
		t.Fatal(err)
	}
	unit, seen := runfolder.Unit{Strategy: "mge", Seed: 1}, 0
	err = experiment.Run(t.Context(), catalog.Standard(), task.Denoising(), c, writer(func(line []byte) {
		if !bytes.Contains(line, []byte(`"event":"step"`)) {
			return
		}
		// The history was written before the step is announced: all steps of so short a run are validated.
		contents, err := runfolder.Read(dir)
		if err != nil || contents.Finished(unit) {
			t.Errorf("finished %v, %v", contents.Finished(unit), err)
		}
		seen++
		if n := len(contents.Way(unit).Curve()); n != seen+1 {
			t.Errorf("at step %d the history has %d validations", seen, n)
		}
	}), io.Discard)
	if err != nil || seen != 4 {
		t.Errorf("%d steps, %v", seen, err)
	}
}

// TestQuiet: -quiet prints only the table at the end.
func TestQuiet(t *testing.T) {
	out, log, err := streams(t, "", append([]string{"-quiet", "-out", t.TempDir()}, halfSecond...)...)
	if err != nil || log != "" || !strings.HasPrefix(out, "# denoising, resnet:hidden=8 on deadleaves") {
		t.Errorf("%v, log %q, out %q", err, log, out)
	}
}

// TestKeep: a finished unit keeps the number of checkpoints of -keep.
func TestKeep(t *testing.T) {
	for args, want := range map[string]int{"": 1, "-keep 0": 0, "-keep 2": 2} {
		dir := t.TempDir()
		if _, _, err := streams(t, "", append(append(strings.Fields(args), "-out", dir, "-checkpoint-every", "100ms"), halfSecond...)...); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "checkpoint", "mge-seed1", "*.checkpoint"))
		if err != nil || len(files) != want {
			t.Errorf("%q: %v, want %d", args, files, want)
		}
	}
}

// TestBoard: -tensorboard changes no result. A resumed run continues in another event file; a run that was begun without
// -tensorboard first writes its history.
func TestBoard(t *testing.T) {
	plain := t.TempDir()
	if _, _, err := streams(t, "", append([]string{"-out", plain}, halfSecond...)...); err != nil {
		t.Fatal(err)
	}
	for _, before := range [][]string{{"-tensorboard"}, nil} {
		dir := t.TempDir()
		args := append([]string{"-log", "json", "-out", dir}, halfSecond...)
		if _, _, err := streams(t, `"event":"step"`, append(before, args...)...); !errors.Is(err, context.Canceled) {
			t.Fatalf("the run was not stopped: %v", err)
		}
		if _, _, err := streams(t, "", append([]string{"-tensorboard", "-resume"}, args...)...); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"summary.csv", "history.csv", runfolder.ONNXFile(runfolder.Unit{Strategy: "mge", Seed: 1})} {
			if !bytes.Equal(read(t, filepath.Join(plain, name)), read(t, filepath.Join(dir, name))) {
				t.Errorf("%s differs from that of a run without", name)
			}
		}
		for _, sub := range []string{"mge-seed1", filepath.Join("by-work-units", "mge-seed1")} {
			files, err := os.ReadDir(filepath.Join(dir, "tensorboard", sub))
			if err != nil || len(files) != 1+len(before) {
				t.Errorf("%s: %d files, %v", sub, len(files), err)
			}
		}
		files, err := filepath.Glob(filepath.Join(dir, "tensorboard", "mge-seed1", "*"))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, file := range files {
			all = append(all, read(t, file)...)
		}
		if n := bytes.Count(all, []byte("train/loss")); n != 4 {
			t.Errorf("%d losses of 4 steps", n)
		}
	}
}
