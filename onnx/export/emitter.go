package export

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/op"
)

// Writer writes one operation as ONNX nodes and returns the name of the result. It calls
// Emitter.Fail for an operation that it cannot write.
type Writer func(e *Emitter, o op.Operation) string

// Emitter collects the ONNX nodes of a graph. Writers use it to add nodes and constants.
type Emitter struct {
	graph *onnx.Graph
	core  bool // for a model of core operations
	uses  map[*gorgonia.Node]int
	extra Extensions
	docs  map[string]string
	names map[*gorgonia.Node]string
	taken map[string]bool   // names of values
	same  map[string]string // existing nodes and constants, by what they compute
	kinds map[string]int

	written func(place string, o op.Operation, shape []int, result string) // Options.Visit

	// Of the operation that is being written:
	scope     string
	operation op.Operation
	operands  []string
	result    tensor.Shape
	err       error
}

func newEmitter(o Options) *Emitter {
	return &Emitter{
		graph: &onnx.Graph{Name: o.Name},
		core:  o.Core != nil,
		extra: o.Extensions,
		docs:  o.Docs,

		written: o.Visit,

		uses:  map[*gorgonia.Node]int{},
		names: map[*gorgonia.Node]string{},
		taken: map[string]bool{},
		same:  map[string]string{},
		kinds: map[string]int{},
	}
}

// Fail makes the export return an error; the first one counts. It does not stop the caller.
func (e *Emitter) Fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

// Operand returns the name of the operation's i-th operand.
func (e *Emitter) Operand(i int) string { return e.operands[i] }

// Operands returns the names of all operands.
func (e *Emitter) Operands() []string { return e.operands }

// Shape returns the shape of the i-th operand in the graph. Only rank and channels hold for
// all inputs of the model, except in models of core operations, where the whole shape does.
func (e *Emitter) Shape(i int) []int { return e.operation.Inputs()[i].Shape() }

// ResultShape returns the shape of the operation's result in the graph; see Shape.
func (e *Emitter) ResultShape() []int { return e.result }

// Attribute returns an attribute for a node.
func Attribute(name string, value any) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Value: value}
}

// Node adds an ONNX node with one result and returns the result's name. If an equal node
// exists already, it returns that node's result.
func (e *Emitter) Node(kind string, inputs []string, attributes ...*onnx.Attribute) string {
	return e.Nodes(kind, 1, inputs, attributes...)[0]
}

// Nodes is Node for operations with several results.
func (e *Emitter) Nodes(kind string, results int, inputs []string, attributes ...*onnx.Attribute) []string {
	if e.core {
		inputs = e.distinct(inputs)
	}
	key := fmt.Sprintf("%s %q", kind, inputs)
	for _, a := range attributes {
		key += fmt.Sprintf(" %s=%v", a.Name, a.Value)
	}
	outputs := make([]string, results)
	if first, ok := e.same[key]; ok {
		outputs[0] = first
		for i := 1; i < results; i++ {
			outputs[i] = e.same[fmt.Sprintf("%s #%d", key, i)]
		}
		return outputs
	}
	name := e.unique(e.scope + "/" + kind)
	for i := range outputs {
		outputs[i] = name
		if i > 0 {
			outputs[i] = e.unique(name)
			e.same[fmt.Sprintf("%s #%d", key, i)] = outputs[i]
		}
	}
	e.same[key] = outputs[0]
	e.graph.Nodes = append(e.graph.Nodes, &onnx.Node{Name: name, Op: kind, Inputs: append([]string{}, inputs...), Outputs: append([]string{}, outputs...), Attributes: attributes})
	return outputs
}

// distinct replaces an operand that repeats an earlier one by its Identity, because gorgonnx
// has only one edge between two nodes.
func (e *Emitter) distinct(inputs []string) []string {
	inputs = slices.Clone(inputs)
	for i := range inputs {
		for slices.Contains(inputs[:i], inputs[i]) {
			inputs[i] = e.Node("Identity", inputs[i:i+1])
		}
	}
	return inputs
}

// Floats returns the name of a constant float32 array. Equal constants share one name.
func (e *Emitter) Floats(dims []int64, values ...float32) string {
	return e.constant(onnx.NewFloats("", dims, values))
}

// Ints returns the name of a constant vector of int64, such as a shape or axes.
func (e *Emitter) Ints(values ...int64) string {
	return e.constant(onnx.NewInts("", []int64{int64(len(values))}, values))
}

func (e *Emitter) constant(t *onnx.Tensor) string {
	key := fmt.Sprintf("constant %v %v %x", t.Type, t.Dims, t.Raw)
	if name, ok := e.same[key]; ok {
		return name
	}
	t.Name = e.unique("constant")
	e.same[key] = t.Name
	e.graph.Initializers = append(e.graph.Initializers, t)
	return t.Name
}

// unique returns name, with a number if it is taken.
func (e *Emitter) unique(name string) string {
	free := name
	for i := 1; e.taken[free]; i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	e.taken[free] = true
	return free
}

// scopeOf names the place of an operation in the network. If it has weights, the name comes from
// them, as in "blocks.0.Conv1" for blocks.0.Conv1.weight; else it is the kind and a number.
func (e *Emitter) scopeOf(o op.Operation) string {
	for _, in := range o.Inputs() {
		if name := in.Name(); in.Op() == nil && !e.isInput(name) {
			if i := strings.LastIndexByte(name, '.'); i > 0 {
				return name[:i]
			}
			return name
		}
	}
	scope := fmt.Sprintf("%s.%d", o.Kind(), e.kinds[o.Kind()])
	e.kinds[o.Kind()]++
	return scope
}

func (e *Emitter) isInput(name string) bool {
	return slices.ContainsFunc(e.graph.Inputs, func(in *onnx.ValueInfo) bool { return in.Name == name })
}
