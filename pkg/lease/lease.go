// Package lease shares out names among processes that share nothing but a folder, also one on NFS: at
// most one process holds a name, and when it dies another one takes over.
//
// A lease is a file NAME.lease-G that its holder made with O_EXCL and rewrites in place every beat.
// A process that waits for the name watches the file: where it has not changed for the holder's
// whole term, the holder is gone, and the first process to make NAME.lease-(G+1) holds the name.
// Nothing is renamed or removed to take over, so two cannot both succeed.
//
// Times are differences of each machine's own monotonic clock, so clocks may differ by any amount.
// They have to run at the same rate within a tenth, which real ones do by far. A process that cannot beat
// for 7/10 of its term (it was stopped, or the server does not answer) counts its lease as lost; one that wakes
// up after that may do a last thing before it knows. So what is done under a lease must bear being done twice;
// training does, as the bytes are the same.
//
// Of NFS it needs O_EXCL (version 3 or later), and that a file that is opened is read as it is on
// the server (close-to-open consistency, which is usual). Folders may be listed from a cache: a
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

// The bounds of a term.
const (
	Shortest = time.Second
	Longest  = time.Hour
)

// beats is how many beats a term has.
const beats = 5

// ErrLost is the cause of the context of a lease that was lost.
var ErrLost = errors.New("the lease was lost to another process")

// HeldError says that another process holds a name.
type HeldError struct{ Name, Holder string }

func (e *HeldError) Error() string { return fmt.Sprintf("%s is held by %s", e.Name, e.Holder) }

// Keeper acquires leases in a folder. It remembers what it has seen of those of others, so that an
// expired one is known when the name is tried again. It is not safe for concurrent use.
type Keeper struct {
	dir  string
	term time.Duration
	seen map[string]sighting
}

// sighting is what a lease's file was when it was seen first, and when that was.
type sighting struct {
	generation int
	content    string
	since      time.Time
}

// NewKeeper returns a keeper of leases in dir, which is made when it is needed. term is how long a lease
// outlives its holder, Shortest to Longest.
func NewKeeper(dir string, term time.Duration) *Keeper {
	return &Keeper{dir: dir, term: min(max(term, Shortest), Longest), seen: map[string]sighting{}}
}

// Try acquires a name if it is free or its holder is gone, and else returns a *HeldError. Whether the
// holder is gone follows from earlier calls for the name: no call says so before a term has passed since the first.
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
	if errors.Is(err, fs.ErrNotExist) { // released since
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
	if term == 0 { // not written yet
		term = k.term
	}
	if now.Sub(s.since) > term {
		return nil, nil
	}
	return &HeldError{name, note.holder}, nil
}

// make makes the file of a generation. Another process may be faster.
func (k *Keeper) make(name string, generation int) (*Lease, error) {
	path := filepath.Join(k.dir, file(name, generation))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) { // or the folder has gone, being empty
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

// Wait acquires a name, and waits while another process holds it. told is called once with its
// *HeldError.
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

// Pause waits for as long as makes sense before another Try.
func (k *Keeper) Pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(k.term/beats, time.Second)):
		return nil
	}
}

// newest is the highest generation of a name; 0 where there is none.
func (k *Keeper) newest(name string) (highest int, err error) {
	all, err := generations(k.dir, name)
	for _, g := range all {
		highest = max(highest, g)
	}
	return highest, err
}

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
	count      int
	last       time.Time // of a beat

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
		case errors.Is(err, ErrLost), late: // it may be another one's by now, or in a moment
			l.cancel(ErrLost)
			return
		case err == nil:
			l.last = time.Now()
		}
	}
}

// beat changes the file, and looks whether it still stands for the name.
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

// Release frees the name, if it is still held. The folder is removed with its last lease.
func (l *Lease) Release() error {
	close(l.stop)
	l.done.Wait()
	lost := l.Lost()
	l.cancel(nil)
	if lost {
		return l.f.Close()
	}
	err := l.release()
	_ = os.Remove(l.dir) // while it holds anything, this fails
	return err
}

// release removes the files of all generations up to the own one, which is the last.
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

// String is a line of a length that does not depend on count, as the file is rewritten in place.
func (n note) String() string {
	return fmt.Sprintf("%012d %08dms %s\n", n.count, n.term.Milliseconds(), n.holder)
}

// maxNote bounds what is read of a file, in bytes.
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

// parse reads a note; where it is not one, term is 0.
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
