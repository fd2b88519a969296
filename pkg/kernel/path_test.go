package kernel

import (
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	paths := supported()
	if got, err := choose(""); got != paths[len(paths)-1] || err != nil {
		t.Errorf("no value: path %q, error %v, want the best of %v", got, err, paths)
	}
	for _, value := range append([]string{"sse", "AVX2", " avx2", "portable,avx2"}, known...) {
		got, err := choose(value)
		switch {
		case slices.Contains(paths, value):
			if got != value || err != nil {
				t.Errorf("%q: path %q, error %v", value, got, err)
			}
		case got != "" || err == nil:
			t.Errorf("%q: path %q without an error", value, got)
		case strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), PathVariable) || !strings.Contains(err.Error(), value):
			t.Errorf("%q: error %q is not one line with the variable and its value", value, err)
		}
	}
}

// TestRefusal: with a wrong path the error comes at the first use, not before.
func TestRefusal(t *testing.T) {
	defer func(p string, err error) { path, pathError = p, err }(path, pathError)
	path, pathError = choose("sse")
	chosen := Choose(map[string]*int{Portable: new(int)})
	if Path() != "" || Check() == nil {
		t.Errorf("path %q, error %v", Path(), Check())
	}
	defer func() {
		if recover() != Check() {
			t.Error("the use did not panic with the error")
		}
	}()
	chosen.Active()
}
