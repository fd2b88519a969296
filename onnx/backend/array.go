package backend

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// array is an ONNX tensor in C order. data is a []float32, []int64 or []bool, in the form that
// held returns for the type, or nil if only type and shape are known.
type array struct {
	dtype onnx.DataType
	shape []int
	data  any
}

// Bounds in elements, so that a Resize by 1e9 or an Expand to 2^40 elements is an error.
const (
	maxElements = 1 << 29 // of one value
	maxFolded   = 1 << 24 // of all constants that a compilation computes
	maxAxis     = 1 << 24 // length of an axis that is resized or padded
	maxPlane    = 1 << 27 // of one plane between the passes of a resizing
)

// ErrTooLarge is wrapped in errors about models whose values exceed the bounds.
var ErrTooLarge = errors.New("too large")

// size returns the number of elements of a shape, or an error if it exceeds maxElements.
func size(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d > maxElements {
			return 0, fmt.Errorf("shape %v is %w", shape, ErrTooLarge)
		}
		if n *= d; n > maxElements {
			return 0, fmt.Errorf("shape %v is %w", shape, ErrTooLarge)
		}
	}
	return n, nil
}

// count returns the number of elements of a shape that is known to be in bounds.
func count(shape []int) int {
	return lists.Product(shape)
}

// arrayOf returns a tensor as an array that shares its memory. Gorgonia's tensors of one element may
// have the shape of a scalar.
func arrayOf(t tensor.Tensor) (*array, error) {
	d, ok := t.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("%T, want a dense tensor", t)
	}
	if d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("a tensor of shape %v is not contiguous in C order", d.Shape())
	}
	a := &array{shape: slices.Clone([]int(d.Shape()))}
	switch d.Dtype() {
	case tensor.Float32:
		a.dtype, a.data = onnx.Float32, d.Float32s()
	case tensor.Int64:
		a.dtype, a.data = onnx.Int64, d.Int64s()
	case tensor.Bool:
		a.dtype, a.data = onnx.Bool, d.Bools()
	default:
		return nil, fmt.Errorf("elements of type %v are not supported (float32, int64 and bool are)", d.Dtype())
	}
	return a, nil
}

// dense returns the array as a tensor that shares its memory.
func (a *array) dense() *tensor.Dense {
	if len(a.shape) == 0 {
		switch v := a.data.(type) {
		case []float32:
			return tensor.New(tensor.FromScalar(v[0]))
		case []int64:
			return tensor.New(tensor.FromScalar(v[0]))
		case []bool:
			return tensor.New(tensor.FromScalar(v[0]))
		}
	}
	return tensor.New(tensor.WithShape(a.shape...), tensor.WithBacking(a.data))
}

func floats(data any) []float32 {
	f, _ := data.([]float32)
	return f
}

// strides returns the strides of an array in C order.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = step
		step *= shape[i]
	}
	return s
}

// broadcast returns the shape to which all shapes broadcast by ONNX's (NumPy's) rules.
func broadcast(shapes ...[]int) ([]int, error) {
	var out []int
	for _, s := range shapes {
		if len(s) > len(out) {
			out = append(slices.Repeat([]int{1}, len(s)-len(out)), out...)
		}
		for i, d := range s {
			switch o := &out[len(out)-len(s)+i]; {
			case *o == 1:
				*o = d
			case d != 1 && d != *o:
				return nil, fmt.Errorf("shapes %v do not broadcast", shapes)
			}
		}
	}
	return out, nil
}

// stretch returns the strides to read an array of the given shape as if it were broadcast to
// shape to: zero along the axes where it repeats.
func stretch(shape, to []int) []int {
	out := make([]int, len(to))
	own := strides(shape)
	for i, d := range shape {
		if d != 1 {
			out[len(to)-len(shape)+i] = own[i]
		}
	}
	return out
}
