package op

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/distinct"
)

// Run computes a result from operands. It must write all of out, the result's elements in
// row-major order; a scalar has one element. in has the elements of each operand, which Run
// must not change. Equal operands must give equal bytes.
type Run func(out []float32, in [][]float32) error

// Base is the common part of all operations. An operation embeds it and is set up by Define.
// An operation with a gradient has the method
//
//	SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
//
// which returns nodes for the gradients with respect to in, given the gradient grad with
// respect to out. Gradient makes such nodes. One value of an operation belongs to one node of
// one graph.
type Base struct {
	distinct.Operation
	inputs gorgonia.Nodes
	shape  tensor.Shape
	output Output
	run    Run

	in     [][]float32 // elements of the operands
	number []float32   // copies of the operands that are scalars
	result gorgonia.Value
	out    []float32 // elements of result
}

// instances numbers the operations.
var instances atomic.Uint64

// Define sets up an operation of the given kind on the nodes inputs. Its result has the given
// shape; nil stands for a scalar.
func (o *Base) Define(kind string, shape tensor.Shape, run Run, inputs ...*gorgonia.Node) {
	o.Operation = distinct.NewOperation(kind, instances.Add(1))
	o.inputs, o.shape, o.run = inputs, shape, run
	o.in, o.number = make([][]float32, len(inputs)), make([]float32, len(inputs))
	o.output = Output{Alias: -1, place: o.place}
	if shape == nil {
		o.result, o.out = gorgonia.NewF32(0), make([]float32, 1)
		return
	}
	o.output.Len = shape.TotalSize()
}

// Apply adds the node of an operation that Define has set up to the graph of its operands.
func Apply(o Operation) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(o, o.Inputs()...)
}

func (o *Base) place(mem []float32) {
	o.out = mem
	o.result = tensor.New(tensor.WithShape(o.shape...), tensor.WithBacking(mem))
}

// Inputs implements Operation.
func (o *Base) Inputs() gorgonia.Nodes { return o.inputs }

// Output implements Operation.
func (o *Base) Output() *Output { return &o.output }

// Arity implements gorgonia.Op.
func (o *Base) Arity() int { return len(o.inputs) }

// Type implements gorgonia.Op.
func (o *Base) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.inputs)+1)
	for _, in := range o.inputs {
		types = append(types, in.Type())
	}
	return hm.NewFnType(append(types, valueType(o.shape))...)
}

func valueType(s tensor.Shape) hm.Type {
	if s == nil {
		return tensor.Float32
	}
	return gorgonia.TensorType{Dims: s.Dims(), Of: tensor.Float32}
}

// InferShape implements gorgonia.Op. Define has set the shape.
func (o *Base) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	if o.shape == nil {
		return tensor.ScalarShape(), nil
	}
	return o.shape.Clone(), nil
}

// Do implements gorgonia.Op. It turns a panic of a kernel into an error: Gorgonia runs
// operations on a goroutine of its own, where callers could not recover.
func (o *Base) Do(values ...gorgonia.Value) (result gorgonia.Value, err error) {
	defer o.caught(&err)
	if len(values) != len(o.in) {
		return nil, fmt.Errorf("%s: %d operands, want %d", o, len(values), len(o.in))
	}
	for i, v := range values {
		if scalar, ok := v.(*gorgonia.F32); ok {
			o.number[i] = float32(*scalar)
			o.in[i] = o.number[i : i+1]
		} else if o.in[i], err = floats(v); err != nil {
			return nil, fmt.Errorf("%s: operand %d: %w", o, i, err)
		}
	}
	if o.result == nil && o.output.Len > 0 {
		o.place(make([]float32, o.output.Len))
	}
	if err := o.compute(); err != nil {
		return nil, err
	}
	return o.result, nil
}

// Again implements Operation. It skips the checks and type switches that Do needs for its
// operands. On coarse meshes these take as long as a small operation.
func (o *Base) Again() (err error) {
	defer o.caught(&err)
	return o.compute()
}

// caught, when deferred, turns a panic into an error.
func (o *Base) caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %v", o, r)
	}
}

// compute runs the operation on o.in.
func (o *Base) compute() error {
	if o.output.Bind && !o.output.Header {
		return nil
	}
	if err := o.run(o.out, o.in); err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	if scalar, ok := o.result.(*gorgonia.F32); ok {
		*scalar = gorgonia.F32(o.out[0])
	}
	if o.output.Inspect == nil {
		return nil
	}
	if err := o.output.Inspect(o.out); err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	return nil
}

// floats returns the memory of a tensor.
func floats(v gorgonia.Value) ([]float32, error) {
	switch v := v.(type) {
	case *tensor.Dense:
		if v.Dtype() != tensor.Float32 {
			return nil, fmt.Errorf("%v tensor, want float32", v.Dtype())
		}
		if v.RequiresIterator() {
			return nil, fmt.Errorf("tensor of shape %v is not contiguous", v.Shape())
		}
		return v.Float32s(), nil
	case nil:
		return nil, fmt.Errorf("has no value")
	}
	return nil, fmt.Errorf("is a %T, want a float32 tensor", v)
}

// DiffWRT implements half of gorgonia.SDOp; the other half is SymDiff. It reports that all
// operands have gradients. An operation with other operands overrides it and returns false for
// these; its SymDiff returns nil for their gradients.
func (o *Base) DiffWRT(n int) []bool {
	return slices.Repeat([]bool{true}, n)
}

// backward is an operation that computes a gradient and has none itself.
type backward struct{ Base }

// infallible is a Run that returns no error.
type infallible func(out []float32, in [][]float32)

func (f infallible) run(out []float32, in [][]float32) error {
	f(out, in)
	return nil
}

// add sets up an operation with Define and adds its node to the graph.
func add(o interface {
	Operation
	Define(kind string, shape tensor.Shape, run Run, inputs ...*gorgonia.Node)
}, kind string, shape tensor.Shape, run infallible, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o.Define(kind, shape, run.run, inputs...)
	return Apply(o)
}

// addGradient is Gradient for a run that returns no error.
func addGradient(kind string, shape tensor.Shape, run infallible, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return Gradient(kind, shape, run.run, inputs...)
}

// only is the result of SymDiff for an operation with one operand.
func only(gx *gorgonia.Node, err error) (gorgonia.Nodes, error) { return gorgonia.Nodes{gx}, err }

// Gradient adds an operation that computes a gradient and has none itself. It is for use in
// SymDiff; kind, shape, run and inputs are as in Define.
func Gradient(kind string, shape tensor.Shape, run Run, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o := &backward{}
	o.Define(kind, shape, run, inputs...)
	return Apply(o)
}

// OrderOnly declares that the operation of n does not read the operands at the given positions. They
// only fix the order of execution: n runs after them. Their memory may hold other results by then.
func OrderOnly(n *gorgonia.Node, operands ...int) {
	n.Op().(Operation).Output().OrderOnly = operands
}

// Extra returns a node for an additional result of the operation of node first. That operation
// writes the result to mem. Extra exists because a Gorgonia operation has only one result.
func Extra(first *gorgonia.Node, shape tensor.Shape, mem []float32) (*gorgonia.Node, error) {
	o := &backward{}
	o.defineExtra(first, shape, mem)
	return Apply(o)
}

func (o *Base) defineExtra(first *gorgonia.Node, shape tensor.Shape, mem []float32) {
	o.Define("Extra", shape, func([]float32, [][]float32) error { return nil }, first)
	o.place(mem)
	o.output.Len, o.output.Header = 0, true
	o.output.OrderOnly = []int{0}
}
