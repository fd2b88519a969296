package durable_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"multiscale/pkg/durable"
	"multiscale/pkg/durable/durabletest"
)

func content(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// For every failing step of a replacement and every kind of failure, the file holds the old or
// the new content in full, and the next run can clean up and write.
func TestWriteFileSurvivesEveryFault(t *testing.T) {
	old := []byte("old content")
	fresh := bytes.Repeat([]byte("new content "), 20_000) // several writes
	for _, fault := range durabletest.Faults {
		for at := 1; ; at++ {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := durable.WriteFile(durable.OS, path, content(old)); err != nil {
				t.Fatal(err)
			}
			faulty := &durabletest.FS{At: at, Fault: fault}
			err := durable.WriteFile(faulty, path, content(fresh))
			if !faulty.Fired() {
				if err != nil {
					t.Fatalf("no fault, but %v", err)
				}
				if at < 5 {
					t.Fatalf("only %d steps seen", at)
				}
				break
			}
			if err == nil {
				t.Errorf("%v at step %d: no error", fault, at)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, fresh) {
				t.Errorf("%v at step %d: %d bytes, %v", fault, at, len(got), err)
			}
			if _, err := durable.RemoveLeftovers(durable.OS, dir); err != nil {
				t.Error(err)
			}
			if err := durable.WriteFile(durable.OS, path, content(fresh)); err != nil {
				t.Error(err)
			}
			if names := list(t, dir); len(names) != 1 {
				t.Errorf("%v at step %d leaves %v", fault, at, names)
			}
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	cause := errors.New("cause")
	cases := []struct {
		name  string
		fs    durable.FS
		path  string
		write func(io.Writer) error
		is    error
		words string
	}{
		{"full disk", &durabletest.FS{At: 2, Fault: durabletest.NoSpace}, path, content([]byte("x")), syscall.ENOSPC, "free some space"},
		{"no folder", durable.OS, filepath.Join(path, "none", "file"), content(nil), os.ErrNotExist, "create its folder"},
		{"the writer's own error", durable.OS, path, func(io.Writer) error { return cause }, cause, "cause"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := durable.WriteFile(c.fs, c.path, c.write)
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), ".partial") {
				t.Errorf("names the temporary file: %v", err)
			}
		})
	}
}

func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".a.csv.12-1.partial", "a.csv", ".hidden", "b.partial", ".partial"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := durable.RemoveLeftovers(durable.OS, dir)
	if err != nil || len(removed) != 1 || removed[0] != ".a.csv.12-1.partial" {
		t.Errorf("%v, %v", removed, err)
	}
	if names := list(t, dir); len(names) != 4 {
		t.Errorf("left: %v", names)
	}
	if removed, err := durable.RemoveLeftovers(durable.OS, filepath.Join(dir, "none")); err != nil || removed != nil {
		t.Errorf("missing folder: %v, %v", removed, err)
	}
}

func TestReadFileLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 100), 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := durable.ReadFile(durable.OS, path, 100); err != nil || len(data) != 100 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := durable.ReadFile(durable.OS, path, 99); err == nil {
		t.Error("read beyond the limit")
	}
	if _, err := durable.ReadFile(durable.OS, filepath.Dir(path), 99); err == nil {
		t.Error("read a folder")
	}
}

func TestMkdirAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 {
		if err := durable.OS.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
}
