package op

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Operation is what every operation of this package offers beside
// Gorgonia's own interface: enough for an exporter to walk a graph, and for a
// memory planner to place outputs.
type Operation interface {
	gorgonia.Op

	// Kind names the operation, for instance "Conv".
	Kind() string
	// Inputs returns the operands in order; Gorgonia keeps them to itself.
	Inputs() gorgonia.Nodes
	// Output returns the memory plan of the result.
	Output() *Output
	// Again repeats the last Do, which must have succeeded, on the same operands with
	// what they hold by now. None of them may be a scalar.
	Again() error
}

// Accumulator is an operation whose result can be had elsewhere than in its own place:
// the gradient of a parameter that belongs into, or on top of, one for all parameters.
type Accumulator interface {
	Operation
	// Into has all runs from now on write the result to dst, or add it to what is there.
	// The operation's own result is then of no use. With a nil dst it is back in place.
	Into(dst []float32, add bool)
}

// Deferrer is an operation whose result may be left for later: cores that wait in other
// operations do the work.
type Deferrer interface {
	Operation
	// Start is Again, but that the result is not there, and the operands must stay
	// as they are, until Wait has returned. Further results there may be, such as
	// a bias's gradient, are complete.
	Start() error
	// Wait completes what Start has begun.
	Wait() error
}

// Output describes where an operation's result lives. The result of an
// operation is overwritten by its next run, and may share memory with results
// that are dead by the time it is computed.
type Output struct {
	// Len is the number of float32 that Place expects; 0 where the result
	// needs no memory from outside.
	Len int
	// Alias is the operand whose memory the result shares, or -1.
	Alias int
	// OrderOnly lists operands that only fix the order of execution: their
	// values are not read.
	OrderOnly []int
	// Header says that the result is nothing but another view of memory that other
	// operations fill: once there, it need not be made again.
	Header bool
	// Inspect, where it is set, is given the result after each run; its error
	// becomes that of the run.
	Inspect func(result []float32) error

	place func([]float32)
}

// Place gives the result its memory, of Len float32.
func (o *Output) Place(mem []float32) { o.place(mem) }

// operation is the common part of all operations: one instance belongs to one
// node, knows its operands and owns its result.
type operation struct {
	kind   string
	id     uint64
	inputs gorgonia.Nodes
	shape  tensor.Shape
	output Output
	run    func(in [][]float32) error

	in     [][]float32
	number []float32 // of operands that are scalars
	result gorgonia.Value
	out    []float32 // of result, when it is a tensor
}

// instances numbers the operations: Gorgonia merges nodes whose hashes agree
// without looking at operands or attributes, so every instance needs its own.
var instances atomic.Uint64

// define fills in the common part. A nil shape stands for a scalar result.
func (o *operation) define(kind string, shape tensor.Shape, run func(in [][]float32) error, inputs ...*gorgonia.Node) {
	o.kind, o.id, o.inputs, o.shape, o.run = kind, instances.Add(1), inputs, shape, run
	o.in, o.number = make([][]float32, len(inputs)), make([]float32, len(inputs))
	o.output = Output{Alias: -1, place: o.place}
	if shape == nil {
		o.result = gorgonia.NewF32(0)
		return
	}
	o.output.Len = shape.TotalSize()
}

// apply makes the node of an operation that define has filled in.
func apply(o Operation) (*gorgonia.Node, error) {
	return gorgonia.ApplyOp(o, o.Inputs()...)
}

func (o *operation) place(mem []float32) {
	o.out = mem
	o.result = tensor.New(tensor.WithShape(o.shape...), tensor.WithBacking(mem))
}

// Kind implements Operation.
func (o *operation) Kind() string { return o.kind }

// Inputs implements Operation.
func (o *operation) Inputs() gorgonia.Nodes { return o.inputs }

// Output implements Operation.
func (o *operation) Output() *Output { return &o.output }

// Arity implements gorgonia.Op.
func (o *operation) Arity() int { return len(o.inputs) }

// Type implements gorgonia.Op.
func (o *operation) Type() hm.Type {
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
func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	if o.shape == nil {
		return tensor.ScalarShape(), nil
	}
	return o.shape.Clone(), nil
}

// Do implements gorgonia.Op. A panic of a kernel comes back as an error, for
// Gorgonia runs operations on a goroutine of its own.
func (o *operation) Do(values ...gorgonia.Value) (result gorgonia.Value, err error) {
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
func (o *operation) Again() (err error) {
	defer o.caught(&err)
	return o.compute()
}

// caught, when deferred, makes an error of a panic.
func (o *operation) caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %v", o, r)
	}
}

// compute runs the operation on o.in.
func (o *operation) compute() error {
	if err := o.run(o.in); err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	if o.output.Inspect == nil {
		return nil
	}
	result, err := floats(o.result)
	if err != nil {
		return fmt.Errorf("%s: result: %w", o, err)
	}
	if err := o.output.Inspect(result); err != nil {
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

// setScalar sets the result of an operation with scalar result.
func (o *operation) setScalar(v float64) { *o.result.(*gorgonia.F32) = gorgonia.F32(v) }

// ReturnsPtr implements gorgonia.Op.
func (o *operation) ReturnsPtr() bool { return true }

// CallsExtern implements gorgonia.Op. With true the machine would allocate a
// result anew in every run.
func (o *operation) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *operation) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *operation) WriteHash(h hash.Hash) {
	var id [8]byte
	binary.LittleEndian.PutUint64(id[:], o.id)
	h.Write([]byte(o.kind))
	h.Write(id[:])
}

// Hashcode implements gorgonia.Op.
func (o *operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String implements gorgonia.Op.
func (o *operation) String() string { return fmt.Sprintf("%s#%d", o.kind, o.id) }

// all returns what DiffWRT returns for n operands that all have gradients.
func all(n int) []bool {
	wrt := make([]bool, n)
	for i := range wrt {
		wrt[i] = true
	}
	return wrt
}

// extra is a second result of another operation: Gorgonia's operations have
// one each. It shares the first operation's memory and comes after it.
type extra struct{ operation }

// second returns a node for a further result of the operation of node first,
// which that operation writes to mem.
func second(first *gorgonia.Node, shape tensor.Shape, mem []float32) (*gorgonia.Node, error) {
	o := &extra{}
	o.define("Extra", shape, func([][]float32) error { return nil }, first)
	o.place(mem)
	o.output.Len, o.output.Header = 0, true
	o.output.OrderOnly = []int{0}
	return apply(o)
}

// backward is an operation that computes gradients: the same as any other, but
// with no gradient of its own.
type backward struct{ operation }

// gradient makes the node of a backward operation.
func gradient(kind string, shape tensor.Shape, run func(in [][]float32) error, inputs ...*gorgonia.Node) (*gorgonia.Node, *backward, error) {
	o := &backward{}
	o.define(kind, shape, run, inputs...)
	n, err := apply(o)
	return n, o, err
}
