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
	for _, name := range []string{"file/b", strings.Repeat("n", 256), strings.Repeat("n", 256) + "/b"} {
		if err := durable.CheckFolder(filepath.Join(dir, name)); err == nil {
			t.Errorf("%.20s: nothing is found wrong", name)
		}
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

// TestLinks: a symbolic link stays, and the file that it leads to is written, whether
// or not that existed.
func TestLinks(t *testing.T) {
	for _, c := range []struct {
		name  string
		links [][2]string // names and targets
		file  string      // the written file; "" if none can be written
	}{
		{"a file", [][2]string{{"link", "file"}}, "file"},
		{"no file yet", [][2]string{{"link", "new"}}, "new"},
		{"in another folder", [][2]string{{"link", "sub/new"}}, "sub/new"},
		{"a link to a link", [][2]string{{"link", "second"}, {"second", "new"}}, "new"},
		{"by way of a linked folder", [][2]string{{"folder", "sub"}, {"link", "folder/new"}}, "sub/new"},
		{"in no folder", [][2]string{{"link", "none/new"}}, ""},
		{"a circle", [][2]string{{"link", "second"}, {"second", "link"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
			if err := os.Mkdir(at("sub"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at("file"), []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, l := range c.links {
				if err := os.Symlink(filepath.FromSlash(l[1]), at(l[0])); err != nil {
					t.Fatal(err)
				}
			}
			checked := durable.CheckFile(at("link"))
			if c.file == "" {
				if checked == nil {
					t.Error("the check finds nothing wrong")
				}
				return
			}
			if checked != nil {
				t.Error(checked)
			}
			if err := durable.WriteFile(durable.OS, at("link"), func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(at(c.file)); err != nil || string(data) != "new" {
				t.Errorf("%q, %v", data, err)
			}
			if info, err := os.Lstat(at("link")); err != nil || info.Mode()&os.ModeSymlink == 0 {
				t.Error("the link is gone")
			}
		})
	}
}
