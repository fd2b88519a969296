package distinct_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/distinct"
)

// Two names whose nodes, vectors of two numbers, have equal hashes.
const (
	name = "x139599"
	twin = "x322382"
)

func vectors(names ...string) *gorgonia.ExprGraph {
	g := gorgonia.NewGraph()
	for _, n := range names {
		gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName(n))
	}
	return g
}

// If nodes have equal hashes, the graph is built again with other names.
func Example() {
	err := distinct.Build(func(attempt int) (*gorgonia.ExprGraph, error) {
		g := gorgonia.NewGraph()
		names := []string{"x139599", "x322382"} // their nodes have equal hashes
		for _, name := range names[:2-attempt] {
			gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName(name))
		}
		err := distinct.Check(g)
		fmt.Println("attempt", attempt, "is right:", err == nil)
		return g, nil
	})
	fmt.Println(err)
	// Output:
	// attempt 0 is right: false
	// attempt 1 is right: true
	// <nil>
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		names []string
		right bool
	}{{nil, true}, {[]string{name, name}, true}, {[]string{name, "x"}, true}, {[]string{"x", name, "y", twin}, false}} {
		if err := distinct.Check(vectors(tc.names...)); (err == nil) != tc.right {
			t.Errorf("%v: %v", tc.names, err)
		}
	}
}

// TestGorgoniaMixesUp shows why this package exists. It fails if a version of Gorgonia compares nodes.
func TestGorgoniaMixesUp(t *testing.T) {
	g := vectors(name, twin)
	x, y := g.AllNodes()[0], g.AllNodes()[1]
	z, err := gorgonia.Sub(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []*gorgonia.Node{x, y} {
		v := float32(1 + i)
		if err := gorgonia.Let(n, tensor.New(tensor.WithBacking([]float32{v, v}))); err != nil {
			t.Fatal(err)
		}
	}
	machine := gorgonia.NewTapeMachine(g)
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := z.Value().Data().([]float32)[0]; got != 0 {
		t.Errorf("1-2 is %v, not 0 as of old", got)
	}
}

func TestBuild(t *testing.T) {
	wrong := errors.New("wrong")
	for _, tc := range []struct {
		what     string
		mixed    int // number of graphs, from the first
		err      error
		attempts int
		words    string // of the error
	}{
		{"right at once", 0, nil, 1, "nil"},
		{"right in the end", 2, nil, 3, "nil"},
		{"an error", 0, wrong, 1, "wrong"},
		{"never right", 1000, nil, 4, "same hash"},
	} {
		attempts := 0
		err := distinct.Build(func(attempt int) (*gorgonia.ExprGraph, error) {
			if attempt != attempts {
				t.Errorf("%s: attempt %d is called %d", tc.what, attempts, attempt)
			}
			if attempts++; attempts <= tc.mixed {
				return vectors(name, twin), tc.err
			}
			return vectors(name), tc.err
		})
		if attempts != tc.attempts || !strings.Contains(fmt.Sprint(err), tc.words) {
			t.Errorf("%s: %d attempts, %v", tc.what, attempts, err)
		}
	}
}
