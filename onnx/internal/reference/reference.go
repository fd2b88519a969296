// Package reference finds and reads the stored models, inputs and outputs that tests
// compare with.
package reference

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"multiscale/onnx"
)

// Case is one stored case: a folder with its case.json.
type Case struct {
	ID        string         `json:"id"`
	Opset     int64          `json:"opset"`
	Operators map[string]int `json:"operators"`
	Graph     map[string]any `json:"graph_inputs"`
	Files     []struct {
		File   string   `json:"file"`
		Role   string   `json:"role"`
		TolMax *float64 `json:"tol_max_abs"`
	} `json:"files"`

	dir string
}

// Path returns the path of one of the case's files.
func (c *Case) Path(file string) string { return filepath.Join(c.dir, file) }

// Inputs returns the names of the model's inputs.
func (c *Case) Inputs() []string { return slices.Sorted(maps.Keys(c.Graph)) }

// Expected returns the files that hold expected outputs.
func (c *Case) Expected() (files []string) {
	for _, f := range c.Files {
		if f.Role == "expected" {
			files = append(files, f.File)
		}
	}
	return files
}

// Compare runs the case's inputs and compares with its expected outputs.
func (c *Case) Compare(t *testing.T, run func(map[string]onnx.Value) (map[string]onnx.Value, error)) {
	t.Helper()
	for _, file := range c.Expected() {
		// y.npy comes from x.npy, y_second.npy from x_second.npy.
		suffix := strings.TrimPrefix(strings.TrimSuffix(file, ".npy"), "y")
		inputs := map[string]onnx.Value{}
		for _, name := range c.Inputs() {
			inputs[name] = c.Array(t, name+suffix+".npy")
		}
		out, err := run(inputs)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		worst, err := onnx.Difference(out["y"], c.Array(t, file))
		if tol := c.Tolerance(t, file); err != nil || !(worst <= tol) {
			t.Errorf("%s: largest difference %g, allowed is %g (%v)", file, worst, tol, err)
		}
	}
}

// Tolerance is the largest absolute difference that the case allows in an expected file.
func (c *Case) Tolerance(t *testing.T, file string) float64 {
	t.Helper()
	for _, f := range c.Files {
		if f.File == file && f.TolMax != nil {
			return *f.TolMax
		}
	}
	t.Fatalf("%s: no tolerance for %s", c.ID, file)
	return 0
}

// Cases returns the cases of a group, say "onnx", from REFERENCE_DIR, else from
// ../shared/reference seen from the module's root, else from the few that are kept in onnx/testdata.
// A REFERENCE_DIR without such cases fails the test.
func Cases(t testing.TB, group string) []*Case {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	folder := filepath.Join(filepath.Dir(here), "..", "..")
	root, set := os.LookupEnv("REFERENCE_DIR")
	if !set {
		root = filepath.Join(folder, "..", "..", "shared", "reference")
		if _, err := os.Stat(root); err != nil {
			root = filepath.Join(folder, "testdata", "reference")
		}
	}
	files, err := filepath.Glob(filepath.Join(root, group, "*", "case.json"))
	if err != nil || root == "" || len(files) == 0 {
		t.Fatalf("no reference cases in %q (REFERENCE_DIR=%q): %v", filepath.Join(root, group), os.Getenv("REFERENCE_DIR"), err)
	}
	var cases []*Case
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &Case{dir: filepath.Dir(file)}
		if err := json.Unmarshal(data, c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, c)
	}
	return cases
}

var (
	shapeOf = regexp.MustCompile(`'shape': \(([0-9, ]*)\)`)
	plainC  = regexp.MustCompile(`'descr': '<f4'.*'fortran_order': False`)
)

// Array reads one of the case's .npy files, which hold float32 in C order.
func (c *Case) Array(t testing.TB, file string) onnx.Value {
	t.Helper()
	v, err := readArray(c.Path(file))
	if err != nil {
		t.Fatalf("%s: %v", c.Path(file), err)
	}
	return v
}

func readArray(path string) (v onnx.Value, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	if len(data) < 10 || !bytes.HasPrefix(data, []byte("\x93NUMPY\x01")) {
		return v, fmt.Errorf("not a .npy file of format 1")
	}
	end := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	header := data[10:min(end, len(data))]
	m := shapeOf.FindSubmatch(header)
	if m == nil || !plainC.Match(header) {
		return v, fmt.Errorf("header %q is not that of float32 in C order", header)
	}
	size := 1
	for _, s := range strings.FieldsFunc(string(m[1]), func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return v, err
		}
		v.Shape, size = append(v.Shape, n), size*n
	}
	if len(data)-end != 4*size {
		return v, fmt.Errorf("%d bytes of data for shape %v", len(data)-end, v.Shape)
	}
	v.Data = make([]float32, size)
	for i := range v.Data {
		v.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[end+4*i:]))
	}
	return v, nil
}
