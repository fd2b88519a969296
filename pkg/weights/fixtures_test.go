package weights_test

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/weights"
)

// fixture is a file written by PyTorch 2.15 or safetensors. It has the values that PyTorch reads from the file as
// float32, or words of the expected error.
type fixture struct {
	File, What  string
	Error, Part string
	Metadata    map[string]string
	Tensors     []struct {
		Name    string
		Shape   []int
		Element string
		Values  []any // numbers; "inf", "-inf"; nil for NaN; nil as a whole for complex numbers
	}
}

func fixtures(t testing.TB) []fixture {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []fixture
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFixtures reads all layouts that PyTorch writes.
func TestFixtures(t *testing.T) {
	for _, c := range fixtures(t) {
		t.Run(c.File, func(t *testing.T) {
			f, err := weights.Read(filepath.Join("testdata", c.File))
			if c.Error != "" {
				if err == nil || !strings.Contains(err.Error(), c.Error) || !strings.Contains(err.Error(), c.File) {
					t.Errorf("%v, want %q", err, c.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Part != c.Part || !maps.Equal(f.Metadata, c.Metadata) || len(f.Tensors) != len(c.Tensors) {
				t.Errorf("part %q, metadata %v, tensors %v", f.Part, f.Metadata, f.Names())
			}
			for _, want := range c.Tensors {
				got := f.Tensors[want.Name]
				if !slices.Equal(got.Shape, want.Shape) || got.Element.String() != want.Element {
					t.Errorf("%s is %v of %v, want %v of %v", want.Name, got.Shape, got.Element, want.Shape, want.Element)
					continue
				}
				values, err := got.Floats()
				if want.Values == nil {
					if err == nil {
						t.Errorf("%s: complex numbers are read as %v", want.Name, values)
					}
					continue
				}
				if err != nil || len(values) != len(want.Values) {
					t.Errorf("%s: %d values (%v), want %d", want.Name, len(values), err, len(want.Values))
					continue
				}
				for i, v := range values {
					if !equal(v, want.Values[i]) {
						t.Errorf("%s[%d] is %v, want %v", want.Name, i, v, want.Values[i])
					}
				}
			}
		})
	}
}

func equal(got float32, want any) bool {
	switch want := want.(type) {
	case nil:
		return got != got
	case float64:
		return got == float32(want)
	case string:
		return map[string]float64{"inf": math.Inf(1), "-inf": math.Inf(-1)}[want] == float64(got)
	}
	return false
}

// TestCut truncates every file to 500 lengths: each is an error, and none panics.
func TestCut(t *testing.T) {
	for _, c := range fixtures(t) {
		data, err := os.ReadFile(filepath.Join("testdata", c.File))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(data); n += 1 + len(data)/500 {
			if _, err := weights.Decode(data[:n:n]); err == nil {
				t.Errorf("%s: the first %d of %d bytes are read", c.File, n, len(data))
			}
		}
	}
}
