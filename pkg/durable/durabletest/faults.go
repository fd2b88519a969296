// Package durabletest has a file system for tests. It works on real folders and
// fails at a chosen step in a chosen way.
package durabletest

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"multiscale/pkg/durable"
)

// Fault is a way to fail.
type Fault int

// The faults. The first three are errors that the process sees and survives;
// after a crash every further step fails with ErrCrashed.
const (
	NoSpace    Fault = iota // ENOSPC, nothing written
	IOError                 // EIO, nothing done
	ShortWrite              // half of the bytes written, then ENOSPC
	// CrashKept is the end of the process: all earlier steps are on the disk.
	CrashKept
	// CrashLost is the end of the machine: contents of files that were not synced
	// are lost, and so are creations, renames and removals in folders that were
	// not synced since.
	CrashLost
)

// Faults lists every Fault, for tests that try them all.
var Faults = []Fault{NoSpace, IOError, ShortWrite, CrashKept, CrashLost}

func (f Fault) String() string {
	return [...]string{"no space", "i/o error", "short write", "crash, writes kept", "crash, writes lost"}[f]
}

// ErrCrashed is what every step returns after a crash.
var ErrCrashed = errors.New("crashed on purpose")

// FS is durable.OS, except that step number At, counted from 1, fails with Fault.
// Steps are the calls that change the disk: Create, Write, Sync, Rename, Remove,
// MkdirAll, SyncDir. It is safe for concurrent use.
type FS struct {
	At    int
	Fault Fault

	mu      sync.Mutex
	steps   int
	crashed bool
	undo    []func() // undoes each step that a power cut would lose, oldest first
}

// Fired reports whether the fault has happened. A test that raises At from run to
// run is done when it has not.
func (f *FS) Fired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps >= f.At
}

// step counts one step and calls do, unless the step fails. takeBack undoes the
// step in CrashLost; nil if a power cut cannot undo it.
func (f *FS) step(do func() error, takeBack func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return ErrCrashed
	}
	if f.steps++; f.steps == f.At {
		return f.fail()
	}
	if err := do(); err != nil {
		return err
	}
	if takeBack != nil {
		f.undo = append(f.undo, takeBack)
	}
	return nil
}

// fail returns the error of the fault. With CrashLost it first undoes what a power cut would lose.
func (f *FS) fail() error {
	switch f.Fault {
	case NoSpace, ShortWrite:
		return syscall.ENOSPC
	case IOError:
		return syscall.EIO
	case CrashLost:
		for i := len(f.undo) - 1; i >= 0; i-- {
			f.undo[i]()
		}
	}
	f.crashed = true
	return ErrCrashed
}

// Create implements durable.FS.
func (f *FS) Create(path string) (durable.File, error) {
	var inner durable.File
	err := f.step(func() (err error) {
		inner, err = durable.OS.Create(path)
		return err
	}, func() { os.Remove(path) })
	if err != nil {
		return nil, err
	}
	return &file{fs: f, File: inner, path: path}, nil
}

// Open implements durable.FS.
func (f *FS) Open(path string) (fs.File, error) { return durable.OS.Open(path) }

// ReadDir implements durable.FS.
func (f *FS) ReadDir(dir string) ([]fs.DirEntry, error) { return durable.OS.ReadDir(dir) }

// Rename implements durable.FS.
func (f *FS) Rename(from, to string) error {
	restore := snapshot(to)
	return f.step(func() error { return durable.OS.Rename(from, to) }, func() {
		os.Rename(to, from)
		restore()
	})
}

// Remove implements durable.FS.
func (f *FS) Remove(path string) error {
	return f.step(func() error { return durable.OS.Remove(path) }, snapshot(path))
}

// MkdirAll implements durable.FS.
func (f *FS) MkdirAll(dir string) error {
	return f.step(func() error { return durable.OS.MkdirAll(dir) }, nil)
}

// SyncDir implements durable.FS. It counts as a sync of all folders, not only of
// dir: the code under test writes into one folder at a time.
func (f *FS) SyncDir(dir string) error {
	return f.step(func() error {
		f.undo = nil
		return durable.OS.SyncDir(dir)
	}, nil)
}

// snapshot reads a file and returns a function that writes it again.
func snapshot(path string) (restore func()) {
	data, err := os.ReadFile(path)
	if err != nil {
		return func() {}
	}
	return func() { os.WriteFile(path, data, 0o644) }
}

type file struct {
	durable.File
	fs     *FS
	path   string
	synced bool
}

// Write implements io.Writer. With ShortWrite, the failing step still writes half of p.
func (w *file) Write(p []byte) (n int, err error) {
	err = w.fs.step(func() (err error) {
		n, err = w.File.Write(p)
		return err
	}, func() {
		// A synced file keeps its content.
		if !w.synced {
			os.Truncate(w.path, 0)
		}
	})
	if err != nil && w.fs.Fault == ShortWrite && !errors.Is(err, ErrCrashed) && n == 0 {
		n, _ = w.File.Write(p[:len(p)/2])
	}
	return n, err
}

func (w *file) Sync() error {
	return w.fs.step(func() error {
		w.synced = true
		return w.File.Sync()
	}, nil)
}
