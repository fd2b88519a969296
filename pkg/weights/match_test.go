package weights_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/weights"
)

// file makes a file of float32 tensors with shape (1). Tensor i has the value i.
func file(t *testing.T, names ...string) *weights.File {
	t.Helper()
	f := &weights.File{Tensors: map[string]weights.Tensor{}}
	for i, name := range names {
		tensor, err := weights.NewTensor([]int{1}, []float32{float32(i)})
		if err != nil {
			t.Fatal(err)
		}
		f.Tensors[name] = tensor
	}
	return f
}

func wants(names ...string) []weights.Want {
	var all []weights.Want
	for _, n := range names {
		all = append(all, weights.Want{Name: n, Shape: []int{1}})
	}
	return all
}

// TestTake: which names match, with which prefixes, and the errors for those that do not.
func TestTake(t *testing.T) {
	two := wants("a.weight", "a.bias")
	for name, c := range map[string]struct {
		file  []string
		wants []weights.Want
		want  string // first value of each, or words of the error
	}{
		"equal":                    {[]string{"a.weight", "a.bias"}, two, "0 1"},
		"another order":            {[]string{"a.bias", "a.weight"}, two, "1 0"},
		"module.":                  {[]string{"module.a.weight", "module.a.bias"}, two, "0 1"},
		"two prefixes":             {[]string{"module.net.a.weight", "module.net.a.bias"}, two, "0 1"},
		"other modules":            {[]string{"loss.weight", "model.a.weight", "model.a.bias"}, two, "1 2"},
		"names that end alike":     {[]string{"a.weight", "a.bias", "b.a.weight"}, two, "1 unexpected (b.a.weight)"},
		"a copy":                   {[]string{"a.weight", "a.bias", "b.a.weight", "b.a.bias"}, two, "2 unexpected (b.a.bias, b.a.weight)"},
		"two copies":               {[]string{"m.a.weight", "m.a.bias", "n.a.weight", "n.a.bias"}, two, "several times, with the prefixes m., n."},
		"no dot":                   {[]string{"xa.weight", "xa.bias"}, two, "2 missing (a.weight, a.bias); 2 unexpected (xa.bias, xa.weight)"},
		"missing":                  {[]string{"a.weight"}, two, "another network: 1 missing (a.bias)"},
		"missing under a prefix":   {[]string{"m.a.weight", "m.b"}, two, "1 missing (a.bias); 1 unexpected (m.b)"},
		"many missing":             {nil, wants("a", "b", "c", "d", "e", "f"), "6 missing (a, b, c, d and 2 more)"},
		"another shape":            {[]string{"a"}, []weights.Want{{Name: "a", Shape: []int{1, 1}}}, "1 of another shape (a is [1] instead of [1 1])"},
		"a name that is no name":   {[]string{"a", "b\n\x1b[2J"}, wants("a"), `1 unexpected ("b\n\x1b[2J")`},
		"a name that never ends":   {[]string{"a", strings.Repeat("x", 1000)}, wants("a"), strings.Repeat("x", 100) + "...)"},
		"nothing wanted, one held": {[]string{"a"}, nil, "1 unexpected (a)"},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := file(t, c.file...).Take(c.wants)
			var got []string
			for _, v := range values {
				got = append(got, fmt.Sprint(v[0]))
			}
			if s := strings.Join(got, " "); err == nil && s != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %v; want %s", s, err, c.want)
			}
		})
	}
}

// TestTakeValues: unrequested integers are ignored, requested ones are converted. NaN and infinity are errors.
func TestTakeValues(t *testing.T) {
	f, err := weights.Read(filepath.Join("testdata", "module.pth"))
	if err != nil {
		t.Fatal(err)
	}
	names := []weights.Want{{"conv.weight", []int{3, 2, 3, 3}}, {"conv.bias", []int{3}}, {"norm.weight", []int{3}}, {"norm.bias", []int{3}}, {"norm.running_mean", []int{3}}, {"norm.running_var", []int{3}}}
	values, err := f.Take(names)
	if err != nil || len(values) != 6 || len(values[0]) != 54 || !slices.Equal(values[5], []float32{1, 1, 1}) {
		t.Errorf("%v, %v", values, err)
	}
	if values, err = f.Take(append(names, weights.Want{Name: "norm.num_batches_tracked", Shape: []int{}})); err != nil || !slices.Equal(values[6], []float32{0}) {
		t.Errorf("%v, %v", values, err)
	}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		tensor, err := weights.NewTensor([]int{2}, []float32{1, v})
		if err != nil {
			t.Fatal(err)
		}
		f := &weights.File{Tensors: map[string]weights.Tensor{"a": tensor}}
		if _, err := f.Take([]weights.Want{{Name: "a", Shape: []int{2}}}); err == nil || !strings.Contains(err.Error(), "tensor a: it holds") {
			t.Errorf("%v: %v", v, err)
		}
	}
	for element, want := range map[string]string{"F64": "beyond the range of float32", "I64": "float32 holds exactly", "C64": "complex"} {
		header := fmt.Sprintf(`{"a":{"dtype":%q,"shape":[1],"data_offsets":[0,8]}}`, element)
		data := safetensors(header, 8)
		copy(data[len(data)-8:], "\x00\x00\x00\x00\x00\x00\x00\x7f")
		f, err := weights.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Take(wants("a")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", element, err)
		}
	}
}
