package backend

import (
	"slices"

	"gorgonia.org/tensor"
)

// constant returns the one of its attributes that is set.
func constant(n *node) []result {
	known := func(d tensor.Dtype, shape []int, data any) []result {
		return []result{{dtype: d, shape: shape, value: data}}
	}
	for name, v := range n.attributes {
		n.used[name] = true
		switch v := v.(type) {
		case tensor.Tensor:
			if a, err := arrayOf(v); err != nil {
				n.fail("%w", err)
			} else {
				return known(a.dtype, a.shape, a.data)
			}
		case float32:
			return known(tensor.Float32, nil, []float32{v})
		case int64:
			return known(tensor.Int64, nil, []int64{v})
		case []float32:
			return known(tensor.Float32, []int{len(v)}, slices.Clone(v))
		case []int64:
			return known(tensor.Int64, []int{len(v)}, slices.Clone(v))
		}
	}
	n.fail("it has no value that is supported")
	return nil
}

// shapeOf is the Shape operation: a constant, as all shapes are known here.
func shapeOf(n *node) []result {
	start, end := n.integer("start", 0), n.integer("end", 1<<30)
	if !n.operands(1, 1) {
		return nil
	}
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
	return []result{{dtype: tensor.Int64, shape: []int{len(dims)}, value: dims}}
}

func constantOfShape(n *node) []result {
	value := &array{dtype: tensor.Float32, shape: []int{1}, data: []float32{0}}
	if t := attribute[tensor.Tensor](n, "value", nil); t != nil {
		var err error
		if value, err = arrayOf(t); err != nil {
			n.fail("%w", err)
		} else if count(value.shape) != 1 {
			n.fail("a value of shape %v, want one element", value.shape)
		}
	}
	if !n.operands(1, 1) {
		return nil
	}
	shape := n.constant(0)
	if n.err != nil {
		return nil
	}
	l := loop{shape: shape, strides: [][]int{strides(shape), make([]int, len(shape))}}
	return single(value.dtype, shape, func(out any, _ []any) { l.move(out, value.data) })
}

// sequence is the Range operation on integers that are known before the run.
func sequence(n *node) []result {
	if !n.operands(3, 3) {
		return nil
	}
	from, to, step := n.constant(0), n.constant(1), n.constant(2)
	if n.err != nil || len(from) != 1 || len(to) != 1 || len(step) != 1 || step[0] == 0 {
		n.fail("start, limit and delta must be one number each, delta not 0")
		return nil
	}
	length := 0
	if span := to[0] - from[0]; (span > 0) == (step[0] > 0) && span != 0 {
		s, d := max(span, -span), max(step[0], -step[0])
		length = (s + d - 1) / d
	}
	return single(tensor.Int64, []int{length}, func(out any, _ []any) {
		for i := range out.([]int64) {
			out.([]int64)[i] = int64(from[0] + i*step[0])
		}
	})
}
