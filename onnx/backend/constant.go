package backend

import (
	"math"
	"slices"

	"gorgonia.org/tensor"

	"multiscale/onnx"
)

// constant returns the constant's value: its operand, which Load makes of a tensor, or its attribute.
func constant(n *node) []result {
	known := func(d onnx.DataType, shape []int, data any) []result {
		return []result{{dtype: d, shape: shape, value: data}}
	}
	if n.has(0) {
		return known(n.in[0].dtype, n.in[0].shape, n.in[0].data)
	}
	for name, v := range n.attributes {
		n.used[name] = true
		switch v := v.(type) {
		case tensor.Tensor:
			a, err := arrayOf(v)
			if err != nil {
				n.fail("%w", err)
			}
			return known(a.dtype, a.shape, a.data)
		case float32:
			return known(onnx.Float32, nil, []float32{v})
		case int64:
			return known(onnx.Int64, nil, []int64{v})
		case []float32:
			return known(onnx.Float32, []int{len(v)}, slices.Clone(v))
		case []int64:
			return known(onnx.Int64, []int{len(v)}, slices.Clone(v))
		}
	}
	n.fail("it has no value that is supported")
	return nil
}

// shapeOf is the Shape operation. Its result is a constant, because all shapes are known at compilation.
func shapeOf(n *node) []result {
	start, end := n.integer("start", 0), n.integer("end", 1<<30)
	n.operands(1, 1)
	x := n.in[0].shape
	bound := func(i int) int {
		if i < 0 {
			i += len(x)
		}
		return min(max(i, 0), len(x))
	}
	dims := []int64{}
	for i := bound(start); i < bound(end); i++ {
		dims = append(dims, int64(x[i]))
	}
	return []result{{dtype: onnx.Int64, shape: []int{len(dims)}, value: dims}}
}

// sizeOf is the Size operation: the number of elements.
func sizeOf(n *node) []result {
	n.operands(1, 1)
	return []result{{dtype: onnx.Int64, value: []int64{int64(count(n.in[0].shape))}}}
}

// constantOfShape has its value as operand 1, which Load makes of the attribute, or as an attribute.
func constantOfShape(n *node) []result {
	value := &array{dtype: onnx.Float32, shape: []int{1}, data: []float32{0}}
	if t := attribute[tensor.Tensor](n, "value", nil); t != nil {
		var err error
		if value, err = arrayOf(t); err != nil {
			n.fail("%w", err)
		}
	}
	n.operands(1, 2)
	if n.has(1) {
		value = n.in[1]
	}
	if count(value.shape) != 1 {
		n.fail("a value of shape %v, want one element", value.shape)
	}
	shape := n.constant(0)
	l := loop{shape: shape, strides: [][]int{strides(shape), make([]int, len(shape))}}
	return single(value.dtype, shape, func(out any, _ []any) { l.move(out, value.data) })
}

// sequence is the Range operation. Its operands must be constants.
func sequence(n *node) []result {
	n.ignore("stash_type")
	n.operands(3, 3)
	for i := range n.in {
		if n.in[i].dtype != n.in[0].dtype || count(n.in[i].shape) != 1 {
			n.fail("start, limit and delta must be one number each, of one type")
		}
	}
	if isFloat(n.in[0].dtype) {
		from, to, step := n.constantFloats(0), n.constantFloats(1), n.constantFloats(2)
		length := math.Ceil((float64(to[0]) - float64(from[0])) / float64(step[0]))
		if !(length < maxElements) {
			n.fail("a range of %v numbers is %w", length, ErrTooLarge)
		}
		return n.like([]int{max(0, int(length))}, func(out any, _ []any) {
			for i := range floats(out) {
				floats(out)[i] = float32(float64(from[0]) + float64(i)*float64(step[0]))
			}
		})
	}
	from, to, step := n.constant(0), n.constant(1), n.constant(2)
	if step[0] == 0 {
		n.fail("delta is 0")
	}
	length := 0
	if span := to[0] - from[0]; (span > 0) == (step[0] > 0) && span != 0 {
		s, d := max(span, -span), max(step[0], -step[0])
		length = (s + d - 1) / d
	}
	return n.like([]int{length}, func(out any, _ []any) {
		for i := range out.([]int64) {
			out.([]int64)[i] = int64(from[0] + i*step[0])
		}
	})
}
