package runtime

import (
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
)

// put makes an empty file with the name of a library.
func put(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	if goruntime.GOOS != "linux" || goruntime.GOARCH != "amd64" {
		t.Skip("the names of folders and files here are those of Linux on amd64")
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv(Variable, "")
	put(t, filepath.Join(root, "module", "go.mod"))
	inside := filepath.Join(root, "module", "a", "b")
	if err := os.MkdirAll(inside, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inside)
	library := filepath.Join("node_modules", "onnxruntime-node", "bin", "napi-v6", "linux", "x64", "libonnxruntime.so.1")
	expect := func(want string) {
		t.Helper()
		if got, err := Find(""); err != nil || got != want {
			t.Errorf("found %q (%v), want %q", got, err, want)
		}
	}

	// Each place has precedence over the previous ones.
	put(t, filepath.Join(root, library)) // above the module: not searched
	elsewhere := filepath.Join(root, "lib")
	t.Setenv("LD_LIBRARY_PATH", elsewhere)
	expect(put(t, filepath.Join(elsewhere, "libonnxruntime.so.1.30.0")))
	expect(put(t, filepath.Join(root, "cache", "multiscale", "onnxruntime", library)))
	expect(put(t, filepath.Join(root, "module", library)))
	expect(put(t, filepath.Join(inside, strings.Replace(library, "v6", "v3", 1))))
	expect(put(t, filepath.Join(inside, strings.Replace(library, "v6", "v10", 1))))
	byVariable := put(t, filepath.Join(root, "variable.so"))
	t.Setenv(Variable, byVariable)
	expect(byVariable)
	explicit := put(t, filepath.Join(root, "explicit.so"))
	if got, err := Find(explicit); err != nil || got != explicit {
		t.Errorf("found %q (%v)", got, err)
	}

	// A named library must load.
	for _, path := range []string{filepath.Join(root, "none.so"), root} {
		if _, err := Find(path); err == nil || !strings.Contains(err.Error(), path) || errors.Is(err, ErrUnavailable) {
			t.Errorf("Find(%q): %v", path, err)
		}
	}
	t.Setenv(Variable, filepath.Join(root, "none.so"))
	if _, err := Find(""); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("wrong %s: %v", Variable, err)
	}
}

func TestFindNothing(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv(Variable, "")
	t.Chdir(t.TempDir())
	for _, dir := range systemFolders() {
		if libraryIn(dir) != "" {
			t.Logf("the library is installed in %s, so there is no fruitless search to test", dir)
			return
		}
	}
	_, err := Find("")
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "npm install") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
}
