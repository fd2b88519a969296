package backend

import "slices"

// pad adds elements before and after each axis; negative pads remove them. Pads and value are attributes up to opset 10.
func pad(n *node) []result {
	mode := n.text("mode", "constant")
	var pads, axes []int
	var value float32
	if n.opset < 11 {
		pads, value = n.integers("pads"), n.number("value", 0)
	}
	n.operands(1, 4)
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
	if len(pads) != 2*len(axes) {
		n.fail("pads %v for %d axes", pads, len(axes))
	}
	if n.has(2) && (n.in[2].dtype != n.in[0].dtype || count(n.in[2].shape) != 1) {
		n.fail("a value of type %v and shape %v, want one %v", n.in[2].dtype, n.in[2].shape, n.in[0].dtype)
	}
	if !slices.Contains([]string{"constant", "reflect", "edge", "wrap"}, mode) {
		n.fail("mode=%s is not supported", mode)
	}
	shape := slices.Clone(x)
	from := make([][]int, len(x)) // for each axis, the source of each new position; -1 for the value
	for i, a := range axes {
		before, after := pads[i], pads[len(axes)+i]
		shape[a] = x[a] + before + after
		if shape[a] < 0 {
			n.fail("pads %v leave nothing of shape %v", pads, x)
		}
		if shape[a] > maxAxis {
			n.fail("an axis of length %d is %w", shape[a], ErrTooLarge)
		}
		if mode != "constant" && x[a] == 0 && shape[a] > 0 {
			n.fail("nothing to repeat in shape %v", x)
		}
		for p := range shape[a] {
			from[a] = append(from[a], source(p-before, x[a], mode))
		}
	}
	if _, err := size(shape); err != nil {
		n.fail("%w", err)
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

// source returns the source of position p of a padded axis, or -1 for none.
func source(p, length int, mode string) int {
	if p >= 0 && p < length {
		return p
	}
	switch mode {
	case "edge":
		return min(max(p, 0), length-1)
	case "wrap":
		return (p%length + length) % length
	case "reflect": // does not repeat the edge
		if length == 1 {
			return 0
		}
		period := 2 * (length - 1)
		p = (p%period + period) % period
		return min(p, period-p)
	}
	return -1
}

// padded fills y, of the given shape, from x, of shape old. from has the source of each position of each axis that changes.
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
