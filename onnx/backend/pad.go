package backend

import (
	"slices"

	"multiscale/onnx"
)

// pad adds elements before and after each axis, or takes them away. Pads and value are attributes up to opset 10.
func pad(n *node) []result {
	mode := n.text("mode", "constant")
	var pads, axes []int
	var value float32
	if n.opset < 11 {
		pads, value = n.integers("pads"), n.number("value", 0)
	}
	if !n.operands(1, 4) {
		return nil
	}
	if n.has(1) {
		pads = n.constant(1)
	}
	x := n.in[0].shape
	for i := range x {
		axes = append(axes, i)
	}
	if n.has(3) {
		axes, _ = n.axes(3, len(x))
	}
	if n.err == nil && len(pads) != 2*len(axes) {
		n.fail("pads %v for %d axes", pads, len(axes))
	}
	if n.has(2) && (n.in[2].dtype != n.in[0].dtype || count(n.in[2].shape) != 1) {
		n.fail("a value of type %v and shape %v, want one %v", n.in[2].dtype, n.in[2].shape, n.in[0].dtype)
	}
	if !slices.Contains([]string{"constant", "reflect", "edge", "wrap"}, mode) {
		n.fail("mode=%s is not supported", mode)
	}
	if n.err != nil {
		return nil
	}
	shape := slices.Clone(x)
	from := make([][]int, len(x)) // of each axis, where each new position is taken from; -1 for the value
	for i, a := range axes {
		before, after := pads[i], pads[len(axes)+i]
		shape[a] = x[a] + before + after
		if shape[a] < 0 {
			n.fail("pads %v leave nothing of shape %v", pads, x)
			return nil
		}
		if shape[a] > maxAxis {
			n.fail("an axis of length %d is %w", shape[a], ErrTooLarge)
			return nil
		}
		if mode != "constant" && x[a] == 0 && shape[a] > 0 {
			n.fail("nothing to repeat in shape %v", x)
			return nil
		}
		for p := range shape[a] {
			from[a] = append(from[a], source(p-before, x[a], mode))
		}
	}
	if _, err := size(shape); err != nil {
		n.fail("%w", err)
		return nil
	}
	return n.like(shape, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			padded(y, floats(in[0]), x, shape, from, bound(in, 2, value))
		case []int64:
			padded(y, in[0].([]int64), x, shape, from, bound(in, 2, int64(value)))
		case []bool:
			padded(y, in[0].([]bool), x, shape, from, bound(in, 2, value != 0))
		}
	})
}

// source is the position that position p of a padded axis is taken from, -1 for none.
func source(p, length int, mode string) int {
	if p >= 0 && p < length {
		return p
	}
	switch mode {
	case "edge":
		return min(max(p, 0), length-1)
	case "wrap":
		return (p%length + length) % length
	case "reflect": // without repeating the edge
		if length == 1 {
			return 0
		}
		period := 2 * (length - 1)
		p = (p%period + period) % period
		return min(p, period-p)
	}
	return -1
}

func padded[T any](y, x []T, old, shape []int, from [][]int, value T) {
	if len(shape) == 0 {
		copy(y, x)
		return
	}
	last := len(shape) - 1
	width := shape[last]
	if width == 0 {
		return
	}
	moves := strides(old)
	parallel(len(y)/width, width, func(lo, hi int) {
		at := make([]int, last)
		for r := lo; r < hi; r++ {
			unravel(at, r, shape[:last])
			start := 0
			for a, p := range at {
				if from[a] != nil {
					p = from[a][p]
				}
				if p < 0 {
					start = -1
					break
				}
				start += p * moves[a]
			}
			row := y[r*width : (r+1)*width]
			switch {
			case start < 0:
				for i := range row {
					row[i] = value
				}
			case from[last] == nil:
				copy(row, x[start:start+width])
			default:
				for i, p := range from[last] {
					if row[i] = value; p >= 0 {
						row[i] = x[start+p]
					}
				}
			}
		}
	})
}

// tile repeats operand 0 along each axis.
func tile(n *node) []result {
	if !n.operands(2, 2) {
		return nil
	}
	x, repeats := n.in[0].shape, n.constant(1)
	if n.err == nil && (len(repeats) != len(x) || (len(repeats) > 0 && slices.Min(repeats) < 0)) {
		n.fail("repeats %v do not fit shape %v", repeats, x)
	}
	if n.err != nil {
		return nil
	}
	// Every axis becomes two, the outer one of which does not move.
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
	if !n.operands(1, 2) {
		return nil
	}
	x := n.in[0].shape
	k := 0
	if n.has(1) {
		if v := n.constant(1); len(v) == 1 {
			k = v[0]
		} else {
			n.fail("k must be one number")
		}
	}
	if n.err == nil && len(x) < 2 {
		n.fail("shape %v is not that of matrices", x)
	}
	if n.err != nil {
		return nil
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

// cumSum adds up elements along an axis.
func cumSum(n *node) []result {
	exclusive, reverse := n.integer("exclusive", 0) != 0, n.integer("reverse", 0) != 0
	if !n.operands(2, 2) {
		return nil
	}
	x, axes := n.in[0].shape, n.constant(1)
	if n.err == nil && (len(axes) != 1 || n.in[0].dtype == onnx.Bool) {
		n.fail("axis %v of %v", axes, n.in[0].dtype)
	}
	if n.err != nil {
		return nil
	}
	axis := n.axis(axes[0], len(x))
	if n.err != nil {
		return nil
	}
	length, step := x[axis], count(x[axis+1:])
	l := running{max(1, length), step, exclusive, reverse}
	return n.like(x, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			accumulate(l, y, floats(in[0]))
		case []int64:
			accumulate(l, y, in[0].([]int64))
		}
	})
}

// running is how sums run along an axis.
type running struct {
	length, step       int
	exclusive, reverse bool
}

func accumulate[T float32 | int64](l running, y, x []T) {
	for r := range len(y) / l.length {
		from := r/l.step*l.step*l.length + r%l.step
		var sum T
		for i := range l.length {
			p := from + i*l.step
			if l.reverse {
				p = from + (l.length-1-i)*l.step
			}
			if y[p] = sum + x[p]; l.exclusive {
				y[p] = sum
			}
			sum += x[p]
		}
	}
}
