// Package export converts Gorgonia graphs of this project's operations to ONNX models.
//
// [Network] exports a network with its parameters. [Graph] exports any graph, including a user's
// own network, from its output to its inputs. Each kind of operation has a small function that
// writes it as ONNX nodes; [Extensions] adds kinds. The model does not depend on the shapes for
// which the graph was built: batch size, height and width are symbolic. Equal graphs with equal
// weights give equal bytes.
package export

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/layer"
	"multiscale/pkg/lists"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// Properties of every exported model.
const (
	Producer  = "multiscale"
	Opset     = 17
	irVersion = 8 // the file format of opset 17
)

// Output is the name of an exported model's output.
const Output = "y"

// Options describe the model for its users, and select its form. None of them changes what the model computes.
type Options struct {
	Name     string            // name of the graph, as in "unet"
	Doc      string            // purpose of the model
	Docs     map[string]string // texts about inputs and output, by name
	Metadata []onnx.Property
	// Core, if not nil, is the only shape (N,C,H,W) of pictures that the model accepts. The model then contains only
	// core operations, the few that onnx-go's own backend gorgonnx has.
	Core []int
	// Extensions are the program's own operations that the network may use.
	Extensions Extensions
	// Visit, unless nil, is called for each operation that is written, except those that only pass on their operand.
	// Operands come before the operations that use them. place is the operation's place in the network, as in
	// "blocks.0.Conv1", shape is the shape of its result, and result is the result's name in the model.
	Visit func(place string, o op.Operation, shape []int, result string)
}

// Network exports a network with its parameters, without dropout. Its inputs are x (N,channels,H,W) and, if the network
// needs it, t (N) or (N,k). The parameters are the first initializers, in their own order.
func Network(n network.Network, channels int, params *param.Set, o Options) (*onnx.Model, error) {
	b := layer.NewBuilder(params, false)
	// Any size is possible. These sides differ from each other and from each other's double,
	// so that the shapes show whether the output has the input's size.
	side := 2 * n.Multiple()
	shape := []int{1, channels, 4 * side, 3 * side}
	if o.Core != nil {
		if err := checkCore(o.Core, channels, n.Multiple()); err != nil {
			return nil, err
		}
		shape = o.Core
	}
	x, t := network.Inputs(b, n, shape[0], shape[1], shape[2], shape[3])
	inputs := gorgonia.Nodes{x}
	if t != nil {
		inputs = append(inputs, t)
	}
	y := n.Build(b, x, t)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name(), err)
	}
	o.Name = cmp.Or(o.Name, n.Name())
	if description, ok := o.Extensions.networks().Describe(n); ok {
		o.Metadata = append(slices.Clip(o.Metadata), onnx.Property{Key: keyArchitecture, Value: description})
	}
	m, err := Graph(y, inputs, o)
	if err != nil {
		return nil, err
	}
	byName := initializersOf(m)
	var ordered []*onnx.Tensor
	for _, p := range params.All() {
		w := byName[p.Name]
		if w == nil {
			return nil, fmt.Errorf("%s: its parameter %s is not in the graph", n.Name(), p.Name)
		}
		ordered = append(ordered, w)
		delete(byName, p.Name)
	}
	for _, w := range m.Graph.Initializers { // the constants, in the order of their use
		if byName[w.Name] != nil {
			ordered = append(ordered, w)
		}
	}
	m.Graph.Initializers = ordered
	return m, nil
}

// Graph exports the graph that computes y. inputs are the inputs of the model, with their names in the graph. Their
// first axis and the axes after the channels become symbolic. All other leaves of the graph are weights, and need a
// name and a value.
func Graph(y *gorgonia.Node, inputs gorgonia.Nodes, o Options) (*onnx.Model, error) {
	o.Name = cmp.Or(o.Name, "network")
	e := newEmitter(o)
	opset := int64(Opset)
	if e.core {
		opset = coreOpset
		if len(inputs) == 0 || !slices.Equal(inputs[0].Shape(), o.Core) {
			return nil, fmt.Errorf("a graph of core operations has the shape that it was built for, not %v", o.Core)
		}
	}
	for _, in := range inputs {
		if err := e.input(in); err != nil {
			return nil, err
		}
	}
	e.count(y)
	result, err := e.visit(y)
	if err != nil {
		return nil, err
	}
	if err := e.output(y, result, inputs); err != nil {
		return nil, err
	}
	m := &onnx.Model{
		IRVersion: irVersion,
		Producer:  Producer,
		Doc:       o.Doc,
		Opsets:    []onnx.Opset{{Version: opset}},
		Metadata:  o.Metadata,
		Graph:     e.graph,
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("the exported model is not valid: %w", err)
	}
	return m, nil
}

// input declares an input of the model.
func (e *Emitter) input(n *gorgonia.Node) error {
	name := n.Name()
	if n.Op() != nil || name == "" || name == Output || e.taken[name] {
		return fmt.Errorf("input %q must be a leaf of the graph with a name of its own", name)
	}
	if n.Dtype() != tensor.Float32 {
		return fmt.Errorf("input %q holds %v, want float32", name, n.Dtype())
	}
	e.taken[name] = true
	e.names[n] = name
	e.graph.Inputs = append(e.graph.Inputs, &onnx.ValueInfo{Name: name, Doc: e.docs[name], Type: onnx.Float32, Dims: e.dims(n.Shape())})
	return nil
}

// axisNames are the symbolic names of the axes of (N,C,H,W); C is always fixed.
var axisNames = []string{"N", "", "H", "W"}

// dims declares a shape.
func (e *Emitter) dims(shape tensor.Shape) []onnx.Dim {
	dims := make([]onnx.Dim, len(shape))
	for i, d := range shape {
		dims[i] = onnx.Fixed(int64(d))
		if !e.core && i < len(axisNames) && axisNames[i] != "" {
			dims[i] = onnx.Symbolic(axisNames[i])
		}
	}
	return dims
}

// output renames the result to Output and declares it. If its size differs from that of the
// first input, its height and width get separate names.
func (e *Emitter) output(y *gorgonia.Node, result string, inputs gorgonia.Nodes) error {
	if len(inputs) == 0 {
		return errors.New("a model needs an input")
	}
	if e.taken[Output] {
		return fmt.Errorf("%q is the name of the output and cannot be that of a weight", Output)
	}
	produced := false
	for _, n := range e.graph.Nodes {
		for _, names := range [][]string{n.Inputs, n.Outputs} {
			for i := range names {
				if names[i] == result {
					names[i] = Output
				}
			}
		}
		for _, out := range n.Outputs {
			produced = produced || out == Output
		}
	}
	if !produced { // the result is an input or a weight itself
		e.graph.Nodes = append(e.graph.Nodes, &onnx.Node{Name: "Identity", Op: "Identity", Inputs: []string{result}, Outputs: []string{Output}})
	}
	dims := e.dims(y.Shape())
	for i, d := range inputs[0].Shape() {
		if i >= 2 && i < len(dims) && dims[i].Name != "" && y.Shape()[i] != d {
			dims[i].Name += "_out"
		}
	}
	e.graph.Outputs = []*onnx.ValueInfo{{Name: Output, Doc: e.docs[Output], Type: onnx.Float32, Dims: dims}}
	return nil
}

// visit writes the operands of n, then n, and returns the name of its value.
func (e *Emitter) visit(n *gorgonia.Node) (string, error) {
	if name, done := e.names[n]; done {
		return name, nil
	}
	name, err := e.emit(n)
	if err == nil {
		e.names[n] = name
	}
	return name, err
}

// emit writes a leaf as a weight, or an operation after its operands, and returns the name of its value.
func (e *Emitter) emit(n *gorgonia.Node) (string, error) {
	if n.Op() == nil {
		return e.weight(n)
	}
	o, ours := n.Op().(op.Operation)
	if !ours {
		return "", fmt.Errorf("operation %v is one of Gorgonia's own and cannot be exported; use one of pkg/op", n.Op())
	}
	write, err := e.writer(o)
	if err != nil {
		return "", err
	}
	operands := make([]string, len(o.Inputs()))
	for i, in := range o.Inputs() {
		var err error
		if operands[i], err = e.visit(in); err != nil {
			return "", err
		}
	}
	e.scope, e.operands, e.operation, e.result, e.err = e.scopeOf(o), operands, o, n.Shape(), nil
	name := write(e, o)
	if e.err != nil {
		return "", fmt.Errorf("operation %s (%s): %w", o.Kind(), e.scope, e.err)
	}
	if e.written != nil && !slices.Contains(operands, name) { // not for operations that only pass on their operand
		e.written(e.scope, o, e.result, name)
	}
	return name, nil
}

// weight adds a leaf of the graph as an initializer.
func (e *Emitter) weight(n *gorgonia.Node) (string, error) {
	v, ok := n.Value().(*tensor.Dense)
	switch {
	case n.Name() == "":
		return "", errors.New("a leaf of the graph has no name")
	case !ok || v.Dtype() != tensor.Float32 || v.RequiresIterator():
		return "", fmt.Errorf("%q is not among the inputs, and has no contiguous float32 tensor as its value", n.Name())
	case e.taken[n.Name()]:
		return "", fmt.Errorf("%q is the name of two leaves of the graph", n.Name())
	}
	e.taken[n.Name()] = true
	e.graph.Initializers = append(e.graph.Initializers, onnx.NewFloats(n.Name(), lists.To[int64](v.Shape()), v.Float32s()))
	return n.Name(), nil
}
