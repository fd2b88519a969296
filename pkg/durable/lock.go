package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// LockName is the file that Acquire locks inside a folder. It stays there: to
// remove it would race with the next process.
const LockName = ".lock"

// Lock is a folder held by this process.
type Lock struct{ f *os.File }

// LockedError says that another process holds a folder.
type LockedError struct {
	Dir    string
	Holder string // who: "process 17 on host since ...", as far as it is known
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use by %s; wait for it, stop it, or choose another folder", e.Dir, e.Holder)
}

// Acquire locks the folder dir, which must exist, for this process. The lock
// is the operating system's: it ends with Release or with the process, however
// that ends, so there are no stale ones. A folder held by another process gives
// a *LockedError. On file systems that know no locks it succeeds without one.
func Acquire(dir string) (*Lock, error) {
	path := filepath.Join(dir, LockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, explain(path, err)
	}
	switch err := lockFile(f); {
	case errors.Is(err, errHeld):
		defer f.Close()
		return nil, &LockedError{Dir: dir, Holder: readHolder(f)}
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		f.Close()
		return nil, fmt.Errorf("cannot lock %s: %w", dir, err)
	}
	l := &Lock{f}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	if err := l.note(fmt.Sprintf("process %d on %s since %s", os.Getpid(), host, time.Now().Format("2006-01-02 15:04:05"))); err != nil {
		f.Close()
		return nil, explain(path, err)
	}
	return l, nil
}

// Holder says who holds a folder, as far as it is known, without taking hold of it; held is false
// where no process does.
func Holder(dir string) (who string, held bool) {
	f, err := os.Open(filepath.Join(dir, LockName))
	if err != nil {
		return "", false
	}
	defer f.Close()
	// A process that releases the lock removes its note. So the lock itself is touched only where a
	// process holds it or was killed, never where one is about to take it.
	if note, err := f.Stat(); err != nil || note.Size() == 0 {
		return "", false
	}
	if err := lockFile(f); !errors.Is(err, errHeld) {
		return "", false
	}
	return readHolder(f), true
}

// Release unlocks the folder. A nil Lock may be released.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.note(""), l.f.Close())
}

func (l *Lock) note(holder string) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(holder), 0)
	return err
}

var errHeld = errors.New("held by another process")

// readHolder returns the note of the process that holds the lock. The note is
// only for people: it may be missing for a moment, and is cut to one line.
func readHolder(f *os.File) string {
	note, err := io.ReadAll(io.NewSectionReader(f, 0, 200))
	line, _, _ := strings.Cut(string(note), "\n")
	if err != nil || line == "" {
		return "another process"
	}
	return strings.ToValidUTF8(line, "?")
}
