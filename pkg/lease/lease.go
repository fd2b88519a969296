// Package lease gives out names among processes that share only a folder, which may be on NFS. At most
// one process holds a name; when it dies, another one takes over.
//
// A lease is a file .NAME.lease-G, where G is its generation. The holder creates it with O_EXCL and rewrites
// it in place at every beat. A process that waits for the name watches the file. If the file does not change
// for the holder's whole term, the holder is gone, and the first process to create generation G+1 holds the
// name. A takeover neither renames nor removes a file, so two processes cannot both succeed.
//
// Times are differences of each machine's own monotonic clock, so clocks may differ by any amount.
// They must run at the same rate within a tenth; real clocks are far more accurate. A process that cannot beat
// for 7/10 of its term (it was stopped, or the server does not answer) counts its lease as lost. A process that
// wakes up after that may do some work before it notices. So work under a lease must be safe to do twice;
// training is, because it writes the same bytes.
//
// The package needs two things of NFS: O_EXCL (version 3 or later), and that opening a file shows its state
// on the server (close-to-open consistency, which is usual). Listings of folders may come from a cache: a
// process that sees an old list fails at O_EXCL. Locks are not needed.
package lease

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Shortest and Longest bound the term of a lease.
const (
	Shortest = time.Second
	Longest  = time.Hour
)

// beats is the number of beats in a term.
const beats = 5

// ErrLost is the cause of the context of a lease that was lost.
var ErrLost = errors.New("the lease was lost to another process")

// HeldError says that another process holds a name.
type HeldError struct{ Name, Holder string }

func (e *HeldError) Error() string { return fmt.Sprintf("%s is held by %s", e.Name, e.Holder) }

// Keeper acquires leases in a folder. It remembers the leases of other processes that it has seen, so that
// the next Try for a name can tell whether its lease has expired. It is not safe for concurrent use.
type Keeper struct {
	dir  string
	term time.Duration
	seen map[string]sighting
}

// sighting is the content of a lease's file and the time since which it has been seen unchanged.
type sighting struct {
	generation int
	content    string
	since      time.Time
}

// NewKeeper returns a keeper of leases in dir, which Try creates. term is how long a lease outlives its
// holder; it is clamped to Shortest and Longest.
func NewKeeper(dir string, term time.Duration) *Keeper {
	return &Keeper{dir: dir, term: min(max(term, Shortest), Longest), seen: map[string]sighting{}}
}

// Try acquires a name if it is free or its holder is gone; otherwise it returns a *HeldError. It takes a holder
// for gone only after it has seen the same lease for a whole term, so the first Try of a held name always fails.
func (k *Keeper) Try(name string) (*Lease, error) {
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return nil, err
	}
	generation, err := k.newest(name)
	if err != nil {
		return nil, err
	}
	if generation > 0 {
		if held, err := k.watch(name, generation); held != nil || err != nil {
			return nil, errors.Join(err, held)
		}
	}
	return k.make(name, generation+1)
}

// watch returns a *HeldError unless the lease's holder is gone.
func (k *Keeper) watch(name string, generation int) (held, err error) {
	content, err := read(filepath.Join(k.dir, file(name, generation)))
	if errors.Is(err, fs.ErrNotExist) { // released since the folder was listed
		return &HeldError{name, "another process"}, nil
	}
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s, known := k.seen[name]
	if !known || s.generation != generation || s.content != content {
		s = sighting{generation, content, now}
		k.seen[name] = s
	}
	note := parse(content)
	term := note.term
	if term == 0 { // the holder has not written its note yet
		term = k.term
	}
	if now.Sub(s.since) > term {
		return nil, nil
	}
	return &HeldError{name, note.holder}, nil
}

// make creates the file of a generation. It returns a *HeldError if another process was faster.
func (k *Keeper) make(name string, generation int) (*Lease, error) {
	path := filepath.Join(k.dir, file(name, generation))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) { // not exist: another Release removed the empty folder
		return nil, &HeldError{name, "another process"}
	}
	if err != nil {
		return nil, err
	}
	delete(k.seen, name)
	host, err := os.Hostname()
	if err != nil {
		host = "a machine"
	}
	l := &Lease{
		dir: k.dir, name: name, generation: generation, f: f, term: k.term, stop: make(chan struct{}),
		holder: fmt.Sprintf("process %d on %.100s", os.Getpid(), host), last: time.Now(),
	}
	if err := l.beat(); err != nil {
		return nil, errors.Join(err, l.release())
	}
	l.context, l.cancel = context.WithCancelCause(context.Background())
	l.done.Add(1)
	go l.keep()
	return l, nil
}

// Wait acquires a name. While another process holds it, Wait tries again after each Pause; it calls told once,
// with the first *HeldError.
func (k *Keeper) Wait(ctx context.Context, name string, told func(error)) (*Lease, error) {
	for first := true; ; first = false {
		l, err := k.Try(name)
		var held *HeldError
		if !errors.As(err, &held) {
			return l, err
		}
		if first {
			told(err)
		}
		if err := k.Pause(ctx); err != nil {
			return nil, err
		}
	}
}

// Pause waits for one beat, at most a second, before another Try. It returns the error of ctx if that ends first.
func (k *Keeper) Pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(k.term/beats, time.Second)):
		return nil
	}
}

// newest returns the highest generation of a name, 0 if it has none.
func (k *Keeper) newest(name string) (highest int, err error) {
	all, err := generations(k.dir, name)
	for _, g := range all {
		highest = max(highest, g)
	}
	return highest, err
}

// generations returns the generations of a name whose files exist, in no particular order.
func generations(dir, name string) (all []int, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), prefix(name))
		if g, err := strconv.Atoi(text); ok && err == nil && g > 0 && file(name, g) == e.Name() {
			all = append(all, g)
		}
	}
	return all, err
}

func prefix(name string) string               { return "." + name + ".lease-" }
func file(name string, generation int) string { return prefix(name) + strconv.Itoa(generation) }

// Lease is a name that this process holds.
type Lease struct {
	dir, name  string
	generation int
	f          *os.File
	term       time.Duration
	holder     string
	count      int       // of beats
	last       time.Time // of the last successful beat

	context context.Context
	cancel  context.CancelCauseFunc
	stop    chan struct{}
	done    sync.WaitGroup
}

// Context returns a context that is cancelled with ErrLost as its cause when the lease is lost.
func (l *Lease) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	under, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.context, func() { cancel(context.Cause(l.context)) })
	return under, func() { stop(); cancel(nil) }
}

// Lost reports whether the lease was lost.
func (l *Lease) Lost() bool { return l.context.Err() != nil }

// keep beats until the lease is released or lost.
func (l *Lease) keep() {
	defer l.done.Done()
	ticks := time.NewTicker(l.term / beats)
	defer ticks.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticks.C:
		}
		err := l.beat()
		late := time.Since(l.last) > l.term*7/10
		switch {
		case errors.Is(err, ErrLost), late: // late: another process may take the name at any moment
			l.cancel(ErrLost)
			return
		case err == nil:
			l.last = time.Now()
		}
	}
}

// beat changes the file, and returns ErrLost if the file no longer holds the name.
func (l *Lease) beat() error {
	l.count++
	if _, err := l.f.WriteAt([]byte(note{l.count, l.term, l.holder}.String()), 0); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join(l.dir, file(l.name, l.generation)))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrLost
	}
	if err != nil {
		return err
	}
	own, err := l.f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(there, own) {
		return ErrLost
	}
	if _, err := os.Stat(filepath.Join(l.dir, file(l.name, l.generation+1))); err == nil {
		return ErrLost
	}
	return nil
}

// Release frees the name if it is still held, and removes the folder if that leaves it empty.
func (l *Lease) Release() error {
	close(l.stop)
	l.done.Wait()
	lost := l.Lost()
	l.cancel(nil)
	if lost {
		return l.f.Close()
	}
	err := l.release()
	_ = os.Remove(l.dir) // fails unless the folder is empty
	return err
}

// release closes the file and removes all generations up to this one. This one goes last: until then the name
// is held.
func (l *Lease) release() error {
	err := l.f.Close()
	all, listed := generations(l.dir, l.name)
	err = errors.Join(err, listed)
	for _, g := range all {
		if g < l.generation {
			if e := os.Remove(filepath.Join(l.dir, file(l.name, g))); e != nil && !errors.Is(e, fs.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	if e := os.Remove(filepath.Join(l.dir, file(l.name, l.generation))); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

// note is the content of a lease's file.
type note struct {
	count  int // of beats
	term   time.Duration
	holder string
}

// String returns a line whose length does not depend on count, because the file is rewritten in place.
func (n note) String() string {
	return fmt.Sprintf("%012d %08dms %s\n", n.count, n.term.Milliseconds(), n.holder)
}

// maxNote is the most that is read of a file, in bytes.
const maxNote = 300

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxNote))
	return string(data), err
}

// parse reads a note. If content is not a note, the term is 0 and the holder is "another process".
func parse(content string) note {
	other := note{holder: "another process"}
	line, _, ok := strings.Cut(content, "\n")
	fields := strings.SplitN(line, " ", 3)
	if !ok || len(fields) != 3 || fields[2] == "" {
		return other
	}
	count, err := strconv.Atoi(fields[0])
	term, ok := strings.CutSuffix(fields[1], "ms")
	ms, e := strconv.Atoi(term)
	if err != nil || e != nil || !ok || count < 0 || ms < int(Shortest.Milliseconds()) || ms > int(Longest.Milliseconds()) {
		return other
	}
	return note{count, time.Duration(ms) * time.Millisecond, strings.ToValidUTF8(fields[2], "?")}
}
