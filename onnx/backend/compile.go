package backend

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/distinct"
)

// program is the graph compiled for inputs of fixed shapes.
type program struct {
	steps   int
	marks   string // prefix of the names of leaves
	numbers uint64 // number of the last operation
	graph   *gorgonia.ExprGraph
	machine gorgonia.VM // nil if all results are constants or inputs
	values  map[string]*value
	feeds   map[string]*gorgonia.Node // the inputs that operations use
	results []string
	memory  memory
	failure error // of the operation that stopped the machine
}

// value is a named value: a constant while compiling, or a node of the Gorgonia graph.
type value struct {
	array
	node *gorgonia.Node
	from []string // the inputs whose values it depends on
}

// building is held while a Gorgonia graph is built, because building two at once is not safe.
var building sync.Mutex

// compile makes the Gorgonia graph for the shapes of feeds; weights are constants.
//
// If an operand must be a constant but depends on inputs, such as a shape, the values of these inputs
// become part of the program, and compile starts again.
func (g *Graph) compile(feeds map[string]*array, weights map[string]*array) (p *program, err error) {
	building.Lock()
	defer building.Unlock()
	defer func() {
		if r := recover(); r != nil { // Gorgonia panics for a graph that it cannot compile
			err = fmt.Errorf("the graph does not compile in Gorgonia: %v", r)
		}
	}()
	for {
		err = distinct.Build(func(attempt int) (*gorgonia.ExprGraph, error) {
			p = &program{
				steps:   len(g.steps),
				graph:   gorgonia.NewGraph(),
				marks:   strings.Repeat("'", attempt),
				numbers: uint64(attempt) << 32,
				values:  map[string]*value{},
				feeds:   map[string]*gorgonia.Node{},
			}
			return p.graph, g.build(p, feeds, weights)
		})
		var open *undetermined
		if !errors.As(err, &open) || !g.fix(open.from, feeds) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if len(p.feeds) > 0 {
		p.machine = gorgonia.NewTapeMachine(p.graph)
	}
	return p, nil
}

// undetermined is the error for an operand that must be a constant but depends on inputs.
type undetermined struct {
	error
	from []string // these inputs
}

func (u *undetermined) Unwrap() error { return u.error }

// fix makes the values of the named inputs part of the program, if they are single numbers or lists, which can be
// shapes, axes or scales. It reports whether this adds an input.
func (g *Graph) fix(names []string, feeds map[string]*array) bool {
	progress := false
	for _, name := range names {
		a := feeds[name]
		if a == nil || a.data == nil || len(a.shape) > 1 {
			return false
		}
		progress = progress || !g.fixed[name]
		g.fixed[name] = true
	}
	return progress
}

// build adds all steps to an empty program.
func (g *Graph) build(p *program, feeds map[string]*array, weights map[string]*array) error {
	for name, a := range weights {
		p.values[name] = &value{array: *a}
	}
	for name, a := range feeds {
		if g.fixed[name] || count(a.shape) == 0 { // the value of an empty input is known
			known := *a
			if known.data == nil {
				known.data = alloc(a.dtype, 0)
			}
			p.values[name] = &value{array: known}
		} else {
			p.values[name] = &value{array: array{dtype: a.dtype, shape: a.shape}, from: []string{name}}
		}
	}
	folded := 0
	for i, s := range g.steps {
		if err := p.add(s, g.opset, &folded); err != nil {
			return fmt.Errorf("node %d (%s, result %q): %w", i, s.op.Name, s.outputs[0], err)
		}
		if g.results == nil {
			p.results = append(p.results, s.outputs...)
		}
	}
	if g.results != nil {
		p.results = g.results
	}
	p.results = slices.DeleteFunc(slices.Clone(p.results), func(name string) bool { return name == "" })
	for _, name := range p.results {
		v, ok := p.values[name]
		if !ok {
			return fmt.Errorf("output %q is computed by no node", name)
		}
		if v.node != nil {
			if o, ok := v.node.Op().(*operation); ok {
				o.readers++ // the caller, who never finishes, so that the memory is not reused
			}
		}
	}
	return nil
}

// add compiles one step. Its results are constants, or nodes of the Gorgonia graph.
func (p *program) add(s *step, opset int, folded *int) error {
	n := &node{op: s.op.Name, opset: opset, attributes: s.op.Attributes, outputs: len(s.outputs), unknown: -1}
	operands := make([]*value, len(s.inputs))
	known := true
	var from []string
	for i, name := range s.inputs {
		n.in = append(n.in, nil)
		if name == "" {
			continue
		}
		v, ok := p.values[name]
		if !ok {
			if s.op.Name == "Constant" { // onnx-go gives a node without operands an empty one
				continue
			}
			return fmt.Errorf("operand %q has no value", name)
		}
		operands[i], n.in[i] = v, &v.array
		known = known && v.data != nil
		for _, name := range v.from {
			if !slices.Contains(from, name) {
				from = append(from, name)
			}
		}
	}
	results, err := n.build(operators[s.op.Name])
	switch {
	case err != nil && n.unknown >= 0:
		return &undetermined{err, operands[n.unknown].from}
	case err != nil:
		return err
	}
	for k, name := range s.outputs {
		if name == "" {
			continue
		}
		r := &results[k]
		elements, err := size(r.shape)
		if err != nil {
			return err
		}
		v := &value{array: array{dtype: r.dtype, shape: r.shape, data: r.value}, from: from}
		switch {
		case r.value != nil:
		case known:
			if *folded += elements; *folded > maxFolded {
				return fmt.Errorf("constants of more than %d elements are %w", maxFolded, ErrTooLarge)
			}
			v.data = alloc(r.dtype, elements)
			in := make([]any, len(operands))
			for i, o := range operands {
				if o != nil {
					in[i] = o.data
				}
			}
			if err := r.safely(v.data, in); err != nil {
				return err
			}
		case elements == 0:
			v.data = alloc(r.dtype, 0)
		default:
			if v.node, err = p.apply(s, r, operands); err != nil {
				return err
			}
		}
		if v.data != nil {
			v.from = nil
		}
		p.values[name] = v
	}
	return nil
}

// apply makes the Gorgonia node of a result. Operands that are empty constants, or constants of integers or
// booleans (shapes, axes), stay inside the operation; all other operands are nodes.
func (p *program) apply(s *step, r *result, operands []*value) (*gorgonia.Node, error) {
	o := &operation{program: p, result: r, in: make([]any, len(operands))}
	var children gorgonia.Nodes
	for i, v := range operands {
		switch {
		case v == nil:
			continue
		case v.node == nil && v.data != nil && (!isFloat(v.dtype) || count(v.shape) == 0):
			o.in[i] = v.data
			continue
		case v.node == nil:
			p.leaf(s.inputs[i], v)
		}
		if child, ok := v.node.Op().(*operation); ok {
			child.readers++
			o.sources = append(o.sources, child)
		}
		o.slots, children = append(o.slots, i), append(children, v.node)
		o.types = append(o.types, typeOf(&v.array))
	}
	p.numbers++
	o.Operation = distinct.NewOperation(s.op.Name, p.numbers)
	return gorgonia.ApplyOp(o, children...)
}

// leaf makes the Gorgonia node of an input or a weight.
func (p *program) leaf(name string, v *value) {
	shape := gorgoniaShape(v.shape)
	options := []gorgonia.NodeConsOpt{gorgonia.WithShape(shape...), gorgonia.WithName(p.marks + name)}
	if v.data != nil {
		options = append(options, gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v.data))))
	}
	form, _ := held(v.dtype)
	v.node = gorgonia.NewTensor(p.graph, form, len(shape), options...)
	if v.data == nil {
		p.feeds[name] = v.node
	}
}

// gorgoniaShape returns the shape of a value in Gorgonia. A scalar gets shape (1), because in Gorgonia
// scalars are not tensors.
func gorgoniaShape(shape []int) tensor.Shape {
	if len(shape) == 0 {
		return tensor.Shape{1}
	}
	return slices.Clone(shape)
}

func typeOf(a *array) gorgonia.TensorType {
	form, _ := held(a.dtype)
	return gorgonia.TensorType{Dims: max(1, len(a.shape)), Of: form}
}

// run computes the results. The caller may keep their memory.
func (p *program) run(feeds map[string]*array) (map[string]*array, error) {
	for name, n := range p.feeds {
		a := feeds[name]
		if err := gorgonia.Let(n, tensor.New(tensor.WithShape(gorgoniaShape(a.shape)...), tensor.WithBacking(a.data))); err != nil {
			return nil, err
		}
	}
	if p.machine != nil {
		p.failure = nil
		p.machine.Reset()
		err := p.machine.RunAll()
		if p.failure != nil {
			err = p.failure
		}
		if err != nil {
			return nil, err
		}
	}
	results := make(map[string]*array, len(p.results))
	for _, name := range p.results {
		v := p.values[name]
		r := &array{dtype: v.dtype, shape: v.shape, data: v.data}
		switch o := operationOf(v.node); {
		case o != nil:
			r.data, o.out = o.out, nil
		case v.data == nil:
			r.data = feeds[name].data
		}
		results[name] = r
	}
	return results, nil
}

func operationOf(n *gorgonia.Node) *operation {
	if n == nil {
		return nil
	}
	o, _ := n.Op().(*operation)
	return o
}
