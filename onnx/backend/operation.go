package backend

import (
	"fmt"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/distinct"
)

// operation is one result of an ONNX node as a Gorgonia operation.
type operation struct {
	distinct.Operation
	program *program
	result  *result
	types   []gorgonia.TensorType // of the Gorgonia operands
	slots   []int                 // their positions among the ONNX operands
	in      []any                 // data of the ONNX operands; constants are set in advance

	out     any // the result of this run
	readers int // number of operations that read it, plus one if the caller does
	unread  int // readers that have not finished in this run
	sources []*operation
}

// Do implements gorgonia.Op. The result's memory comes from the program and returns to it
// after the last reader.
func (o *operation) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	for k, v := range values {
		a, err := arrayOf(v.(tensor.Tensor))
		if err != nil {
			return nil, o.stop(err)
		}
		o.in[o.slots[k]] = a.data
	}
	elements := count(o.result.shape)
	o.out, o.unread = o.program.memory.take(o.result.dtype, elements), o.readers
	if err := o.result.safely(o.out, o.in); err != nil {
		return nil, o.stop(err)
	}
	value := tensor.New(tensor.WithShape(gorgoniaShape(o.result.shape)...), tensor.WithBacking(o.out))
	for _, s := range o.sources {
		s.release()
	}
	if o.unread == 0 {
		o.unread = 1
		o.release()
	}
	return value, nil
}

// release records that one reader has finished.
func (o *operation) release() {
	if o.unread--; o.unread == 0 {
		o.program.memory.give(o.out)
		o.out = nil
	}
}

func (o *operation) stop(err error) error {
	o.program.failure = fmt.Errorf("%s: %w", o.Kind(), err)
	return o.program.failure
}

// memory reuses blocks of float32, because most values of a network are needed only by the
// next node or two.
type memory struct {
	free map[int][]any
}

func (m *memory) take(d onnx.DataType, n int) any {
	if blocks := m.free[n]; isFloat(d) && len(blocks) > 0 {
		m.free[n] = blocks[:len(blocks)-1]
		return blocks[len(blocks)-1]
	}
	return alloc(d, n)
}

func (m *memory) give(block any) {
	if f, ok := block.([]float32); ok {
		if m.free == nil {
			m.free = map[int][]any{}
		}
		m.free[len(f)] = append(m.free[len(f)], block)
	}
}

// Arity implements gorgonia.Op.
func (o *operation) Arity() int { return len(o.slots) }

// Type implements gorgonia.Op. It returns a new value each time, as Gorgonia requires.
func (o *operation) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.types)+1)
	for _, t := range o.types {
		types = append(types, t)
	}
	return hm.NewFnType(append(types, typeOf(&array{dtype: o.result.dtype, shape: o.result.shape}))...)
}

// InferShape implements gorgonia.Op.
func (o *operation) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return gorgoniaShape(o.result.shape), nil
}
