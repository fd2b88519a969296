package op_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/graph"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// function is an operation under test, or several: a result, or a scalar cost,
// of some inputs.
type function func(in gorgonia.Nodes) (*gorgonia.Node, error)

// shapes are those of the inputs.
type shapes []tensor.Shape

// runner runs a graph again and again.
type runner interface{ Run() error }

// machine makes a runner of a graph that keeps the values of some nodes.
type machine func(t testing.TB, g *gorgonia.ExprGraph, keep gorgonia.Nodes) runner

// compiled shares memory between results.
func compiled(t testing.TB, g *gorgonia.ExprGraph, keep gorgonia.Nodes) runner {
	t.Helper()
	p, err := graph.Compile(g, new(graph.Arena), keep...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plain is Gorgonia's own machine.
func plain(_ testing.TB, g *gorgonia.ExprGraph, _ gorgonia.Nodes) runner {
	return tape{gorgonia.NewTapeMachine(g)}
}

type tape struct{ gorgonia.VM }

func (t tape) Run() error {
	t.Reset()
	return t.RunAll()
}

// subject is a function in a graph, with the gradients of sum(y*weights).
type subject struct {
	runner
	in      gorgonia.Nodes
	y       *gorgonia.Node
	weights []float32
	grads   gorgonia.Nodes // of the first inputs
}

// place puts f in a graph of its own. Inputs and weights are random, away from
// zero, where some functions have a kink. Gradients are asked of the first wrt
// inputs.
func place(t testing.TB, m machine, f function, wrt int, s shapes) *subject {
	t.Helper()
	g := gorgonia.NewGraph()
	r := random.New(1)
	input := func(name string, shape tensor.Shape) *gorgonia.Node {
		v := make([]float32, shape.TotalSize())
		for i := range v {
			v[i] = 0.1 + r.Float32()
			if r.Intn(2) == 0 {
				v[i] = -v[i]
			}
		}
		value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
		return gorgonia.NewTensor(g, tensor.Float32, shape.Dims(), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(value))
	}
	p := &subject{}
	for i, shape := range s {
		p.in = append(p.in, input(string(rune('a'+i)), shape))
	}
	var err error
	if p.y, err = f(p.in); err != nil {
		t.Fatal(err)
	}
	cost := p.y
	if !cost.IsScalar() {
		weights := input("weights", p.y.Shape())
		p.weights = values(weights)
		if cost, err = op.Dot(p.y, weights); err != nil {
			t.Fatal(err)
		}
	}
	if wrt > 0 {
		if p.grads, err = gorgonia.Grad(cost, p.in[:wrt]...); err != nil {
			t.Fatal(err)
		}
	}
	p.runner = m(t, g, append(gorgonia.Nodes{p.y}, p.grads...))
	return p
}

func values(n *gorgonia.Node) []float32 {
	switch v := n.Value().(type) {
	case *gorgonia.F32:
		return []float32{float32(*v)}
	default:
		return v.(interface{ Float32s() []float32 }).Float32s()
	}
}

func (p *subject) run(t testing.TB) {
	t.Helper()
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
}

// cost is sum(y*weights) in float64, where the float32 cost of the graph would
// be too coarse for differences.
func (p *subject) cost(t testing.TB) float64 {
	t.Helper()
	p.run(t)
	var sum float64
	for i, y := range values(p.y) {
		w := float32(1) // of a scalar
		if p.weights != nil {
			w = p.weights[i]
		}
		sum += float64(y) * float64(w)
	}
	return sum
}

const (
	// step is that of central differences: with it the truncation is some 1e-5
	// of the slope, and float32 rounding of y about 1e-5 of it.
	step = 1e-2
	// fineStep is for what is bent more: SSIM, and products of several steps.
	fineStep = 4e-3
	// slopeTolerance bounds the difference between a slope and that of the
	// gradient, as a part of the gradient's length.
	slopeTolerance = 1e-3
	// directions are tried for each input: a wrong gradient shows in almost
	// every one.
	directions = 3
)

// checkGradient compares f's gradients with respect to its first wrt inputs
// with slopes, along random directions, and asks for the same bytes from a
// second run and from Gorgonia's plain machine.
func checkGradient(t *testing.T, f function, wrt int, s shapes, step float32) {
	t.Helper()
	p := place(t, compiled, f, wrt, s)
	p.run(t)
	y := slices.Clone(values(p.y))
	var grads [][]float32
	for _, g := range p.grads {
		grads = append(grads, slices.Clone(values(g)))
	}
	r := random.New(2)
	for i, g := range grads {
		x := values(p.in[i])
		if len(x) != len(g) {
			t.Fatalf("input %d has %d values, its gradient %d", i, len(x), len(g))
		}
		at := slices.Clone(x)
		for range directions {
			var slope, length float64
			d := make([]float32, len(x))
			for j := range d {
				d[j] = float32(2*r.Intn(2) - 1)
				slope += float64(g[j]) * float64(d[j])
				length += float64(g[j]) * float64(g[j])
			}
			along := func(h float32) float64 {
				for j := range x {
					x[j] = at[j] + h*d[j]
				}
				return p.cost(t)
			}
			got := (along(step) - along(-step)) / (2 * float64(step))
			copy(x, at)
			if math.Abs(got-slope) > slopeTolerance*math.Sqrt(length) || length == 0 {
				t.Errorf("input %d: slope %g, that of the gradient %g (of length %g)", i, got, slope, math.Sqrt(length))
			}
		}
	}
	same := func(how string, p *subject) {
		t.Helper()
		p.run(t)
		if !slices.Equal(values(p.y), y) {
			t.Errorf("%s gives another result", how)
		}
		for i, g := range p.grads {
			if !slices.Equal(values(g), grads[i]) {
				t.Errorf("%s gives another gradient of input %d", how, i)
			}
		}
	}
	same("another run", p)
	q := place(t, plain, f, wrt, s)
	same("the plain machine", q)
	same("another run of the plain machine", q)
}
