// Package stored reads the models of the reference data for tests, with their inputs and
// outputs. Another program exported them.
package stored

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/pkg/reference"
)

// Kind is the kind of the cases of reference data that this package reads.
const Kind = "onnx"

// Case is a model with inputs and outputs.
type Case struct {
	*reference.Case
	Path string // of the model
}

// Cases returns the models of the reference data or, if these are missing, the few in
// onnx/testdata. A REFERENCE_DIR without models fails the test.
func Cases(t testing.TB) []*Case {
	t.Helper()
	folder, err := reference.Locate()
	if err != nil {
		t.Fatal(err)
	}
	if folder == "" {
		_, here, _, _ := runtime.Caller(0)
		folder = filepath.Join(filepath.Dir(here), "..", "..", "testdata", "reference")
		t.Logf("%s is not set and ../shared/reference is not there: only the models in onnx/testdata are tested", reference.Variable)
	}
	all, err := reference.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*Case
	for _, c := range all {
		if c.Kind == Kind {
			cases = append(cases, &Case{c, filepath.Join(folder, filepath.FromSlash(c.ID), "model.onnx")})
		}
	}
	if len(cases) == 0 {
		t.Fatalf("%s holds no case of kind %q", folder, Kind)
	}
	return cases
}

// Bytes returns the bytes of the model's file.
func (c *Case) Bytes(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Compare runs the case's inputs and compares the results with its outputs. The suffix says
// which belong together: y.npy to x.npy (and t.npy), y_second.npy to x_second.npy.
func (c *Case) Compare(t *testing.T, run func(map[string]onnx.Value) (map[string]onnx.Value, error)) {
	t.Helper()
	for _, f := range c.Files {
		if f.Role != reference.Expected {
			continue
		}
		name, suffix := split(f.Path)
		inputs := map[string]onnx.Value{}
		for _, in := range c.Files {
			if base, s := split(in.Path); in.Role == reference.Input && len(in.Shape) > 0 && s == suffix {
				inputs[base] = c.read(t, in)
			}
		}
		out, err := run(inputs)
		if err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		if err := reference.Compare(out[name].Data, c.read(t, f).Data, f.TolMaxAbs, f.TolRelL2); err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
}

// split splits x_second.npy into x and _second.
func split(file string) (name, suffix string) {
	name = strings.TrimSuffix(file, ".npy")
	if i := strings.IndexByte(name, '_'); i >= 0 {
		name, suffix = name[:i], name[i:]
	}
	return name, suffix
}

func (c *Case) read(t *testing.T, f reference.File) onnx.Value {
	t.Helper()
	a, err := c.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return onnx.Value{Shape: a.Shape, Data: a.Data}
}
