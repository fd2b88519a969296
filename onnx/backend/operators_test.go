package backend_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/internal/opcase"
)

// rounding bounds the differences of a few float32 operations on numbers from 1 to 100.
const rounding = 1e-5

func TestOperators(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range opcase.All() {
		for _, n := range c.Model.Graph.Nodes {
			tested[n.Op] = true
		}
		t.Run(c.Name, func(t *testing.T) {
			m, err := backend.New(c.Model)
			if err != nil {
				t.Fatal(err)
			}
			// The second run reuses the compiled graph and its memory.
			for range 2 {
				out, err := m.Run(c.In)
				if err != nil {
					t.Fatal(err)
				}
				if d, err := onnx.Difference(out["y"], c.Want); err != nil || !(d <= rounding) {
					t.Fatalf("got %v, want %v (%v)", out["y"], c.Want, err)
				}
			}
		})
	}
	for _, op := range backend.Operators() {
		if !tested[op] {
			t.Errorf("no case for %s", op)
		}
	}
	if !slices.IsSorted(backend.Operators()) {
		t.Error("operators are not sorted")
	}
}

// TestDocumentation: the table in docs/reference.md has all operators.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)### What our backend runs.*?Floating-point`).Find(text)
	words := regexp.MustCompile(`\w+`).FindAllString(string(section), -1)
	for _, op := range backend.Operators() {
		if !slices.Contains(words, op) {
			t.Errorf("docs/reference.md does not name %s", op)
		}
	}
}
