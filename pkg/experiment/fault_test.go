package experiment

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/durable"
	"multiscale/pkg/durable/durabletest"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

var everyFault = flag.Bool("everyfault", false, "fail at every write of a run, not only at some")

// runOn runs super-resolution with the smallest network on a file system.
func runOn(t *testing.T, fsys durable.FS, out string, args ...string) error {
	t.Helper()
	return runUntil(t.Context(), t, fsys, out, args...)
}

// runUntil is runOn with a context that may end.
func runUntil(ctx context.Context, t *testing.T, fsys durable.FS, out string, args ...string) error {
	t.Helper()
	e := smallest(t, out, append(args, "-side", "16", "-levels", "1", "-batch", "2")...)
	defer e.progress.Close()
	e.files = fsys
	return e.run(ctx)
}

// smallest returns an experiment of super-resolution with the smallest network.
func smallest(t *testing.T, out string, args ...string) *Experiment {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), task.Superresolution(), append(args, "-network", "espcn", "-out", out))
	if err != nil {
		t.Fatal(err)
	}
	e, err := newExperiment(catalog.Standard(), task.Superresolution(), c, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sameFiles compares files of two run folders.
func sameFiles(t *testing.T, want, got string, names ...string) {
	t.Helper()
	for _, name := range names {
		a, err := os.ReadFile(filepath.Join(want, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(got, name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs, %v", filepath.Join(got, name), err)
		}
	}
}

// TestFaults: for every failing write of a whole run, the run ends
// with an error, and the same call with -resume ends with the same bytes.
func TestFaults(t *testing.T) {
	args := []string{"-strategy", "mge", "-iterations", "2"}
	try := func(fsys durable.FS, out string, more ...string) error {
		return runOn(t, fsys, out, append(more, args...)...)
	}
	undisturbed := t.TempDir()
	if err := try(nil, undisturbed); err != nil {
		t.Fatal(err)
	}
	// A step that is coprime to the number of faults visits all of them.
	step := 11
	if *everyFault {
		step = 1
	}
	tried := 0
	for at := 1; ; at += step {
		fault := durabletest.Faults[tried%len(durabletest.Faults)]
		faults := []durabletest.Fault{fault}
		if *everyFault {
			faults = durabletest.Faults
		}
		over := false
		for _, fault := range faults {
			out := filepath.Join(t.TempDir(), "run")
			faulty := &durabletest.FS{At: at, Fault: fault}
			err := try(faulty, out)
			if over = !faulty.Fired(); over {
				break
			}
			tried++
			if err == nil && fault != durabletest.IOError && fault != durabletest.NoSpace {
				// It is no failure if old checkpoints cannot be removed.
				t.Errorf("%v at step %d: no error", fault, at)
			}
			if err := try(nil, out, "-resume"); err != nil {
				t.Errorf("%v at step %d, then -resume: %v", fault, at, err)
				continue
			}
			sameFiles(t, undisturbed, out, "summary.csv", "history.csv", "mge-seed1.onnx")
		}
		if over {
			t.Logf("%d faults at the %d writes of a run", tried, at-1)
			return
		}
	}
}

// TestTablesAlone: a folder with the tables of a seed, without its model and checkpoints, takes a further seed.
func TestTablesAlone(t *testing.T) {
	args := []string{"-strategy", "mge", "-iterations", "2"}
	whole, out := t.TempDir(), t.TempDir()
	if err := runOn(t, nil, whole, append(args, "-seeds", "1,2")...); err != nil {
		t.Fatal(err)
	}
	if err := runOn(t, nil, out, args...); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(out, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(out, "mge-seed1.onnx")); err != nil {
		t.Fatal(err)
	}
	if err := runOn(t, nil, out, append(args, "-seeds", "2", "-resume")...); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, out, "summary.csv", "history.csv", "crosscheck.csv", "mge-seed2.onnx")
}

// TestFullDisk: a checkpoint that does not fit is reported once, although training tries to write
// another one when it ends.
func TestFullDisk(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	err := runOn(t, fullDisk{durable.OS}, out, "-strategy", "mge", "-iterations", "2")
	if !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "cannot write") != 1 {
		t.Error(err)
	}
}

// fullDisk has no room for checkpoints.
type fullDisk struct{ durable.FS }

func (f fullDisk) Rename(from, to string) error {
	if filepath.Ext(to) == ".checkpoint" {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.ENOSPC}
	}
	return f.FS.Rename(from, to)
}

// TestStoppedAfterTraining: a signal between training and summary.csv, even during the cross-check, stops
// the run and is no failure of the model. -resume ends with the same bytes without training again.
func TestStoppedAfterTraining(t *testing.T) {
	args := []string{"-strategy", "mge", "-iterations", "2"}
	undisturbed := t.TempDir()
	if err := runOn(t, nil, undisturbed, args...); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"mge-seed1.onnx", "best.onnx"} { // these are written before the cross-check
		t.Run(file, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out, stopped := filepath.Join(t.TempDir(), "run"), false
			err := runUntil(ctx, t, onRename{durable.OS, func(to string) {
				if filepath.Base(to) == file {
					stopped = true
					stop()
				}
			}}, out, args...)
			if !stopped || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "cross-check") {
				t.Fatalf("stopped %v: %v", stopped, err)
			}
			if _, err := os.Stat(filepath.Join(out, "failed.csv")); err == nil {
				t.Error("a stop is recorded as a failure")
			}
			if err := runOn(t, nil, out, append([]string{"-resume"}, args...)...); err != nil {
				t.Fatal(err)
			}
			sameFiles(t, undisturbed, out, "summary.csv", "history.csv", "crosscheck.csv", "mge-seed1.onnx")
		})
	}
}

// onRename is a file system that calls a function before it renames a file.
type onRename struct {
	durable.FS
	tell func(to string)
}

func (f onRename) Rename(from, to string) error {
	f.tell(to)
	return f.FS.Rename(from, to)
}

// TestVanishedPicture: if pictures vanish during training, the run ends with a
// checkpoint and an error that names one of them. Once they are back, -resume ends
// with the same bytes.
func TestVanishedPicture(t *testing.T) {
	root := filepath.Join(t.TempDir(), "pictures")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		p := picture.New(3, 16, 16)
		r := random.New(uint64(i))
		for j := range p.Pix {
			p.Pix[j] = byte(r.Intn(256))
		}
		var b bytes.Buffer
		if err := p.Encode(&b, "x.png"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%04d.png", i)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	undisturbed, out := t.TempDir(), t.TempDir()
	args := []string{"-data", "folder", "-root", root, "-strategy", "fullmultiscale", "-stages", "2,40"}
	if err := runOn(t, nil, undisturbed, args...); err != nil {
		t.Fatal(err)
	}
	away := root + "-away"
	// The first checkpoint is at the end of the first stage, before most of the pictures
	// have been read.
	vanish := sync.OnceFunc(func() {
		if err := os.Rename(root, away); err != nil {
			t.Error(err)
		}
	})
	err := runOn(t, onRename{durable.OS, func(to string) {
		if filepath.Ext(to) == ".checkpoint" {
			vanish()
		}
	}}, out, args...)
	for _, words := range []string{"fullmultiscale-seed1: stage 2, iteration ", ": level ", root, ".png"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("error %v, want %q", err, words)
		}
	}
	if err := os.Rename(away, root); err != nil {
		t.Fatal(err)
	}
	if err := runOn(t, nil, out, append([]string{"-resume"}, args...)...); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, undisturbed, out, "summary.csv", "history.csv", "fullmultiscale-seed1.onnx")
}
