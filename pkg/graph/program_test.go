package graph_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// chain is a graph of n activations in a row.
func chain(t *testing.T, n int) (g *gorgonia.ExprGraph, x, y *gorgonia.Node) {
	t.Helper()
	g = gorgonia.NewGraph()
	r := random.New(1)
	x = newInput(g, "x", &r)
	y = x
	for range n {
		var err error
		if y, err = op.Activate(y, kernel.Activation{Kind: kernel.SiLU}); err != nil {
			t.Fatal(err)
		}
	}
	return g, x, y
}

// TestChainTakesTwoResults: in a row of operations no more than two results are
// in use at a time.
func TestChainTakesTwoResults(t *testing.T) {
	for _, n := range []int{2, 10, 50} {
		g, _, y := chain(t, n)
		p, err := graph.Compile(g, new(graph.Arena), y)
		if err != nil {
			t.Fatal(err)
		}
		// Each result takes 15 of the 16 numbers of a cache line.
		if got := p.Bytes(); got > 2*16*4 {
			t.Errorf("%d operations take %d bytes", n, got)
		}
		if p.Operations() != n {
			t.Errorf("%d operations, want %d", p.Operations(), n)
		}
	}
}

// TestArena: programs of one arena share its memory, and a larger program moves
// the smaller ones.
func TestArena(t *testing.T) {
	var arena graph.Arena
	g, _, y := chain(t, 2)
	small, err := graph.Compile(g, &arena, y)
	if err != nil {
		t.Fatal(err)
	}
	if err := small.Run(); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(floats(y))
	before := arena.Bytes()
	if before != small.Bytes() {
		t.Errorf("an arena of %d bytes for a program of %d", before, small.Bytes())
	}
	rg := newRandomGraph(t, 3)
	large, err := graph.Compile(rg.graph, &arena, rg.graph.AllNodes()...)
	if err != nil {
		t.Fatal(err)
	}
	if arena.Bytes() != large.Bytes() || large.Bytes() <= before {
		t.Errorf("an arena of %d bytes for programs of %d and %d", arena.Bytes(), before, large.Bytes())
	}
	for range 2 {
		if err := large.Run(); err != nil {
			t.Fatal(err)
		}
		if err := small.Run(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(floats(y), want) {
			t.Error("a program that was moved computes something else")
		}
	}
}

// TestEqualHashes: nodes that Gorgonia would mix up are found.
func TestEqualHashes(t *testing.T) {
	g := gorgonia.NewGraph()
	r := random.New(1)
	x := newInput(g, "x", &r)
	for i := range 2 {
		inputs := slices.Repeat(gorgonia.Nodes{x}, i+1)
		y, err := op.Sum(inputs...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gorgonia.ApplyOp(sameHash{y.Op().(op.Operation)}, inputs...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := graph.Compile(g, new(graph.Arena)); err == nil || !strings.Contains(err.Error(), "same hash") {
		t.Errorf("error %v does not tell of equal hashes", err)
	}
}

// sameHash is an operation that hashes like all others of its type.
type sameHash struct{ op.Operation }

func (sameHash) Hashcode() uint32 { return 1 }

// TestAnomaly finds where a NaN comes from.
func TestAnomaly(t *testing.T) {
	g, x, y := chain(t, 3)
	p, err := graph.Compile(g, new(graph.Arena), g.AllNodes()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if n := p.Anomaly(pointwise.Finite); n != nil {
		t.Errorf("anomaly in %v", n)
	}
	floats(x)[3] = float32(math.Inf(1))
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	n := p.Anomaly(pointwise.Finite)
	if n == nil || n == y {
		t.Errorf("anomaly in %v, want the first operation", n)
	}
}

// TestRunAfterError: a run that has failed can be repeated.
func TestRunAfterError(t *testing.T) {
	g := gorgonia.NewGraph()
	r := random.New(1)
	sampling := &op.Sampling{}
	y, err := op.Dropout(newInput(g, "x", &r), 0.5, 0, sampling)
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.Compile(g, new(graph.Arena), y)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err == nil || !strings.Contains(err.Error(), "Dropout") {
		t.Fatalf("error %v does not name the operation", err)
	}
	sampling.Samples = []uint64{1, 2, 3}
	if err := p.Run(); err != nil {
		t.Errorf("after an error: %v", err)
	}
}
