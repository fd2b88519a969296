package variance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/mesh"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
	"multiscale/pkg/train"
)

// small is a study of a few seconds.
var small = []string{"-network", "resnet", "-side", "16", "-levels", "2", "-batch", "1", "-samples", "4", "-estimates", "2"}

func measured(ctx context.Context, t *testing.T, out string, args ...string) (string, error) {
	t.Helper()
	r, err := parse(catalog.Standard(), append(slices.Clone(args), "-out", out), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	err = Run(ctx, r, &printed, io.Discard)
	return printed.String(), err
}

// before returns the part of the output before the verdict, which contains times.
func before(printed string) string {
	text, _, _ := strings.Cut(printed, "## Verdict")
	return text
}

// TestReport: every case has its rows with plausible numbers, and equal calls give
// equal bytes on any number of cores.
func TestReport(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	cores := runtime.GOMAXPROCS(1)
	printed, err := measured(t.Context(), t, one, small...)
	runtime.GOMAXPROCS(max(cores, 2))
	defer runtime.GOMAXPROCS(cores)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := measured(t.Context(), t, two, small...); err != nil || before(again) != before(printed) {
		t.Errorf("another report: %v\n%s", err, again)
	}
	for _, name := range []string{ReportFile, LevelsFile, RatesFile, EstimatesFile, ControlsFile, MeansFigure, VariancesFigure, KurtosisFigure, ConsistencyFigure, CostFigure} {
		a, err := os.ReadFile(filepath.Join(one, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(two, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("%s differs on one core and on two", name)
		}
	}
	if _, verdict, _ := strings.Cut(printed, "## Verdict"); strings.Count(verdict, "At equal work: MGE") != 2 || strings.Count(verdict, "At equal time: MGE") != 2 {
		t.Errorf("no verdict:%s", verdict)
	}
	for _, name := range []string{SecondsFile, VerdictFile, SecondsFigure, "run.json"} {
		if _, err := os.Stat(filepath.Join(one, name)); err != nil {
			t.Error(err)
		}
	}
	if rows := tabletest.Rows(t, filepath.Join(one, ControlsFile)); len(rows) != 6 {
		t.Errorf("%d rows of coefficients, want doubling and allocated batches with each of 3", len(rows))
	} else {
		for _, row := range rows {
			ratio, err := strconv.ParseFloat(row["variance_ratio"], 64)
			share, err2 := strconv.ParseFloat(row["coarse_share"], 64)
			if err != nil || err2 != nil || !(ratio > 0) || share < 0 || share >= 1 {
				t.Errorf("coefficients: a row %v", row)
			}
		}
	}
	levels := tabletest.Rows(t, filepath.Join(one, LevelsFile))
	if len(levels) != 3*2*3 {
		t.Errorf("%d rows of levels, want one for each of 3 restrictions, 2 ways to degrade and 3 meshes", len(levels))
	}
	for _, row := range levels {
		for _, column := range []string{"single_variance", "term_variance"} {
			if v, err := strconv.ParseFloat(row[column], 64); err != nil || !(v > 0) || math.IsInf(v, 0) {
				t.Errorf("%s, %s, level %s: %s is %q", row["restriction"], row["degrade"], row["level"], column, row[column])
			}
		}
	}
	count := 0
	for _, row := range tabletest.Rows(t, filepath.Join(one, EstimatesFile)) {
		if row["measured_variance"] != "" {
			count++
		}
		// 1(1+1/4) + 2(1/4+1/16) + 4/16 with doubling batches.
		if row["estimator"] != "single" && row["work_units"] != "2.125" {
			t.Errorf("%s: batches %s cost %s", row["estimator"], row["batches"], row["work_units"])
		}
	}
	if count != 3 {
		t.Errorf("%d estimators were measured, want the first case's 3", count)
	}
}

// TestWeights: models and checkpoints of a run are measured together with the initial
// weights.
func TestWeights(t *testing.T) {
	run := t.TempDir()
	c, err := setting.Arguments(catalog.Standard(), task.Denoising(), []string{"-network", "resnet", "-side", "16", "-levels", "1", "-batch", "1",
		"-iterations", "2", "-stages", "1,1", "-strategy", "mge", "-out", run})
	if err != nil {
		t.Fatal(err)
	}
	if err := experiment.Run(t.Context(), catalog.Standard(), task.Denoising(), c, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(run, "mge-seed1.onnx")
	checkpoints, err := filepath.Glob(filepath.Join(run, "checkpoint", "mge-seed1", "*.checkpoint"))
	if err != nil || len(checkpoints) == 0 {
		t.Fatalf("no checkpoint: %v", err)
	}
	last := checkpoints[len(checkpoints)-1]
	out := t.TempDir()
	args := []string{"-network", "resnet", "-side", "16", "-levels", "1", "-samples", "4", "-estimates", "0",
		"-restriction", "average", "-degrade", "fine", "-init", "initial", "-init", model, "-init", last}
	if printed, err := measured(t.Context(), t, out, args...); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	variances := map[string]string{}
	for _, row := range tabletest.Rows(t, filepath.Join(out, LevelsFile)) {
		if row["level"] == "0" {
			variances[row["weights"]] = row["single_variance"]
		}
	}
	name := strings.TrimSuffix(filepath.Base(last), ".checkpoint")
	if len(variances) != 3 || variances["mge-seed1"] != variances[name] || variances["initial"] == variances["mge-seed1"] {
		t.Errorf("variances %v: a model and the checkpoint it was exported from should agree, and differ from the initial weights", variances)
	}
	checkSecondMoment(t, last, name, out, args[:len(args)-6])
}

// checkSecondMoment checks that the coefficients of a checkpoint are in the norm of its second moment: not those of its model, and
// the same if all second moments are four times as large. out has the study of both, args the arguments of another one without -init.
func checkSecondMoment(t *testing.T, path, name, out string, args []string) {
	t.Helper()
	ratios := func(out, weights string) (all []string) {
		for _, row := range tabletest.Rows(t, filepath.Join(out, ControlsFile)) {
			if row["weights"] == weights {
				all = append(all, row["variance_ratio"])
			}
		}
		return all
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := checkpoint.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	second := train.Moments(s)[1]
	for i := range second {
		second[i] *= 4
	}
	var scaled bytes.Buffer
	if err := s.Encode(&scaled); err != nil {
		t.Fatal(err)
	}
	other, again := filepath.Join(t.TempDir(), name+".checkpoint"), t.TempDir()
	if err := os.WriteFile(other, scaled.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if printed, err := measured(t.Context(), t, again, append(slices.Clone(args), "-init", other)...); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	of, scaledOf, model := ratios(out, name), ratios(again, name), ratios(out, "mge-seed1")
	if len(of) != 6 || !slices.Equal(of, scaledOf) || slices.Equal(of, model) {
		t.Errorf("variance ratios %v, with all second moments four times as large %v, without them %v", of, scaledOf, model)
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(t.TempDir(), "out")
	if _, err := measured(ctx, t, out, small...); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "nothing was written") {
		t.Error(err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a stopped study left a folder")
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ args, words string }{
		{"-task cooking", "-task cooking: unknown; use denoising"},
		{"-task=", `-task "": unknown`},
		{"-task superresolution -network unet", "-network unet: unknown; use srnet"},
		{"-restriction cubic", "-restriction cubic: unknown"},
		{"-degrade never", "-degrade never: unknown"},
		{"-samples 1", "-samples 1: too small, the minimum is 2"},
		{"-strategy mge", "-strategy: there is no such flag"},
		{"-lr 1", "-lr: there is no such flag"},
		{"-init=", `-init "": the value is empty`},
		{"-levels 9", "use at most 3"},
		{"-levels auto", "-levels auto: "},
		{"-estimates 1", "-estimates 1: a variance needs 2 at least"},
	} {
		_, err := parse(catalog.Standard(), strings.Fields(c.args), io.Discard)
		var usage *command.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want %q", c.args, err, c.words)
		}
	}
	for _, args := range [][]string{{"-init", "none.onnx"}, {"-init", "none.checkpoint"}} {
		if _, err := measured(t.Context(), t, t.TempDir(), args...); err == nil || !strings.Contains(err.Error(), args[0]+" "+args[1]) {
			t.Errorf("%s: %v", args, err)
		}
	}
	var help strings.Builder
	if _, err := parse(catalog.Standard(), []string{"-task", "superresolution", "-h"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, words := range []string{"-network srnet|espcn|resnet", "-task denoising|", "variance-superresolution-NETWORK", "(default each)"} {
		if !strings.Contains(help.String(), words) {
			t.Errorf("the help does not have %q:\n%s", words, &help)
		}
	}
}

// TestTwice: the same value twice is an error, by name and by content.
func TestTwice(t *testing.T) {
	for _, args := range [][]string{{"-init", "initial", "-init", "initial"}, {"-init", "a/m.onnx", "-init", "a/../a/m.onnx"}} {
		var usage *command.UsageError
		if _, err := parse(catalog.Standard(), args, io.Discard); !errors.As(err, &usage) || !strings.Contains(err.Error(), "given twice") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestTaskFirst: the choices and defaults of other settings are those of -task, wherever that is on the
// command line.
func TestTaskFirst(t *testing.T) {
	r, err := parse(catalog.Standard(), []string{"-network", "espcn", "-task=superresolution"}, io.Discard)
	if err != nil || r.Network.Name() != "espcn" || r.Batch != 4 || r.Restrictions[0] != mesh.Bilinear || r.Out != "results/runs/variance-superresolution-espcn-deadleaves-quick" {
		t.Errorf("%+v, %v", r, err)
	}
	var help bytes.Buffer
	if _, err := parse(catalog.Standard(), []string{"-task", "superresolution", "-h"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "srnet|espcn|resnet") {
		t.Errorf("%v\n%s", err, help.String())
	}
}

// TestCommittedRecords: the settings of measurements by earlier versions still exist, with
// the same values.
func TestCommittedRecords(t *testing.T) {
	files, err := filepath.Glob("../../../results/variance/*/run.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record runfolder.Record
		if err := json.Unmarshal(data, &record); err != nil {
			t.Fatal(err)
		}
		given := setting.Values{}
		for _, name := range settings {
			if v, ok := record.Configuration[name]; ok {
				given[name] = setting.Text(v)
			}
		}
		c, err := setting.Parse(catalog.Standard(), given)
		if err != nil || len(given) < 8 {
			t.Errorf("%s: %v, %v", file, given, err)
			continue
		}
		for name, v := range c.Determining() {
			if was, ok := given[name]; ok && setting.Text(v) != was {
				t.Errorf("%s: %s is %s, was %s", file, name, setting.Text(v), was)
			}
		}
	}
}
