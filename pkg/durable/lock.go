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

// LockName is the file that Acquire locks inside a folder. It is never removed,
// because that would race with the next process.
const LockName = ".lock"

// Lock is a folder held by this process.
type Lock struct{ f *os.File }

// LockedError says that another process holds a folder.
type LockedError struct {
	Dir    string
	Holder string // "process 17 on host since ...", or "another process" if that is not known
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is in use by %s; wait for it, stop it, or choose another folder", e.Dir, e.Holder)
}

// Acquire locks the folder dir, which must exist, for this process. It is a lock of
// the operating system: it ends with Release or with the process, even if that is
// killed, so there are no stale locks. If another process holds the folder, Acquire
// returns a *LockedError. On file systems without locks it succeeds without one.
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

// Holder reports whether a process holds a folder, and who it is, as LockedError.Holder says it. It takes
// no lock that outlives the call.
func Holder(dir string) (who string, held bool) {
	f, err := os.Open(filepath.Join(dir, LockName))
	if err != nil {
		return "", false
	}
	defer f.Close()
	// Without a note no process holds the lock, because Release removes the note. Holder must not touch the
	// lock then: another process could be about to take it.
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

// readHolder returns the note of the process that holds the lock, cut to one
// line. The note is only for people, and may be missing for a moment.
func readHolder(f *os.File) string {
	note, err := io.ReadAll(io.NewSectionReader(f, 0, 200))
	line, _, _ := strings.Cut(string(note), "\n")
	if err != nil || line == "" {
		return "another process"
	}
	return strings.ToValidUTF8(line, "?")
}
