package experiment

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// TestCommitOfModule: a program of another module records the commit of the tree from which
// it is built, never that of another repository.
func TestCommitOfModule(t *testing.T) {
	tree := func(name string) string {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, ".git"), 0o777); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{".git/HEAD": "abc\n", "go.mod": "module " + name + "\n\ngo 1.26.0\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for name, c := range map[string]struct {
		m    debug.Module
		want string
	}{
		"version":          {debug.Module{Version: "v1.2.0"}, "v1.2.0"},
		"replaced version": {debug.Module{Replace: &debug.Module{Version: "v1.3.0"}}, "v1.3.0"},
		"tree":             {debug.Module{Replace: &debug.Module{Path: tree(module), Version: "(devel)"}}, "abc"},
		"another tree":     {debug.Module{Replace: &debug.Module{Path: tree("other"), Version: "(devel)"}}, "unknown"},
		"no tree":          {debug.Module{Replace: &debug.Module{Path: t.TempDir()}}, "unknown"},
	} {
		if got := commitOfModule(&c.m); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if module+"/pkg/experiment" != "multiscale/pkg/experiment" {
		t.Errorf("module is %q", module)
	}
}
