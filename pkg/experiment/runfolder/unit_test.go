package runfolder

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/durable"
	"multiscale/pkg/durable/durabletest"
)

// alone runs a unit in its own folder to its end.
func alone(t *testing.T, dir string, u Unit) {
	t.Helper()
	finished, err := Lend(dir, u)
	must(t, err)
	if finished {
		t.Fatalf("%s is finished", u)
	}
	must(t, run(nil, UnitDir(dir, u), Options{Resume: true}, u))
	must(t, os.WriteFile(filepath.Join(CheckpointDir(UnitDir(dir, u), u), "7.checkpoint"), []byte(u.String()), 0o666))
}

// settle moves units into the run folder.
func settle(fsys durable.FS, dir string, units ...Unit) error {
	for _, u := range units {
		f, err := Open(dir, record(8), []Unit{u}, Options{Settle: true, FS: fsys})
		if err != nil {
			return err
		}
		if err := errors.Join(f.SetInput(input), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// TestUnitsAlone: units that were run in their own folders give the files of one run, in any order, and their
// folders are removed.
func TestUnitsAlone(t *testing.T) {
	whole := t.TempDir()
	must(t, run(nil, whole, Options{}, single, multi, full))
	for _, order := range [][]Unit{{single, multi, full}, {full, single, multi}, {multi, full, single}} {
		dir := filepath.Join(t.TempDir(), "run")
		for _, u := range order {
			alone(t, dir, u)
		}
		must(t, settle(nil, dir, order...))
		same(t, tables(t, dir), tables(t, whole), "taken in")
		for _, u := range order {
			if data, err := os.ReadFile(filepath.Join(CheckpointDir(dir, u), "7.checkpoint")); err != nil || string(data) != u.String() {
				t.Errorf("the checkpoint of %s: %q, %v", u, data, err)
			}
			if finished, err := Lend(dir, u); err != nil || !finished {
				t.Errorf("%s is lent again: %v", u, err)
			}
		}
		must(t, os.Remove(filepath.Join(dir, UnitsDir))) // it is empty
		must(t, run(nil, dir, Options{}, single, multi, full))
	}
}

// TestUnitGoesOn: a unit that was begun in the run folder continues in its own folder, and the other way round.
func TestUnitGoesOn(t *testing.T) {
	dir := t.TempDir()
	must(t, run(nil, dir, Options{}, single))
	f, err := Open(dir, record(8), []Unit{multi}, Options{})
	must(t, err)
	must(t, f.Begin(f.Work()[0]))
	must(t, f.WriteFile(filepath.Join(checkpointDir, multi.String(), "1.checkpoint"), func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }))
	var locked *durable.LockedError
	if _, err := Lend(dir, multi); !errors.As(err, &locked) || locked.Dir != dir {
		t.Errorf("lent by a folder in use: %v", err)
	}
	must(t, f.Close())
	if finished, err := Lend(dir, multi); finished || err != nil {
		t.Fatal(finished, err)
	}
	own := UnitDir(dir, multi)
	if data, err := os.ReadFile(filepath.Join(CheckpointDir(own, multi), "1.checkpoint")); err != nil || string(data) != "x" {
		t.Fatalf("%q, %v", data, err)
	}
	if !Begun(dir, multi) {
		t.Error("it does not count as begun")
	}
	must(t, settle(nil, dir, multi)) // it is unfinished, so it stays in its folder
	f, err = Open(own, record(8), []Unit{multi}, Options{Resume: true})
	must(t, err)
	if w := f.Work(); len(w) != 1 || !w[0].Resume {
		t.Errorf("%v", w)
	}
	if _, err := Open(dir, record(8), []Unit{multi}, Options{Resume: true}); !errors.As(err, &locked) || locked.Dir != own {
		t.Errorf("taken from another process: %v", err)
	}
	must(t, f.Close())
	if _, err := Open(dir, record(16), []Unit{multi}, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "batch is 8 there and 16 now") {
		t.Errorf("another configuration: %v", err)
	}
	must(t, run(nil, dir, Options{Resume: true}, multi))
	if data, err := os.ReadFile(filepath.Join(CheckpointDir(dir, multi), "1.checkpoint")); err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	whole := t.TempDir()
	must(t, run(nil, whole, Options{}, single, multi))
	same(t, tables(t, dir), tables(t, whole), "gone on")
}

// TestUnitFails: the reason of a failure moves to the run folder, and is removed when the unit is finished elsewhere.
func TestUnitFails(t *testing.T) {
	dir := t.TempDir()
	_, err := Lend(dir, multi)
	must(t, err)
	f, err := Open(UnitDir(dir, multi), record(8), []Unit{multi}, Options{Resume: true})
	must(t, err)
	must(t, f.Begin(f.Work()[0]))
	must(t, f.Fail(multi, errors.New(multi.String()+": diverged\n  in  a new run a smaller -lr helps")))
	must(t, f.Close())
	must(t, settle(nil, dir, multi))
	c, err := Read(dir)
	must(t, err)
	if len(c.Failures) != 1 || c.Failures[0].Reason != "diverged; in a new run a smaller -lr helps" || c.Finished(multi) || !Begun(dir, multi) {
		t.Errorf("%+v", c.Failures)
	}
	alone(t, dir, multi)
	must(t, settle(nil, dir, multi))
	if c, err = Read(dir); err != nil || len(c.Failures) != 0 || !c.Finished(multi) {
		t.Errorf("%+v, %v", c.Failures, err)
	}
}

// TestFaultsOfTakingIn: after any fault while a unit is moved into the run folder, the next call moves the rest. Each
// fault occurs at every fifth step, so that together the five faults cover every step.
func TestFaultsOfTakingIn(t *testing.T) {
	whole := t.TempDir()
	must(t, run(nil, whole, Options{}, single, multi))
	want, before := tables(t, whole), t.TempDir()
	must(t, run(nil, before, Options{}, single))
	alone(t, before, multi)
	for _, fault := range durabletest.Faults {
		for at := 1 + int(fault); ; at += len(durabletest.Faults) {
			dir := filepath.Join(t.TempDir(), "run")
			must(t, os.CopyFS(dir, os.DirFS(before)))
			faulty := &durabletest.FS{At: at, Fault: fault}
			err := settle(faulty, dir, multi)
			if !faulty.Fired() {
				must(t, err)
				if at < 30 {
					t.Fatalf("only %d steps", at)
				}
				break
			}
			if err := settle(nil, dir, multi); err != nil {
				t.Errorf("%v at step %d: %v", fault, at, err)
				continue
			}
			same(t, tables(t, dir), want, fault.String())
			if _, err := os.Stat(filepath.Join(CheckpointDir(dir, multi), "7.checkpoint")); err != nil {
				t.Errorf("%v at step %d: %v", fault, at, err)
			}
			if _, err := os.Stat(UnitDir(dir, multi)); err == nil {
				t.Errorf("%v at step %d: its own folder is left", fault, at)
			}
		}
	}
}
