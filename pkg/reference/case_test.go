package reference_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/reference"
)

func TestCompare(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tol := func(v float64) *float64 { return &v }
	for name, tc := range map[string]struct {
		got, want []float32
		abs, rel  *float64
		ok        bool
	}{
		"equal":                  {[]float32{1, 2}, []float32{1, 2}, tol(0), tol(0), true},
		"zeros":                  {[]float32{0, 0}, []float32{0, 0}, tol(0), tol(0), true},
		"within":                 {[]float32{1.5, 2}, []float32{1, 2}, tol(0.5), tol(0.5), true},
		"largest difference":     {[]float32{1.5, 2}, []float32{1, 2}, tol(0.4), nil, false},
		"norm":                   {[]float32{1.5, 2}, []float32{1, 2}, tol(1), tol(0.2), false},
		"norm only":              {[]float32{1.5, 2}, []float32{1, 2}, nil, tol(0.23), true},
		"no relative tolerance":  {[]float32{3, 0}, []float32{0, 0}, tol(3), nil, true},
		"relative to zero":       {[]float32{3, 0}, []float32{0, 0}, tol(3), tol(1), false},
		"length":                 {[]float32{1}, []float32{1, 2}, tol(1), nil, false},
		"NaN":                    {[]float32{1, nan, 3}, []float32{1, 2, 3}, tol(9), tol(9), false},
		"NaN expected":           {[]float32{1}, []float32{nan}, tol(9), nil, false},
		"infinity":               {[]float32{inf}, []float32{inf}, tol(9), nil, false},
		"no tolerance":           {[]float32{1}, []float32{1}, nil, nil, false},
		"difference after a NaN": {[]float32{nan, 5}, []float32{1, 2}, tol(9), nil, false},
	} {
		if err := reference.Compare(tc.got, tc.want, tc.abs, tc.rel); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// minimal returns a case.json with the given list of files.
func minimal(files string) string {
	return `{"id": "ops/relu", "kind": "unary", "hyper_parameters": {"function": "relu"}, "files": [` + files + `]}`
}

func TestDecodeCase(t *testing.T) {
	c, err := reference.DecodeCase([]byte(minimal(`
		{"file": "../silu/x.npy", "role": "input", "name": "x", "shape": [2, 3]},
		{"file": "y.npy", "role": "expected", "shape": [3], "tol_max_abs": 0, "tol_rel_l2": null,
		 "sampling": {"full_shape": [2, 3], "numel": 6, "stride": 2}}`)))
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Function string }
	if err := c.Decode(&h); err != nil || h.Function != "relu" {
		t.Errorf("hyper-parameters %+v, error %v", h, err)
	}
	if err := c.Decode(new(struct{})); err == nil {
		t.Error("an unknown hyper-parameter is no error")
	}
	y := c.Expected("y.npy")
	if y == nil || y.TolRelL2 != nil || *y.TolMaxAbs != 0 || y.Sampling.Stride != 2 {
		t.Errorf("y.npy read as %+v", y)
	}
}

func TestDecodeCaseErrors(t *testing.T) {
	input := func(path string) string {
		return minimal(`{"file": "` + path + `", "role": "input", "shape": [1]}`)
	}
	expected := func(rest string) string { return minimal(`{"file": "y.npy", "role": "expected", ` + rest + `}`) }
	for name, tc := range map[string]struct{ json, want string }{
		"no JSON":           {"case", "invalid character"},
		"two values":        {minimal("") + "{}", "more than one"},
		"no kind":           {`{"id": "a/b"}`, "no kind"},
		"id":                {`{"id": "ab", "kind": "x"}`, "group/name"},
		"deep id":           {`{"id": "a/b/c", "kind": "x"}`, "group/name"},
		"leaving id":        {`{"id": "../b", "kind": "x"}`, "group/name"},
		"absolute path":     {input("/etc/passwd"), "inside"},
		"leaving path":      {input("../../../x.npy"), "inside"},
		"hidden leaving":    {input("a/../../../../x.npy"), "inside"},
		"backslash":         {input(`..\\..\\..\\x.npy`), "inside"},
		"drive":             {input("C:x.npy"), "inside"},
		"role":              {minimal(`{"file": "y.npy", "role": "output", "shape": [1]}`), "role"},
		"no tolerance":      {expected(`"shape": [1]`), "no tolerance"},
		"bad tolerance":     {expected(`"shape": [1], "tol_max_abs": -1`), "tolerance"},
		"empty shape":       {expected(`"shape": [0], "tol_max_abs": 1`), "empty dimension"},
		"huge shape":        {expected(`"shape": [4294967296, 4294967296], "tol_max_abs": 1`), "elements"},
		"sampling":          {expected(`"shape": [3], "tol_max_abs": 1, "sampling": {"full_shape": [8], "numel": 8, "stride": 2}`), "fit together"},
		"stride":            {expected(`"shape": [3], "tol_max_abs": 1, "sampling": {"full_shape": [8], "numel": 8, "stride": 0}`), "fit together"},
		"twice":             {minimal(`{"file": "x", "role": "input"}, {"file": "x", "role": "input"}`), "twice"},
		"parameter path":    {`{"id": "a/b", "kind": "x", "parameters_in_order": [{"name": "w", "file": "../../../w", "shape": [1]}]}`, "inside"},
		"nameless":          {`{"id": "a/b", "kind": "x", "parameters_in_order": [{"shape": [1]}]}`, "name"},
		"parameter's shape": {`{"id": "a/b", "kind": "x", "parameters_in_order": [{"name": "w", "shape": [-1]}]}`, "dimension"},
	} {
		if _, err := reference.DecodeCase([]byte(tc.json)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func FuzzDecodeCase(f *testing.F) {
	f.Add([]byte(minimal(`{"file": "../a/x.npy", "role": "input", "name": "x", "shape": [2, 3]}`)))
	f.Add([]byte(minimal(`{"file": "y.npy", "role": "expected", "shape": [3], "tol_max_abs": 1, "sampling": {"full_shape": [2, 3], "numel": 6, "stride": 2}}`)))
	root := filepath.Join(string(filepath.Separator), "reference")
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := reference.DecodeCase(data)
		if err != nil {
			return
		}
		for _, file := range c.Files {
			at := filepath.Join(root, filepath.FromSlash(c.ID+"/"+file.Path))
			if rel, err := filepath.Rel(root, at); err != nil || strings.HasPrefix(rel, "..") {
				t.Errorf("case %q: file %q leaves the folder", c.ID, file.Path)
			}
		}
	})
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	if _, err := reference.Load(folder); err == nil {
		t.Error("an empty folder is no error")
	}
	if _, err := reference.Load(filepath.Join(folder, "missing")); err == nil {
		t.Error("a missing folder is no error")
	}
	write(t, filepath.Join(folder, "README.md"), "about")
	write(t, filepath.Join(folder, "ops", "relu", "case.json"), minimal(""))
	if err := os.MkdirAll(filepath.Join(folder, "ops", "unfinished"), 0o755); err != nil {
		t.Fatal(err)
	}
	cases, err := reference.Load(folder)
	if err != nil || len(cases) != 1 || cases[0].ID != "ops/relu" {
		t.Errorf("cases %v, error %v", cases, err)
	}
	write(t, filepath.Join(folder, "ops", "silu", "case.json"), minimal(""))
	if _, err := reference.Load(folder); err == nil || !strings.Contains(err.Error(), "the id is") {
		t.Errorf("a case in the folder of another: error %v", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
