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

// Run computes a result from operands. out holds the result's elements in row-major order
// and is to be written completely; a scalar has one element. in holds those of the operands,
// which must not be changed. Equal operands give equal bytes.
type Run func(out []float32, in [][]float32) error

// Base is the part that all operations have in common. An operation embeds it, is set up by
// Define, and has the method SymDiff where it has a gradient:
//
//	SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
//
// It returns the gradients with respect to in, made by Gradient, from that with respect to
// out. One value of an operation belongs to one node of one graph.
type Base struct {
	distinct.Operation
	inputs gorgonia.Nodes
	shape  tensor.Shape
	output Output
	run    Run

	in     [][]float32
	number []float32 // of operands that are scalars
	result gorgonia.Value
	out    []float32 // of result
}

// instances numbers the operations.
var instances atomic.Uint64

// Define sets up an operation of a kind on the nodes inputs, with a result of the given
// shape; a nil shape stands for a scalar.
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

// InferShape implements gorgonia.Op. The shape was settled when the operation
// was made for its operands.
func (o *Base) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	if o.shape == nil {
		return tensor.ScalarShape(), nil
	}
	return o.shape.Clone(), nil
}

// Do implements gorgonia.Op. A panic of a kernel comes back as an error, for
// Gorgonia runs operations on a goroutine of its own.
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

// Again implements Operation. It spares what Do finds out about its operands,
// which on coarse meshes takes as long as a small operation.
func (o *Base) Again() (err error) {
	defer o.caught(&err)
	return o.compute()
}

// caught, when deferred, makes an error of a panic.
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

// floats returns the memory of a value. Scalars, which only the gradient of a
// loss is, are read with scalar.
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
	case *gorgonia.F32:
		return []float32{float32(*v)}, nil
	case nil:
		return nil, fmt.Errorf("has no value")
	}
	return nil, fmt.Errorf("is a %T, want a float32 tensor", v)
}

// DiffWRT implements half of gorgonia.SDOp: all operands have gradients. It is of use only
// where the operation has the method SymDiff. An operation with operands that have none
// returns false for these, and nil for their gradients.
func (o *Base) DiffWRT(n int) []bool {
	return slices.Repeat([]bool{true}, n)
}

// backward is an operation that computes gradients: it has no gradient of its own.
type backward struct{ Base }

// infallible is a Run without an error. A panic of a kernel becomes the error of Do.
type infallible func(out []float32, in [][]float32)

func (f infallible) run(out []float32, in [][]float32) error {
	f(out, in)
	return nil
}

// add sets an operation up, by Define, and adds its node.
func add(o interface {
	Operation
	Define(kind string, shape tensor.Shape, run Run, inputs ...*gorgonia.Node)
}, kind string, shape tensor.Shape, run infallible, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o.Define(kind, shape, run.run, inputs...)
	return Apply(o)
}

// addGradient is Gradient without an error of run.
func addGradient(kind string, shape tensor.Shape, run infallible, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	return Gradient(kind, shape, run.run, inputs...)
}

// only is the result of SymDiff of an operation whose first operand alone has a gradient.
func only(gx *gorgonia.Node, err error) (gorgonia.Nodes, error) { return gorgonia.Nodes{gx}, err }

// Gradient adds an operation that has no gradient itself, for use in SymDiff.
func Gradient(kind string, shape tensor.Shape, run Run, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o := &backward{}
	o.Define(kind, shape, run, inputs...)
	return Apply(o)
}

// OrderOnly declares that the operation of n does not read some of its operands, which are given by
// position: they only fix that it runs after them, and their memory may hold other results by then.
func OrderOnly(n *gorgonia.Node, operands ...int) {
	n.Op().(Operation).Output().OrderOnly = operands
}

// Extra returns a node for a further result of the operation of node first, which that
// operation writes to mem: Gorgonia's operations have one result each.
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
