// Package optest tests operations. It compares their gradients with finite differences, and checks
// that every way to run them gives the same bytes. It serves the tests of this project's operations
// and of users' own.
package optest

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

// Function adds the operations under test to the graph of its inputs: one or several. The
// result is a tensor or a scalar.
type Function func(in gorgonia.Nodes) (*gorgonia.Node, error)

// Case is a function with the shapes of its inputs. Their elements are random, with absolute
// values in [0.1,1.1): away from 0, where some functions have a kink.
type Case struct {
	Function  Function
	Inputs    []tensor.Shape
	Constants int     // the number of inputs without gradients; these are the last ones
	Step      float32 // of finite differences; 0 for DefaultStep
	// Kinked is for functions such as a maximum or |a-b|, which have a kink where elements are equal. Elements
	// of an input are then at least 0.05 apart, and those of the first two inputs at least 0.02.
	Kinked bool
}

const (
	// DefaultStep is the step of central differences. Their truncation error is then about
	// 1e-5 of the slope, and so is the float32 rounding of the result.
	DefaultStep = 1e-2
	// tolerance bounds the difference between a slope and the gradient's component, as a
	// fraction of the gradient's length.
	tolerance = 1e-3
	// directions is the number of directions for each input. A wrong gradient fails in almost
	// every direction.
	directions = 3
)

// Check tests a function whose inputs all have gradients; see Case.Check.
func Check(t testing.TB, f Function, inputs ...tensor.Shape) {
	t.Helper()
	Case{Function: f, Inputs: inputs}.Check(t)
}

// Check compares the function's gradients with slopes along random directions. It expects the
// same bytes from the first run, from a replay and from Gorgonia's plain machine. If the function
// has stock operations, the plain machine is left out: there they overwrite the kept results.
func (c Case) Check(t testing.TB) {
	t.Helper()
	s := c.Build(t, Compiled)
	s.Run(t)
	y := slices.Clone(Values(s.Result))
	var gradients [][]float32
	for _, g := range s.Gradients {
		gradients = append(gradients, slices.Clone(Values(g)))
	}
	r := random.New(2)
	for i, g := range gradients {
		s.checkSlopes(t, i, g, c.Step, &r)
	}
	same := func(how string, s *Subject) {
		t.Helper()
		s.Run(t)
		if !slices.Equal(Values(s.Result), y) {
			t.Errorf("%s gives another result", how)
		}
		for i, g := range s.Gradients {
			if !slices.Equal(Values(g), gradients[i]) {
				t.Errorf("%s gives another gradient of input %d", how, i)
			}
		}
	}
	same("another run", s)
	if s.stock {
		return
	}
	plain := c.Build(t, Plain)
	same("the plain machine", plain)
	same("another run of the plain machine", plain)
}

// checkSlopes compares g, the gradient with respect to input i, with slopes.
func (s *Subject) checkSlopes(t testing.TB, i int, g []float32, step float32, r *random.Stream) {
	t.Helper()
	if step == 0 {
		step = DefaultStep
	}
	x := Values(s.Inputs[i])
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
			return s.cost(t)
		}
		got := (along(step) - along(-step)) / (2 * float64(step))
		copy(x, at)
		if math.Abs(got-slope) > tolerance*math.Sqrt(length) || length == 0 {
			t.Errorf("input %d: slope %g, that of the gradient %g (of length %g)", i, got, slope, math.Sqrt(length))
		}
	}
}

// Runner runs a graph on the present values of its inputs.
type Runner interface{ Run() error }

// Machine makes a runner of a graph. The values of keep can be read after a run.
type Machine func(g *gorgonia.ExprGraph, keep gorgonia.Nodes) (Runner, error)

// Compiled is the Machine of training: results share memory, and later runs are replays.
func Compiled(g *gorgonia.ExprGraph, keep gorgonia.Nodes) (Runner, error) {
	return graph.Compile(g, new(graph.Arena), keep...)
}

// Plain is Gorgonia's own machine.
func Plain(g *gorgonia.ExprGraph, _ gorgonia.Nodes) (Runner, error) {
	return tape{gorgonia.NewTapeMachine(g)}, nil
}

type tape struct{ gorgonia.VM }

// Run implements Runner.
func (t tape) Run() error {
	t.Reset()
	return t.RunAll()
}

// Subject is a function in a graph, with gradients of its result if that is a scalar, otherwise
// of sum(result*weights) with random weights.
type Subject struct {
	Runner    Runner
	Inputs    gorgonia.Nodes
	Result    *gorgonia.Node
	Gradients gorgonia.Nodes // with respect to the inputs that are not constant

	weights []float32
	stock   bool // whether the function has some of Gorgonia's own operations
}

// Build puts the function into a new graph.
func (c Case) Build(t testing.TB, m Machine) *Subject {
	t.Helper()
	g := gorgonia.NewGraph()
	r := random.New(1)
	s := &Subject{}
	input := func(name string, shape tensor.Shape) *gorgonia.Node {
		v := make([]float32, shape.TotalSize())
		for i := range v {
			v[i] = 0.1 + r.Float32()
			if r.Intn(2) == 0 {
				v[i] = -v[i]
			}
		}
		if c.Kinked {
			for i := range v {
				v[i] = 0.05*float32(i-len(v)/2) + 0.02*float32(len(s.Inputs))
				at := r.Intn(i + 1) // a random order
				v[i], v[at] = v[at], v[i]
			}
		}
		value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
		return gorgonia.NewTensor(g, tensor.Float32, shape.Dims(), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(value))
	}
	for i, shape := range c.Inputs {
		s.Inputs = append(s.Inputs, input(string(rune('a'+i)), shape))
	}
	var err error
	if s.Result, err = c.Function(s.Inputs); err != nil {
		t.Fatal(err)
	}
	for _, n := range g.AllNodes() {
		_, own := n.Op().(op.Operation)
		s.stock = s.stock || !own && n.Op() != nil
	}
	cost := s.Result
	if !cost.IsScalar() {
		weights := input("weights", s.Result.Shape())
		s.weights = Values(weights)
		if cost, err = op.Dot(s.Result, weights); err != nil {
			t.Fatal(err)
		}
	}
	if variables := s.Inputs[:len(s.Inputs)-c.Constants]; len(variables) > 0 {
		if s.Gradients, err = gorgonia.Grad(cost, variables...); err != nil {
			t.Fatal(err)
		}
	}
	if s.Runner, err = m(g, append(gorgonia.Nodes{s.Result}, s.Gradients...)); err != nil {
		t.Fatal(err)
	}
	return s
}

// Run runs the graph once.
func (s *Subject) Run(t testing.TB) {
	t.Helper()
	if err := s.Runner.Run(); err != nil {
		t.Fatal(err)
	}
}

// cost runs the graph and returns sum(result*weights) in float64. The float32 cost of the graph
// would be too coarse for differences.
func (s *Subject) cost(t testing.TB) float64 {
	t.Helper()
	s.Run(t)
	var sum float64
	for i, y := range Values(s.Result) {
		w := float32(1) // of a scalar
		if s.weights != nil {
			w = s.weights[i]
		}
		sum += float64(y) * float64(w)
	}
	return sum
}

// Values returns the memory of a node's tensor, or a copy of its scalar.
func Values(n *gorgonia.Node) []float32 {
	switch v := n.Value().(type) {
	case *gorgonia.F32:
		return []float32{float32(*v)}
	default:
		return v.(interface{ Float32s() []float32 }).Float32s()
	}
}
