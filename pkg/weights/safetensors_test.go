package weights_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/weights"
)

// named returns the tensors of a file, sorted by name.
func named(f *weights.File) []weights.Named {
	var all []weights.Named
	for _, name := range f.Names() {
		all = append(all, weights.Named{Name: name, Tensor: f.Tensors[name]})
	}
	return all
}

// TestWriteSafetensors: a written file has the same tensors, for every element type and memory order, and equal calls
// write equal bytes.
func TestWriteSafetensors(t *testing.T) {
	for _, c := range fixtures(t) {
		if c.Error != "" || c.File == "complex.pth" {
			continue
		}
		t.Run(c.File, func(t *testing.T) {
			f, err := weights.Read(filepath.Join("testdata", c.File))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			first, second := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			for _, path := range []string{first, second} {
				if err := weights.WriteSafetensors(path, named(f), f.Metadata); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(first)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := os.ReadFile(second); err != nil || !bytes.Equal(data, again) {
				t.Errorf("the same tensors give different files (%v)", err)
			}
			if n := binary.LittleEndian.Uint64(data); n%8 != 0 {
				t.Errorf("a header of %d bytes leaves elements unaligned", n)
			}
			back, err := weights.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(back.Metadata, f.Metadata) || !slices.Equal(back.Names(), f.Names()) {
				t.Errorf("metadata %v, names %v", back.Metadata, back.Names())
			}
			for name, want := range f.Tensors {
				got := back.Tensors[name]
				if got.Element != want.Element || !slices.Equal(got.Shape, want.Shape) || !bytes.Equal(got.Bytes(), want.Bytes()) {
					t.Errorf("%s is another tensor: %v of %v", name, got.Shape, got.Element)
				}
			}
		})
	}
}

// TestWriteErrors: tensors that the format does not support are errors, and no file is written.
func TestWriteErrors(t *testing.T) {
	one, err := weights.NewTensor([]int{1}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	complexes, err := weights.Read(filepath.Join("testdata", "complex.pth"))
	if err != nil {
		t.Fatal(err)
	}
	wide := complexes.Tensors["a"]
	wide.Element = weights.Complex128
	path := filepath.Join(t.TempDir(), "out.safetensors")
	for name, c := range map[string]struct {
		tensors []weights.Named
		want    string
	}{
		"twice":      {[]weights.Named{{Name: "a", Tensor: one}, {Name: "a", Tensor: one}}, "two tensors are called a"},
		"reserved":   {[]weights.Named{{Name: "__metadata__", Tensor: one}}, "two tensors"},
		"not UTF-8":  {[]weights.Named{{Name: "\xff", Tensor: one}}, "not UTF-8"},
		"complex128": {[]weights.Named{{Name: "a", Tensor: wide}}, "cannot hold complex128"},
		"long":       {[]weights.Named{{Name: strings.Repeat("x", 1<<24), Tensor: one}}, "too long"},
	} {
		if err := weights.WriteSafetensors(path, c.tensors, nil); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written")
	}
	if _, err := weights.NewTensor([]int{2, 2}, make([]float32, 3)); err == nil {
		t.Error("three values fill a shape of four")
	}
}
