package durable_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/durable"
)

func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{"new", ""},
		{"file", ""},
		{strings.Repeat("n", 255), ""},
		{strings.Repeat("n", 256), "a name of 256 bytes"},
		{".", "a folder"},
		{"none/new", "there is no folder"},
		{"file/new", "not a folder"},
	} {
		err := durable.CheckFile(filepath.Join(dir, c.path))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20s: %v, want %q", c.path, err, c.want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := durable.CheckFolder(filepath.Join(dir, "a", "b")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the check left %v, %v", entries, err)
	}
	if err := durable.CheckFolder(filepath.Join(dir, "file", "b")); err == nil {
		t.Error("a folder in a file")
	}
}

// TestLongNames: a name may be as long as the system allows.
func TestLongNames(t *testing.T) {
	for _, n := range []int{1, 199, 200, 230, 255} {
		path := filepath.Join(t.TempDir(), strings.Repeat("n", n))
		if err := durable.WriteFile(durable.OS, path, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestLinks: a symbolic link stays, and its file is replaced.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := durable.WriteFile(durable.OS, link, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "new" {
		t.Errorf("%q, %v", data, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
}
