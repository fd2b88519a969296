package graph_test

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// chain makes a graph of n activations in a row.
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

// TestChainTakesTwoResults: in a chain of operations at most two results are in use at a
// time.
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

// ran returns a program of two activations in a row that has run once, and its result.
func ran(t *testing.T, arena *graph.Arena) (p *graph.Program, y *gorgonia.Node) {
	t.Helper()
	g, _, y := chain(t, 2)
	p, err := graph.Compile(g, arena, y)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return p, y
}

// TestArena: programs of one arena share its memory, and a larger program moves
// the smaller ones.
func TestArena(t *testing.T) {
	var arena graph.Arena
	small, y := ran(t, &arena)
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

// TestReserve: programs that fit into the reserved memory do not make the block grow, and
// the arena does not keep an unused program alive.
func TestReserve(t *testing.T) {
	var arena graph.Arena
	const reserved = 1 << 16
	arena.Reserve(reserved)
	p, y := ran(t, &arena)
	at, want := &floats(y)[0], slices.Clone(floats(y))
	arena.Reserve(reserved / 2)
	if arena.Bytes() != reserved || &floats(y)[0] != at {
		t.Errorf("%d bytes, want the %d that were reserved first, where they were", arena.Bytes(), reserved)
	}
	gone := make(chan bool, 1)
	func() {
		other, _, z := chain(t, 3)
		dropped, err := graph.Compile(other, &arena, z)
		if err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(dropped, func(gone chan bool) { gone <- true }, gone)
	}()
	for range 3 { // Gorgonia's machines have finalizers
		runtime.GC()
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the arena keeps a program alive")
	}
	arena.Reserve(2 * reserved)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if arena.Bytes() != 2*reserved || !slices.Equal(floats(y), want) {
		t.Errorf("%d bytes, want %d, and the same result", arena.Bytes(), 2*reserved)
	}
}

// TestEqualHashes: a graph with nodes of equal hashes, which Gorgonia would merge, is an
// error.
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

// TestCheck: Check finds the origin of a NaN or an infinity, even if results share memory,
// and leaves the program as it was.
func TestCheck(t *testing.T) {
	huge := float32(math.MaxFloat32)
	for _, tc := range []struct {
		name  string
		build func(x *gorgonia.Node) (culprit, y *gorgonia.Node)
		value float32 // of one element of the input
		words string
	}{
		{"input", func(x *gorgonia.Node) (_, y *gorgonia.Node) { return x, silu(t, x) }, float32(math.NaN()), "is in x, from the start"},
		{"operation", func(x *gorgonia.Node) (culprit, y *gorgonia.Node) {
			culprit = must(t)(op.Sum(silu(t, silu(t, x)), x))
			return culprit, silu(t, silu(t, culprit))
		}, huge, "a result of Sum near x, of shape (3, 5)"},
		{"stock operation", func(x *gorgonia.Node) (culprit, y *gorgonia.Node) {
			culprit = must(t)(gorgonia.Square(silu(t, x)))
			return culprit, silu(t, must(t)(gorgonia.Neg(culprit)))
		}, huge, "a result of "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			r := random.New(1)
			x := newInput(g, "x", &r)
			culprit, y := tc.build(x)
			p, err := graph.Compile(g, new(graph.Arena), y)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(); err != nil {
				t.Errorf("nothing is wrong, but %v", err)
			}
			floats(x)[3] = tc.value
			var anomaly *graph.Anomaly
			if err := p.Check(); !errors.As(err, &anomaly) || anomaly.Node != culprit || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%v", err)
			}
			if err := p.Run(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func must(t *testing.T) func(*gorgonia.Node, error) *gorgonia.Node {
	t.Helper()
	return func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func silu(t *testing.T, x *gorgonia.Node) *gorgonia.Node {
	t.Helper()
	return must(t)(op.Activate(x, kernel.Activation{Kind: kernel.SiLU}))
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
