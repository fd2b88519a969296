package export

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/op"
)

// The versions of the format that models are written in.
const (
	opset     = 17
	irVersion = 8
	producer  = "multiscale"
)

// Info is what a model says about itself beside its graph.
type Info struct {
	Name     string // of the graph, for instance "unet"
	Doc      string
	Metadata []onnx.Property
}

// Input is an input of the exported model.
type Input struct {
	Node *gorgonia.Node
	Dims []onnx.Dim // symbolic where the size is known at run time only
}

// Graph exports the part of a graph that y depends on. Leaves are the inputs,
// or else parameters: nodes with a name and a value. dims declares the shape
// of y, which the model calls "y".
func Graph(inputs []Input, y *gorgonia.Node, dims []onnx.Dim, info Info) (*onnx.Model, error) {
	g := &onnx.Graph{Name: info.Name, Doc: info.Doc}
	e := &Emitter{graph: g, values: make(map[*gorgonia.Node]string), taken: make(map[string]bool), shared: make(map[string]string)}
	for _, in := range inputs {
		name := in.Node.Name()
		e.values[in.Node], e.taken[name] = name, true
		g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: name, Type: onnx.Float32, Dims: in.Dims})
	}
	last, err := e.value(y)
	if err != nil {
		return nil, err
	}
	e.rename(last, "y")
	g.Outputs = []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: dims}}
	m := &onnx.Model{
		IRVersion: irVersion, Producer: producer, Doc: info.Doc, Metadata: info.Metadata,
		Opsets: []onnx.Opset{{Version: opset}}, Graph: g,
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return m, nil
}

// Emitter collects the nodes of the exported graph. Rules write to it.
type Emitter struct {
	graph  *onnx.Graph
	values map[*gorgonia.Node]string // names of what has been emitted
	taken  map[string]bool
	shared map[string]string // constants by content
	scope  string            // name of the operation that is being emitted
}

// value emits what n depends on, then n, and returns its name.
func (e *Emitter) value(n *gorgonia.Node) (string, error) {
	if name, done := e.values[n]; done {
		return name, nil
	}
	name, err := e.emit(n)
	if err == nil {
		e.values[n] = name
	}
	return name, err
}

func (e *Emitter) emit(n *gorgonia.Node) (string, error) {
	if n.Op() == nil {
		return e.parameter(n, nil)
	}
	o, ours := n.Op().(op.Operation)
	if !ours {
		return "", fmt.Errorf("export: %v is one of Gorgonia's own operations: use an operation of pkg/op in its place", n.Op())
	}
	rule := rules[o.Kind()]
	if rule == nil {
		return "", fmt.Errorf("export: no rule for the operation %s: give it one with Register", o.Kind())
	}
	in := Operands{e: e, nodes: o.Inputs()}
	// Operands first: their names and places do not depend on this operation.
	for i, operand := range in.nodes {
		if operand.Op() != nil || e.values[operand] != "" {
			if _, err := in.Value(i); err != nil {
				return "", err
			}
		}
	}
	outer := e.scope
	e.scope = e.label(o)
	defer func() { e.scope = outer }()
	return rule(e, o, in)
}

// Operands are what a rule's operation reads.
type Operands struct {
	e     *Emitter
	nodes gorgonia.Nodes
}

// Value returns the name of operand i.
func (o Operands) Value(i int) (string, error) { return o.e.value(o.nodes[i]) }

// Shape returns the shape of operand i in the graph at hand. Batch, height and
// width are those of this graph only.
func (o Operands) Shape(i int) tensor.Shape { return o.nodes[i].Shape() }

// Parameter returns the name of operand i, a parameter, stored with the given
// dimensions. Other operands keep their shapes.
func (o Operands) Parameter(i int, dims ...int64) (string, error) {
	n := o.nodes[i]
	if name, done := o.e.values[n]; done || n.Op() != nil {
		return name, nil
	}
	name, err := o.e.parameter(n, dims)
	if err == nil {
		o.e.values[n] = name
	}
	return name, err
}

// parameter emits an initialiser; nil dims are the parameter's own.
func (e *Emitter) parameter(n *gorgonia.Node, dims []int64) (string, error) {
	v, ok := n.Value().(*tensor.Dense)
	if !ok || n.Name() == "" {
		return "", fmt.Errorf("export: %v is no input of the model, and no parameter with a name and a value", n)
	}
	if dims == nil {
		for _, d := range v.Shape() {
			dims = append(dims, int64(d))
		}
	}
	name := e.unique(n.Name())
	e.graph.Initializers = append(e.graph.Initializers, onnx.NewFloats(name, dims, v.Float32s()))
	return name, nil
}

// label names an operation: after its parameters where it has some, and by kind
// and number where it has none.
func (e *Emitter) label(o op.Operation) string {
	for _, in := range o.Inputs() {
		if in.Op() == nil && strings.HasSuffix(in.Name(), ".weight") {
			return strings.TrimSuffix(in.Name(), ".weight")
		}
	}
	return o.Kind()
}

// unique returns name, or name with a number where it is taken.
func (e *Emitter) unique(name string) string {
	candidate := name
	for i := 1; e.taken[candidate]; i++ {
		candidate = fmt.Sprintf("%s_%d", name, i)
	}
	e.taken[candidate] = true
	return candidate
}

// Node adds a node with one result and returns the result's name. An empty
// input is an optional one that is left out.
func (e *Emitter) Node(operation string, inputs []string, attributes ...*onnx.Attribute) string {
	return e.Nodes(operation, 1, inputs, attributes...)[0]
}

// Nodes adds a node with several results.
func (e *Emitter) Nodes(operation string, results int, inputs []string, attributes ...*onnx.Attribute) []string {
	name := e.unique(e.scope + "/" + operation)
	outputs := make([]string, results)
	for i := range outputs {
		outputs[i] = name
		if results > 1 {
			outputs[i] = e.unique(fmt.Sprintf("%s.%d", name, i))
		}
	}
	e.graph.Nodes = append(e.graph.Nodes, &onnx.Node{Name: name, Op: operation, Inputs: inputs, Outputs: outputs, Attributes: attributes})
	return outputs
}

// Ints returns the name of a constant vector of integers. Equal constants are
// stored once.
func (e *Emitter) Ints(values ...int64) string {
	return e.constant(fmt.Sprintf("ints%v", values), func(name string) *onnx.Tensor {
		return onnx.NewInts(name, []int64{int64(len(values))}, values)
	})
}

// Floats returns the name of a constant of the given dimensions; none are a
// scalar.
func (e *Emitter) Floats(values []float32, dims ...int64) string {
	return e.constant(fmt.Sprintf("floats%v%v", dims, values), func(name string) *onnx.Tensor {
		return onnx.NewFloats(name, dims, values)
	})
}

func (e *Emitter) constant(content string, make func(name string) *onnx.Tensor) string {
	if name, done := e.shared[content]; done {
		return name
	}
	name := e.unique(fmt.Sprintf("constant_%d", len(e.shared)))
	e.shared[content] = name
	e.graph.Initializers = append(e.graph.Initializers, make(name))
	return name
}

// rename gives a value another name. If it is an input or a parameter, an
// Identity stands between.
func (e *Emitter) rename(from, to string) {
	renamed := false
	for _, n := range e.graph.Nodes {
		for i, out := range n.Outputs {
			if out == from {
				n.Outputs[i], renamed = to, true
			}
		}
		for i, in := range n.Inputs {
			if in == from && renamed {
				n.Inputs[i] = to
			}
		}
	}
	if !renamed {
		e.graph.Nodes = append(e.graph.Nodes, &onnx.Node{Name: to, Op: "Identity", Inputs: []string{from}, Outputs: []string{to}})
	}
}
