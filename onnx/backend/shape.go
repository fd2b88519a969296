package backend

import (
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// relabelled returns operand 0 with another shape. It is a copy unless it is a constant, because a Gorgonia operation must
// not return its operand.
func relabelled(n *node, shape []int) []result {
	if count(shape) != count(n.in[0].shape) {
		n.fail("shape %v cannot become %v", n.in[0].shape, shape)
	}
	if n.in[0].data != nil { // constants are never written to
		return []result{{dtype: n.in[0].dtype, shape: shape, value: n.in[0].data}}
	}
	l := loop{shape: []int{count(shape)}, strides: [][]int{{1}, {1}}}
	return n.like(shape, func(out any, in []any) { l.move(out, in[0]) })
}

func identity(n *node) []result {
	n.operands(1, 1)
	return relabelled(n, n.in[0].shape)
}

// notTraining refuses training mode in opsets up to 6, where an attribute selects it.
func (n *node) notTraining() {
	if n.opset < 7 && n.integer("is_test", 0) == 0 {
		n.fail("is_test=0 is not supported")
	}
}

// dropout returns operand 0 unchanged, and a mask that is true everywhere. Training mode is supported only with ratio 0.
func dropout(n *node) []result {
	ratio := n.number("ratio", 0.5)
	n.ignore("seed")
	n.notTraining()
	n.operands(1, 3)
	training := false
	if n.has(2) {
		truth, ok := n.in[2].data.([]bool)
		if !ok {
			n.unknown = 2
			n.fail("training_mode must be known before the run")
		}
		training = slices.Contains(truth, true)
	}
	if training && n.has(1) {
		if given := n.constantFloats(1); len(given) == 1 {
			ratio = given[0]
		}
	}
	if training && ratio != 0 {
		n.fail("training mode with ratio %v is not supported", ratio)
	}
	shape := n.in[0].shape
	ones := single(onnx.Bool, shape, func(out any, _ []any) {
		for i := range out.([]bool) {
			out.([]bool)[i] = true
		}
	})
	return slices.Concat(relabelled(n, shape), ones)
}

func reshape(n *node) []result {
	zero := n.integer("allowzero", 0) != 0
	n.operands(2, 2)
	shape := n.constant(1)
	rest, unknown := 1, -1
	for i, d := range shape {
		switch {
		case d == -1 && unknown < 0:
			unknown = i
			continue
		case d < 0:
			n.fail("shape %v is not valid", shape)
		case d == 0 && !zero:
			if i >= len(n.in[0].shape) {
				n.fail("shape %v copies a dimension that %v does not have", shape, n.in[0].shape)
			}
			shape[i] = n.in[0].shape[i]
		}
		rest *= shape[i]
	}
	if unknown >= 0 {
		if rest == 0 || count(n.in[0].shape)%rest != 0 {
			n.fail("shape %v cannot become %v", n.in[0].shape, shape)
		}
		shape[unknown] = count(n.in[0].shape) / rest
	}
	return relabelled(n, shape)
}

func flatten(n *node) []result {
	axis := n.integer("axis", 1)
	n.operands(1, 1)
	x := n.in[0].shape
	if axis != len(x) { // this operation allows an axis after the last
		axis = n.axis(axis, len(x))
	}
	return relabelled(n, []int{count(x[:axis]), count(x[axis:])})
}

func unsqueeze(n *node) []result {
	n.operands(1, 2)
	x := n.in[0].shape
	axes := n.integers("axes")
	if n.has(1) {
		axes = n.constant(1)
	}
	rank := len(x) + len(axes)
	added := make([]bool, rank)
	for _, a := range axes {
		if a = n.axis(a, rank); rank > 0 {
			added[a] = true
		}
	}
	var shape []int
	for _, isNew := range added {
		if isNew || len(x) == 0 {
			shape = append(shape, 1)
		} else {
			shape, x = append(shape, x[0]), x[1:]
		}
	}
	return relabelled(n, shape)
}

func squeeze(n *node) []result {
	n.operands(1, 2)
	x := n.in[0].shape
	axes, given := n.axes(1, len(x))
	var shape []int
	for i, d := range x {
		drop := d == 1
		if given {
			drop = slices.Contains(axes, i)
			if drop && d != 1 {
				n.fail("axis %d of shape %v has not length 1", i, x)
			}
		}
		if !drop {
			shape = append(shape, d)
		}
	}
	return relabelled(n, shape)
}

func concat(n *node) []result {
	usual := 0
	if n.opset < 4 {
		usual = 1
	}
	axis := n.integer("axis", usual)
	n.operands(max(1, len(n.in)), len(n.in))
	first := n.in[0]
	axis = n.axis(axis, len(first.shape))
	shape := slices.Clone(first.shape)
	shape[axis] = 0
	starts := make([]int, len(n.in))
	for i, a := range n.in {
		if len(a.shape) != len(shape) || a.dtype != first.dtype {
			n.fail("operands of shapes %v cannot be joined", n.shapes())
		}
		starts[i] = shape[axis]
		shape[axis] += a.shape[axis]
		for k, d := range a.shape {
			if k != axis && d != shape[k] {
				n.fail("operands of shapes %v cannot be joined along axis %d", n.shapes(), axis)
			}
		}
	}
	to := strides(shape)
	loops := make([]loop, len(n.in))
	for i, a := range n.in {
		loops[i] = loop{shape: a.shape, strides: [][]int{to, strides(a.shape)}, starts: []int{starts[i] * to[axis], 0}}
	}
	return single(first.dtype, shape, func(out any, in []any) {
		for i, l := range loops {
			l.move(out, in[i])
		}
	})
}

func split(n *node) []result {
	axis := n.integer("axis", 0)
	parts := n.integers("split")
	number := n.integer("num_outputs", n.outputs)
	n.operands(1, 2)
	x := n.in[0].shape
	axis = n.axis(axis, len(x))
	if n.has(1) {
		parts = n.constant(1)
	}
	if parts == nil { // equal parts; the last may be smaller
		each := (x[axis] + number - 1) / max(1, number)
		for rest := x[axis]; rest > 0 && number > 0; rest -= each {
			parts = append(parts, min(each, rest))
		}
	}
	total := 0
	for _, p := range parts {
		if total += p; p < 0 {
			total = -1
			break
		}
	}
	if total != x[axis] || len(parts) != n.outputs {
		n.fail("axis of length %d cannot be split into %v for %d results", x[axis], parts, n.outputs)
	}
	var results []result
	start := 0
	for _, p := range parts {
		shape := slices.Clone(x)
		shape[axis] = p
		l := loop{shape: shape, strides: [][]int{strides(shape), strides(x)}, starts: []int{0, start * strides(x)[axis]}}
		start += p
		results = append(results, n.like(shape, func(out any, in []any) { l.move(out, in[0]) })...)
	}
	return results
}

// slice has its parameters as attributes up to opset 9, and as operands from opset 10.
func slice(n *node) []result {
	var starts, ends, axes, steps []int
	if n.opset < 10 {
		starts, ends, axes = n.integers("starts"), n.integers("ends"), n.integers("axes")
		n.operands(1, 1)
	} else {
		n.operands(3, 5)
		starts, ends, axes, steps = n.constant(1), n.constant(2), n.constant(3), n.constant(4)
	}
	x := n.in[0].shape
	if axes == nil {
		axes = lists.Indices(len(starts))
	}
	if steps == nil {
		steps = slices.Repeat([]int{1}, len(starts))
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		n.fail("starts, ends, axes and steps differ in number")
	}
	shape, from := slices.Clone(x), strides(x)
	start := 0
	for i, a := range axes {
		a = n.axis(a, len(x))
		if steps[i] == 0 {
			n.fail("step 0")
		}
		d := x[a]
		// As in NumPy, negative positions count from the end, and positions are then clamped.
		low, high := 0, d
		if steps[i] < 0 {
			low, high = -1, d-1
		}
		clamp := func(p int) int {
			if p < 0 {
				p += d
			}
			return min(max(p, low), high)
		}
		first, end := clamp(starts[i]), clamp(ends[i])
		length := 0
		if steps[i] > 0 && end > first {
			length = (end - first + steps[i] - 1) / steps[i]
		} else if steps[i] < 0 && first > end {
			length = (first - end - steps[i] - 1) / -steps[i]
		}
		shape[a] = length
		if length > 0 {
			start += first * from[a]
		}
		from[a] *= steps[i]
	}
	l := loop{shape: shape, strides: [][]int{strides(shape), from}, starts: []int{0, start}}
	return n.like(shape, func(out any, in []any) { l.move(out, in[0]) })
}

// gather takes slices of operand 0 along an axis, at the positions in operand 1.
func gather(n *node) []result {
	axis := n.integer("axis", 0)
	n.operands(2, 2)
	x, at := n.in[0].shape, n.in[1].shape
	axis = n.axis(axis, len(x))
	n.positions()
	shape := slices.Concat(x[:axis], at, x[axis+1:])
	outer, inner := count(x[:axis]), count(x[axis+1:])
	return n.like(shape, func(out any, in []any) {
		positions := in[1].([]int64)
		for k, p := range positions {
			loop{
				shape:   []int{outer, inner},
				strides: [][]int{{len(positions) * inner, 1}, {x[axis] * inner, 1}},
				starts:  []int{k * inner, placed(p, x[axis]) * inner},
			}.move(out, in[0])
		}
	})
}

func expand(n *node) []result {
	n.operands(2, 2)
	shape, err := broadcast(n.in[0].shape, n.constant(1))
	if err != nil {
		n.fail("%w", err)
	}
	l := loop{shape: shape, strides: [][]int{strides(shape), stretch(n.in[0].shape, shape)}}
	return n.like(shape, func(out any, in []any) { l.move(out, in[0]) })
}
