package experiment_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/ranks"
	"multiscale/pkg/ranks/rankstest"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// together runs ranks, each with its own flags, and returns the error of rank 0.
func together(t *testing.T, out string, flags ...[]string) error {
	t.Helper()
	var wait sync.WaitGroup
	var first error
	for i, e := range rankstest.Connect(len(flags)) {
		wait.Go(func() {
			c, err := setting.Arguments(catalog.Standard(), task.Denoising(), slices.Concat(flags[i], []string{"-out", out}))
			if err != nil {
				t.Error(err)
			}
			r, err := ranks.Join(e, time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			err = experiment.RunWith(t.Context(), catalog.Standard(), task.Denoising(), c, r, io.Discard, io.Discard)
			if i == 0 {
				first = err
			}
			if err := r.Leave(1); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	return first
}

// TestRanks: a run by several ranks has the bytes of one process's.
func TestRanks(t *testing.T) {
	for _, more := range [][]string{
		{"-strategy", "mge,fullmultiscale,progressive", "-ema", "0.5"}, {"-strategy", "mge", "-coefficients", "layer"},
		{"-strategy", "fullmultiscale", "-allocation", "adaptive"}, {"-strategy", "fullmultiscale", "-stages", "auto", "-budget", "90"},
	} {
		flags := slices.Concat([]string{"-network", "resnet:hidden=8,blocks=1", "-side", "16", "-levels", "1", "-batch", "3", "-iterations", "3", "-validation-pictures", "4", "-shares", "4"}, more)
		alone := t.TempDir()
		if _, err := run(t.Context(), t, alone, flags...); err != nil {
			t.Fatal(err)
		}
		models, err := filepath.Glob(filepath.Join(alone, "*.onnx"))
		best, err2 := filepath.Glob(filepath.Join(alone, runfolder.BestFile(runfolder.Unit{Strategy: "*", Seed: 1})))
		if err := errors.Join(err, err2); err != nil || len(models) == 0 || len(best) == 0 {
			t.Fatalf("models %v, best %v, %v", models, best, err)
		}
		for _, list := range [][][]string{{flags, flags}, {flags, flags, flags, flags}} {
			out := t.TempDir()
			if err := together(t, out, list...); err != nil {
				t.Fatal(err)
			}
			for _, file := range append(slices.Concat(models, best), filepath.Join(alone, "summary.csv"), filepath.Join(alone, "history.csv")) {
				name, err := filepath.Rel(alone, file)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(read(t, file), read(t, filepath.Join(out, name))) {
					t.Errorf("%v: %d ranks have another %s", more, len(list), name)
				}
			}
		}
	}
}

// TestRanksDiffer: a rank that would give other results is an error that names it.
func TestRanksDiffer(t *testing.T) {
	flags := []string{"-network", "resnet:hidden=8,blocks=1", "-side", "16", "-levels", "1", "-batch", "3", "-validation-pictures", "4", "-shares", "4", "-strategy", "mge"}
	own := slices.Concat(flags, []string{"-iterations", "3"})
	for want, there := range map[string][]string{
		"seeds is 2 there and 1 on rank 0":      slices.Concat(own, []string{"-seed", "2"}),
		"iterations is 5 there and 3 on rank 0": slices.Concat(flags, []string{"-iterations", "5"}),
		"loss is l1 there and task on rank 0":   slices.Concat(own, []string{"-loss", "l1"}),
	} {
		err := together(t, t.TempDir(), own, there)
		if err == nil || !strings.HasPrefix(err.Error(), "rank 1 (") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want: %s", err, want)
		}
	}
}
