package reference_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/npy"
	"multiscale/pkg/reference"
)

func TestReadArray(t *testing.T) {
	const header = "\x93NUMPY\x01\x00\x40\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }    \n"
	file := filepath.Join(t.TempDir(), "a.npy")
	for _, tc := range []struct {
		text, words string
	}{
		{header + "\x00\x00\x80\x3f\x00\x00\x00\xbf", ""},
		{strings.Replace(header, "<f4", "<u2", 1) + "\x01\x00\x02\x00", "not float32"},
		{"no array", "not an .npy file"},
	} {
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := reference.ReadArray(file)
		switch {
		case tc.words != "":
			if err == nil || !strings.Contains(err.Error(), tc.words) || !strings.HasPrefix(err.Error(), file) {
				t.Errorf("error %v, want one of %s with %q", err, file, tc.words)
			}
		case err != nil || !slices.Equal(a.Shape, []int{1, 2}) || !slices.Equal(a.Data, []float32{1, -0.5}):
			t.Errorf("read as %v, %v", a, err)
		}
	}
}

// array returns the content of a .npy file with the given values.
func array(t *testing.T, values ...float32) string {
	t.Helper()
	var file strings.Builder
	if err := npy.Encode(&file, []int{len(values)}, values); err != nil {
		t.Fatal(err)
	}
	return file.String()
}
