package lease

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func held(err error) bool {
	var h *HeldError
	return errors.As(err, &h)
}

// TestOneHolder: of many keepers that try a name at the same time, exactly one acquires it. The others learn who it is.
func TestOneHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "leases")
	var got atomic.Int32
	var winner *Lease
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			switch l, err := NewKeeper(dir, time.Minute).Try("x"); {
			case err == nil:
				got.Add(1)
				winner = l
			case !held(err):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Fatalf("%d have it", got.Load())
	}
	k := NewKeeper(dir, time.Minute)
	if _, err := k.Try("x"); err == nil || !strings.Contains(err.Error(), "x is held by process ") {
		t.Errorf("%v", err)
	}
	other, err := k.Try("y")
	must(t, err)
	must(t, other.Release())
	must(t, winner.Release())
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is left")
	}
	again, err := k.Try("x")
	must(t, err)
	must(t, again.Release())
}

// dies writes the file of a holder that does not beat.
func dies(t *testing.T, dir string, content string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, file("x", 1)), []byte(content), 0o666))
}

// TestTakeover: if a holder does not beat, exactly one of many waiting processes takes its lease over, and not before
// the term has passed. The file's time stamps do not matter.
func TestTakeover(t *testing.T) {
	for name, content := range map[string]string{"a note": note{3, Shortest, "process 1 on gone"}.String(), "died before its first beat": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			dies(t, dir, content)
			far := time.Now().Add(1000 * time.Hour) // the clock of its machine
			must(t, os.Chtimes(filepath.Join(dir, file("x", 1)), far, far))
			var got atomic.Int32
			var all sync.WaitGroup
			begin := time.Now()
			for range 8 {
				all.Go(func() {
					k := NewKeeper(dir, Shortest)
					for time.Since(begin) < 3*Shortest {
						l, err := k.Try("x")
						if err == nil {
							if since := time.Since(begin); since < Shortest {
								t.Errorf("taken over after %v", since)
							}
							got.Add(1)
							defer l.Release()
							time.Sleep(2 * Shortest)
							return
						}
						if !held(err) {
							t.Error(err)
						}
						time.Sleep(Shortest / 50)
					}
				})
			}
			all.Wait()
			if got.Load() != 1 {
				t.Errorf("%d took it over", got.Load())
			}
		})
	}
}

// TestBeats: a lease outlives its term while its holder lives.
func TestBeats(t *testing.T) {
	dir := t.TempDir()
	l, err := NewKeeper(dir, Shortest).Try("x")
	must(t, err)
	k := NewKeeper(dir, Shortest)
	for begin := time.Now(); time.Since(begin) < 2*Shortest; time.Sleep(Shortest / 20) {
		if _, err := k.Try("x"); !held(err) && !l.Lost() { // a busy machine may have kept it from beating
			t.Fatalf("after %v: %v", time.Since(begin), err)
		}
	}
	must(t, l.Release())
}

// TestLost: a holder learns that another one has its name, and does not disturb that one.
func TestLost(t *testing.T) {
	for name, take := range map[string]func(dir string) error{
		"taken over": func(dir string) error { return os.WriteFile(filepath.Join(dir, file("x", 2)), nil, 0o666) },
		"removed":    func(dir string) error { return os.Remove(filepath.Join(dir, file("x", 1))) },
		"made anew": func(dir string) error {
			path := filepath.Join(dir, file("x", 1))
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := NewKeeper(dir, Shortest).Try("x")
			must(t, err)
			ctx, cancel := l.Context(t.Context())
			defer cancel()
			must(t, take(dir))
			before, err := os.ReadDir(dir)
			must(t, err)
			select {
			case <-ctx.Done():
			case <-time.After(20 * Shortest):
				t.Fatal("it is not told")
			}
			if context.Cause(ctx) != ErrLost || !l.Lost() {
				t.Error(context.Cause(ctx))
			}
			must(t, l.Release())
			after, err := os.ReadDir(dir)
			if err != nil || len(after) != len(before) {
				t.Errorf("%v, then %v, %v", before, after, err)
			}
		})
	}
}

// TestWait: Wait acquires the name after its release, and ends with its context.
func TestWait(t *testing.T) {
	dir := t.TempDir()
	l, err := NewKeeper(dir, time.Minute).Try("x")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = NewKeeper(dir, Shortest).Wait(ctx, "x", func(error) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	next, err := NewKeeper(dir, Shortest).Wait(t.Context(), "x", func(err error) {
		if !held(err) {
			t.Error(err)
		}
		must(t, l.Release())
	})
	must(t, err)
	must(t, next.Release())
}

func FuzzParse(f *testing.F) {
	f.Add(note{7, time.Minute, "process 1 on a"}.String())
	f.Add("1 2ms x\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, content string) {
		n := parse(content)
		if n.holder == "" {
			t.Fatal("nobody")
		}
		if n.term == 0 {
			return
		}
		if n.term < Shortest || n.term > Longest {
			t.Fatal(n.term)
		}
		if again := parse(n.String()); again != n {
			t.Fatalf("%v became %v", n, again)
		}
	})
}
