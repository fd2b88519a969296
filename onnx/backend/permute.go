package backend

import (
	"slices"

	"multiscale/pkg/lists"
)

func transpose(n *node) []result {
	order := n.integers("perm")
	n.operands(1, 1)
	x := n.in[0].shape
	if order == nil {
		order = lists.Indices(len(x))
		slices.Reverse(order)
	}
	sorted := slices.Sorted(slices.Values(order))
	for i := range sorted {
		if sorted[i] != i || len(order) != len(x) {
			n.fail("perm=%v is not valid for shape %v", order, x)
		}
	}
	shape, from := make([]int, len(x)), make([]int, len(x))
	for i, o := range order {
		shape[i], from[i] = x[o], strides(x)[o]
	}
	l := loop{shape: shape, strides: [][]int{strides(shape), from}}
	return n.like(shape, func(out any, in []any) { l.move(out, in[0]) })
}

// depthToSpace moves groups of channels to blocks of pixels.
func depthToSpace(n *node) []result {
	b := n.integer("blocksize", 0)
	mode := n.text("mode", "DCR")
	n.operands(1, 1)
	x := n.in[0].shape
	if len(x) != 4 || b < 1 || x[1]%(b*b) != 0 || (mode != "DCR" && mode != "CRD") {
		n.fail("blocksize=%d, mode=%s is not valid for shape %v", b, mode, x)
	}
	c, h, w := x[1]/(b*b), x[2], x[3]
	channel, row, column := 1, c*b, c // strides, in channels, of a result's channel and of rows and columns of a block
	if mode == "CRD" {
		channel, row, column = b*b, b, 1
	}
	shape := []int{x[0], c, h, b, w, b}
	area := h * w
	from := []int{x[1] * area, channel * area, w, row * area, 1, column * area}
	l := loop{shape: shape, strides: [][]int{strides(shape), from}}
	return n.like([]int{x[0], c, h * b, w * b}, func(out any, in []any) { l.move(out, in[0]) })
}

// spaceToDepth moves blocks of pixels to groups of channels. It is the inverse of depthToSpace in the same mode.
func spaceToDepth(n *node) []result {
	b := n.integer("blocksize", 0)
	mode := n.text("mode", "DCR")
	n.operands(1, 1)
	x := n.in[0].shape
	if len(x) != 4 || b < 1 || x[2]%b != 0 || x[3]%b != 0 || (mode != "DCR" && mode != "CRD") {
		n.fail("blocksize=%d, mode=%s is not valid for shape %v", b, mode, x)
	}
	c, h, w := x[1], x[2]/b, x[3]/b
	// Axes of the result: image; channel and the block's row and column, in the order of the mode; row; column.
	shape := []int{x[0], b, b, c, h, w}
	from := []int{c * x[2] * x[3], x[3], 1, x[2] * x[3], b * x[3], b}
	if mode == "CRD" {
		shape = []int{x[0], c, b, b, h, w}
		from = []int{c * x[2] * x[3], x[2] * x[3], x[3], 1, b * x[3], b}
	}
	l := loop{shape: shape, strides: [][]int{strides(shape), from}}
	return n.like([]int{x[0], c * b * b, h, w}, func(out any, in []any) { l.move(out, in[0]) })
}

// tile repeats operand 0 along each axis.
func tile(n *node) []result {
	n.operands(2, 2)
	x, repeats := n.in[0].shape, n.constant(1)
	if len(repeats) != len(x) || (len(repeats) > 0 && slices.Min(repeats) < 0) {
		n.fail("repeats %v do not fit shape %v", repeats, x)
	}
	// Every axis becomes two. The outer one has stride 0 in the operand.
	var shape, split, from []int
	for i, d := range x {
		shape, split, from = append(shape, d*repeats[i]), append(split, repeats[i], d), append(from, 0, strides(x)[i])
	}
	l := loop{shape: split, strides: [][]int{strides(split), from}}
	return n.like(shape, func(out any, in []any) { l.move(out, in[0]) })
}

// trilu keeps the upper or lower triangle of matrices.
func trilu(n *node) []result {
	upper := n.integer("upper", 1) != 0
	n.operands(1, 2)
	x := n.in[0].shape
	k := 0
	if n.has(1) {
		if v := n.constant(1); len(v) == 1 {
			k = v[0]
		} else {
			n.fail("k must be one number")
		}
	}
	if len(x) < 2 {
		n.fail("shape %v is not that of matrices", x)
	}
	rows, cols := x[len(x)-2], x[len(x)-1]
	keeps := func(i int) bool {
		d := i%cols - i/cols%rows
		return upper && d >= k || !upper && d <= k
	}
	return n.like(x, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			keep(y, floats(in[0]), keeps)
		case []int64:
			keep(y, in[0].([]int64), keeps)
		case []bool:
			keep(y, in[0].([]bool), keeps)
		}
	})
}

func keep[T any](y, x []T, keeps func(i int) bool) {
	clear(y)
	for i, v := range x {
		if keeps(i) {
			y[i] = v
		}
	}
}
