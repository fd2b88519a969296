package backend

import (
	"cmp"
	"slices"

	"multiscale/onnx"
)

// placed returns position p of an axis; a negative one counts from the end. It panics if p is out of range, which becomes
// an error of the operation.
func placed(p int64, length int) int {
	if p < 0 {
		p += int64(length)
	}
	if p < 0 || p >= int64(length) {
		panic("position out of range")
	}
	return int(p)
}

// positions checks that operand 1 has integers.
func (n *node) positions() {
	if !isInteger(n.in[1].dtype) {
		n.fail("positions of type %v, want integers", n.in[1].dtype)
	}
}

// gatherElements takes for each element of operand 1 the element of operand 0 at the same indices, except that operand 1
// has the index along the axis.
func gatherElements(n *node) []result {
	axis := n.integer("axis", 0)
	n.operands(2, 2)
	n.positions()
	x, at := n.in[0].shape, n.in[1].shape
	source := n.along(x, at, axis)
	return n.like(at, func(out any, in []any) { pick(out, in[0], source(in[1].([]int64))) })
}

// along returns a function that converts indices along an axis, in an array of shape at, to offsets in an array of
// shape x.
func (n *node) along(x, at []int, axis int) func(positions []int64) []int {
	axis = n.axis(axis, len(x))
	for i, d := range at {
		if len(at) != len(x) || i != axis && d > x[i] {
			n.fail("positions of shape %v do not fit shape %v", at, x)
		}
	}
	moves := strides(x)
	return func(positions []int64) []int {
		out, place := make([]int, len(positions)), make([]int, len(at))
		for i, p := range positions {
			unravel(place, i, at)
			place[axis] = placed(p, x[axis])
			out[i] = dot(place, moves)
		}
		return out
	}
}

// pick copies the elements of in at the offsets from.
func pick(out, in any, from []int) {
	switch o := out.(type) {
	case []float32:
		pickTyped(o, in.([]float32), from)
	case []int64:
		pickTyped(o, in.([]int64), from)
	case []bool:
		pickTyped(o, in.([]bool), from)
	}
}

func pickTyped[T any](out, in []T, from []int) {
	for i, p := range from {
		out[i] = in[p]
	}
}

// gatherND takes parts of operand 0. The last axis of operand 1 has their indices; the first batch_dims axes of both
// operands are a common batch.
func gatherND(n *node) []result {
	batch := n.integer("batch_dims", 0)
	n.operands(2, 2)
	n.positions()
	x, at := n.in[0].shape, n.in[1].shape
	if batch < 0 || len(at) == 0 || batch >= min(len(x), len(at)) || !slices.Equal(x[:batch], at[:batch]) || batch+at[len(at)-1] > len(x) {
		n.fail("positions of shape %v do not fit shape %v with batch_dims=%d", at, x, batch)
	}
	depth := at[len(at)-1]
	part := x[batch+depth:]
	shape := slices.Concat(at[:len(at)-1], part)
	each := count(at[batch : len(at)-1]) // parts per index of the batch
	return n.like(shape, func(out any, in []any) {
		starts := tuples(in[1].([]int64), x[batch:batch+depth], count(part))
		from := make([]int, 0, count(shape))
		for i, s := range starts {
			s += i / max(1, each) * count(x[batch:])
			for k := range count(part) {
				from = append(from, s+k)
			}
		}
		pick(out, in[0], from)
	})
}

// tuples converts tuples of indices in the given dimensions to offsets of parts of the given size.
func tuples(positions []int64, dims []int, part int) []int {
	if len(dims) == 0 {
		return []int{0}
	}
	moves := strides(dims)
	out := make([]int, len(positions)/len(dims))
	for i := range out {
		for k, d := range dims {
			out[i] += placed(positions[i*len(dims)+k], d) * moves[k] * part
		}
	}
	return out
}

// combination returns how scattered elements are combined with those of operand 0.
func (n *node) combination() string {
	how := n.text("reduction", "none")
	if !slices.Contains([]string{"none", "add", "mul", "max", "min"}, how) {
		n.fail("reduction=%s is not supported", how)
	}
	return how
}

// scatterND writes the parts of operand 2 to a copy of operand 0, at the indices in operand 1.
func scatterND(n *node) []result {
	how := n.combination()
	n.operands(3, 3)
	n.positions()
	x, at := n.in[0].shape, n.in[1].shape
	if len(at) == 0 || at[len(at)-1] > len(x) || n.in[2].dtype != n.in[0].dtype ||
		!slices.Equal(n.in[2].shape, slices.Concat(at[:len(at)-1], x[at[len(at)-1]:])) {
		n.fail("operands of shapes %v do not fit", n.shapes())
	}
	depth := at[len(at)-1]
	part := count(x[depth:])
	return n.like(x, func(out any, in []any) {
		to := make([]int, 0, count(n.in[2].shape))
		for _, s := range tuples(in[1].([]int64), x[:depth], part) {
			for k := range part {
				to = append(to, s+k)
			}
		}
		scatter(out, in[0], in[2], to, how)
	})
}

// scatterElements writes each element of operand 2 to a copy of operand 0 at its own indices, except that operand 1 has
// the index along the axis.
func scatterElements(n *node) []result {
	axis, how := n.integer("axis", 0), n.combination()
	n.operands(3, 3)
	n.positions()
	x, at := n.in[0].shape, n.in[1].shape
	if !slices.Equal(at, n.in[2].shape) || n.in[2].dtype != n.in[0].dtype {
		n.fail("operands of shapes %v do not fit", n.shapes())
	}
	target := n.along(x, at, axis)
	return n.like(x, func(out any, in []any) { scatter(out, in[0], in[2], target(in[1].([]int64)), how) })
}

// scatter sets out to in, and combines the elements of updates with those at the offsets to.
func scatter(out, in, updates any, to []int, how string) {
	switch o := out.(type) {
	case []float32:
		copy(o, in.([]float32))
		scatterNumbers(o, updates.([]float32), to, how)
	case []int64:
		copy(o, in.([]int64))
		scatterNumbers(o, updates.([]int64), to, how)
	case []bool:
		if how != "none" {
			panic("truth values cannot be combined")
		}
		copy(o, in.([]bool))
		for i, p := range to {
			o[p] = updates.([]bool)[i]
		}
	}
}

func scatterNumbers[T float32 | int64](out, updates []T, to []int, how string) {
	for i, p := range to {
		switch u := updates[i]; how {
		case "add":
			out[p] += u
		case "mul":
			out[p] *= u
		case "max":
			out[p] = max(out[p], u)
		case "min":
			out[p] = min(out[p], u)
		default:
			out[p] = u
		}
	}
}

// topK returns the largest or smallest elements along an axis, sorted, and their indices. Equal elements keep their order.
func topK(n *node) []result {
	axis, largest := n.integer("axis", -1), n.integer("largest", 1) != 0
	n.ignore("sorted") // sorted=0 allows any order
	k := 0
	if n.opset < 10 {
		k = n.integer("k", -1)
	}
	n.operands(1, 2)
	if n.opset >= 10 {
		if v := n.constant(1); len(v) == 1 {
			k = v[0]
		} else {
			n.fail("k must be one number")
		}
	}
	x := n.in[0].shape
	axis = n.axis(axis, len(x))
	if k < 0 || k > x[axis] || n.in[0].dtype == onnx.Bool {
		n.fail("k=%d of %v of shape %v", k, n.in[0].dtype, x)
	}
	shape := slices.Clone(x)
	shape[axis] = k
	length, step := x[axis], count(x[axis+1:])
	// best calls f for each element of the result, with its offset i, and the offset and the index along the axis of the
	// element in operand 0.
	best := func(in any, f func(i, from, position int)) {
		order := func(a, b int) int { return cmp.Compare(in.([]float32)[a], in.([]float32)[b]) }
		if x, ok := in.([]int64); ok {
			order = func(a, b int) int { return cmp.Compare(x[a], x[b]) }
		}
		line := make([]int, length)
		for r := range count(x) / max(1, length) {
			from, to := r/step*step*length+r%step, r/step*step*k+r%step
			for i := range line {
				line[i] = from + i*step
			}
			slices.SortStableFunc(line, func(a, b int) int {
				if largest {
					a, b = b, a
				}
				return order(a, b)
			})
			for i, p := range line[:k] {
				f(to+i*step, p, (p-from)/step)
			}
		}
	}
	values := n.like(shape, func(out any, in []any) {
		from := make([]int, count(shape))
		best(in[0], func(i, p, _ int) { from[i] = p })
		pick(out, in[0], from)
	})
	return append(values, single(onnx.Int64, shape, func(out any, in []any) {
		best(in[0], func(i, _, position int) { out.([]int64)[i] = int64(position) })
	})...)
}

// nonZero lists the indices of elements that are not zero. The operand must be a constant, because it determines the
// shape of the result.
func nonZero(n *node) []result {
	n.operands(1, 1)
	x := n.in[0]
	if x.data == nil {
		n.unknown = 0
		n.fail("operand 0 depends on the values of the inputs; it must follow from their shapes")
	}
	set := make([]bool, count(x.shape))
	convert(set, x.data)
	var found []int
	for i, v := range set {
		if v {
			found = append(found, i)
		}
	}
	at, positions := make([]int, len(x.shape)), make([]int64, len(x.shape)*len(found))
	for k, i := range found {
		unravel(at, i, x.shape)
		for a, p := range at {
			positions[a*len(found)+k] = int64(p)
		}
	}
	return []result{{dtype: onnx.Int64, shape: []int{len(x.shape), len(found)}, value: positions}}
}
