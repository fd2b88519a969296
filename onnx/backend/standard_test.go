package backend_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
)

// standardTests is the environment variable for a folder of ONNX's own operator tests. At any depth it has folders with
// model.onnx, test_data_set_N/input_K.pb and output_K.pb.
const standardTests = "ONNX_NODE_TESTS"

// minRight is the smallest number of tests, among those whose operators the backend lists, that must be right. None may be
// wrong.
const minRight = 1000

// Tolerances of ONNX's own test runner.
const absolute, relative = 1e-7, 1e-3

// TestStandard runs ONNX's own tests. With -v it lists the refused ones with reasons.
func TestStandard(t *testing.T) {
	root := os.Getenv(standardTests)
	if root == "" {
		t.Skipf("%s is not set", standardTests)
	}
	models, err := standardModels(root)
	if err != nil {
		t.Fatal(err)
	}
	right, refused, wrong := 0, 0, 0
	for _, path := range models {
		name, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnx.Decode(data)
		if err != nil || !listed(m) {
			continue
		}
		switch err, bad := judge(m, filepath.Dir(path)); {
		case bad:
			wrong++
			t.Errorf("%s is wrong: %v", name, err)
		case err != nil:
			refused++
			t.Logf("%s is refused: %v", name, err)
		default:
			right++
		}
	}
	t.Logf("%d right, %d wrong, %d refused", right, wrong, refused)
	if right < minRight {
		t.Errorf("%d are right, want %d", right, minRight)
	}
}

func standardModels(root string) (models []string, err error) {
	err = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Name() == "model.onnx" {
			models = append(models, path)
		}
		return err
	})
	return models, err
}

// listed reports whether the backend lists all operators of a model.
func listed(m *onnx.Model) bool {
	return !slices.ContainsFunc(m.Graph.Nodes, func(n *onnx.Node) bool {
		return n.Domain != "" || !slices.Contains(backend.Operators(), n.Op)
	})
}

// judge runs all data sets of a test. A wrong result makes the test bad; any other error is a refusal.
func judge(m *onnx.Model, folder string) (err error, bad bool) {
	loaded, err := backend.New(m)
	if err != nil {
		return err, false
	}
	sets, err := filepath.Glob(filepath.Join(folder, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return fmt.Errorf("no test data (%v)", err), false
	}
	for _, set := range sets {
		inputs := map[string]onnx.Value{}
		for i, in := range m.Graph.Feeds() {
			if inputs[in.Name], err = dataFile(set, "input", i); err != nil {
				return err, false
			}
		}
		results, err := loaded.Run(inputs)
		if err != nil {
			return err, false
		}
		for i, out := range m.Graph.Outputs {
			want, err := dataFile(set, "output", i)
			if err != nil {
				return err, false
			}
			if err := close(results[out.Name], want); err != nil {
				return fmt.Errorf("%s: %w", out.Name, err), true
			}
		}
	}
	return nil, false
}

func dataFile(set, kind string, i int) (v onnx.Value, err error) {
	data, err := os.ReadFile(filepath.Join(set, fmt.Sprintf("%s_%d.pb", kind, i)))
	if err != nil {
		return v, err
	}
	t, err := onnx.DecodeTensor(data)
	if err != nil {
		return v, err
	}
	for _, d := range t.Dims {
		v.Shape = append(v.Shape, int(d))
	}
	if v.Data, err = t.Numbers(); err == nil {
		return v, nil
	}
	whole, err := t.Integers()
	for _, x := range whole {
		v.Data = append(v.Data, float32(x))
	}
	return v, err
}

func close(got, want onnx.Value) error {
	if !slices.Equal(got.Shape, want.Shape) {
		return fmt.Errorf("shape %v, want %v", got.Shape, want.Shape)
	}
	for i, w := range want.Data {
		g := got.Data[i]
		if d := math.Abs(float64(g) - float64(w)); !(d <= absolute+relative*math.Abs(float64(w))) && g != w && !(g != g && w != w) {
			return fmt.Errorf("element %d is %v, want %v", i, g, w)
		}
	}
	return nil
}
