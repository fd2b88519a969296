package graph_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// randomGraph is a graph of random operations, ours and Gorgonia's, with the
// gradients of a cost.
type randomGraph struct {
	graph  *gorgonia.ExprGraph
	inputs gorgonia.Nodes
	y      *gorgonia.Node // the cost is sum(y*weights)
	weight []float32
	keep   gorgonia.Nodes // y, gradients of the inputs, and some results
}

var shape = tensor.Shape{3, 5}

func newInput(g *gorgonia.ExprGraph, name string, r *random.Stream) *gorgonia.Node {
	v := make([]float32, shape.TotalSize())
	r.Uniforms(v)
	value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
	return gorgonia.NewTensor(g, tensor.Float32, 2, gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(value))
}

// newRandomGraph makes the graph of a seed. Every node takes part in the cost.
func newRandomGraph(t *testing.T, seed uint64) *randomGraph {
	t.Helper()
	r := random.New(seed)
	rg := &randomGraph{graph: gorgonia.NewGraph()}
	add := func(n *gorgonia.Node, err error) *gorgonia.Node {
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		return n
	}
	for i := range 2 {
		rg.inputs = append(rg.inputs, newInput(rg.graph, fmt.Sprint("x", i), &r))
	}
	nodes := slices.Clone(rg.inputs)
	used := make(map[*gorgonia.Node]bool)
	pick := func() *gorgonia.Node {
		n := nodes[r.Intn(len(nodes))]
		used[n] = true
		return n
	}
	for range 5 + r.Intn(25) {
		switch r.Intn(7) {
		case 0, 1:
			nodes = append(nodes, add(op.Activate(pick(), kernel.Activation{Kind: kernel.SiLU})))
		case 2:
			nodes = append(nodes, add(op.Sum(pick(), pick(), pick())))
		case 3:
			branches, err := op.Fork(pick(), 1+r.Intn(3))
			nodes = append(nodes, branches...)
			add(nil, err)
		case 4:
			nodes = append(nodes, add(op.LayerNorm(pick(), 0.1, kernel.Activation{Kind: kernel.Tanh})))
		case 5:
			nodes = append(nodes, add(gorgonia.Tanh(pick())))
		case 6:
			nodes = append(nodes, add(gorgonia.HadamardProd(pick(), pick())))
		}
	}
	var rest gorgonia.Nodes
	for _, n := range nodes {
		if !used[n] {
			rest = append(rest, n)
		}
	}
	rg.y = add(op.Sum(append(rest, rg.inputs...)...))
	weights := newInput(rg.graph, "weights", &r)
	rg.weight = floats(weights)
	gradients, err := gorgonia.Grad(add(op.Dot(rg.y, weights)), rg.inputs...)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	rg.keep = append(gorgonia.Nodes{rg.y}, gradients...)
	for _, n := range nodes[len(rg.inputs):] {
		if r.Intn(4) == 0 {
			rg.keep = append(rg.keep, n)
		}
	}
	return rg
}

func floats(n *gorgonia.Node) []float32 {
	return n.Value().(interface{ Float32s() []float32 }).Float32s()
}

// values returns copies of what is kept.
func (rg *randomGraph) values() [][]float32 {
	var v [][]float32
	for _, n := range rg.keep {
		v = append(v, slices.Clone(floats(n)))
	}
	return v
}

// cost is sum(y*weights) in float64.
func (rg *randomGraph) cost() float64 {
	var sum float64
	for i, y := range floats(rg.y) {
		sum += float64(y) * float64(rg.weight[i])
	}
	return sum
}

// seeds is the number of random graphs that are tried.
const seeds = 60

// TestSharedMemoryChangesNothing: a compiled graph, whose results share memory, gives the
// same bytes as Gorgonia's plain machine, where every result has its own memory. This holds
// for repeated runs, and with other programs that make the arena grow.
func TestSharedMemoryChangesNothing(t *testing.T) {
	var arena graph.Arena
	var programs []*graph.Program
	var graphs []*randomGraph
	var want [][][]float32
	for seed := range uint64(seeds) {
		alone := newRandomGraph(t, seed)
		for i, n := range alone.keep { // copies, for Gorgonia's own operations may overwrite the values
			if alone.keep[i], _ = op.Sum(n); alone.keep[i] == nil {
				t.Fatalf("seed %d: no copy of %v", seed, n)
			}
		}
		if err := gorgonia.NewTapeMachine(alone.graph).RunAll(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want = append(want, alone.values())
		rg := newRandomGraph(t, seed)
		p, err := graph.Compile(rg.graph, &arena, rg.keep...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		programs, graphs = append(programs, p), append(graphs, rg)
	}
	for range 2 {
		for seed, p := range programs {
			if err := p.Run(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for i, got := range graphs[seed].values() {
				if !slices.Equal(got, want[seed][i]) {
					t.Errorf("seed %d: value %d of the nodes that are kept differs from the plain machine's", seed, i)
				}
			}
			if p.Bytes() > arena.Bytes() {
				t.Errorf("seed %d: %d bytes in an arena of %d", seed, p.Bytes(), arena.Bytes())
			}
		}
	}
}

// TestRandomGradients compares the gradients of random graphs with finite differences.
func TestRandomGradients(t *testing.T) {
	const (
		step = 1e-3
		// tolerance is a fraction of the gradient's length. The float32 rounding of y,
		// divided by the step, is about 1e-4 of it, and more after products of products.
		tolerance = 1e-2
	)
	for seed := range uint64(seeds) {
		rg := newRandomGraph(t, seed)
		p, err := graph.Compile(rg.graph, new(graph.Arena), rg.keep...)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		run := func() {
			if err := p.Run(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		run()
		for i, in := range rg.inputs {
			gradient := slices.Clone(floats(rg.keep[1+i]))
			x := floats(in)
			at := slices.Clone(x)
			r := random.New(seed, uint64(i))
			d := make([]float32, len(x))
			r.Normals(d)
			var want, length float64
			for j, g := range gradient {
				want += float64(g) * float64(d[j])
				length += float64(g) * float64(g)
			}
			along := func(h float32) float64 {
				for j := range x {
					x[j] = at[j] + h*d[j]
				}
				run()
				return rg.cost()
			}
			got := (along(step) - along(-step)) / (2 * step)
			copy(x, at)
			if math.Abs(got-want) > tolerance*math.Sqrt(length) {
				t.Errorf("seed %d, input %d: slope %g, that of the gradient %g (of length %g)", seed, i, got, want, math.Sqrt(length))
			}
			run()
		}
	}
}
