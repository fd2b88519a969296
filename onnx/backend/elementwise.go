package backend

import (
	"math"
	"slices"

	"multiscale/onnx"
)

// arithmetic applies a function to two operands, with broadcasting.
func arithmetic(real func(a, b float32) float32, integer func(a, b int64) int64) operator {
	return func(n *node) []result {
		shape := n.pair()
		if n.in[0].dtype == onnx.Bool {
			n.fail("truth values are not supported")
		}
		l := n.broadcastLoop(shape)
		return n.like(shape, func(out any, in []any) {
			switch o := out.(type) {
			case []int64:
				combine(l, o, in[0].([]int64), in[1].([]int64), integer)
			case []float32:
				combine(l, o, in[0].([]float32), in[1].([]float32), real)
			}
		})
	}
}

// variadic combines any number of operands, with broadcasting. If mean is set, it divides by their
// number.
func variadic(real func(a, b float32) float32, integer func(a, b int64) int64, mean bool) operator {
	return func(n *node) []result {
		n.operands(max(1, len(n.in)), len(n.in))
		for i, a := range n.in {
			if a.dtype != n.in[0].dtype || a.dtype == onnx.Bool || (isInteger(a.dtype) && integer == nil) {
				n.fail("operand %d holds %v, operand 0 %v", i, a.dtype, n.in[0].dtype)
			}
		}
		shape := n.broadcastShape()
		own := strides(shape)
		var loops []loop // operands of each: the new result, the result so far, one operand of the node
		for _, s := range n.shapes() {
			loops = append(loops, loop{shape: shape, strides: [][]int{own, own, stretch(s, shape)}})
		}
		return n.like(shape, func(out any, in []any) {
			for i, l := range loops {
				move := loop{shape: shape, strides: l.strides[1:]}
				switch o := out.(type) {
				case []float32:
					if i == 0 {
						move.move(out, in[0])
					} else {
						combine(l, o, o, in[i].([]float32), real)
					}
				case []int64:
					if i == 0 {
						move.move(out, in[0])
					} else {
						combine(l, o, o, in[i].([]int64), integer)
					}
				}
			}
			if y := floats(out); mean {
				for i := range y {
					y[i] /= float32(len(loops))
				}
			}
		})
	}
}

// combine sets out to f(a, b) along a loop, whose operands are out, a and b.
func combine[A, B, C any](l loop, out []C, a []A, b []B, f func(a A, b B) C) {
	l.rows(func(at []int, n int, steps []int) {
		o, i, j := at[0], at[1], at[2]
		for range n {
			out[o] = f(a[i], b[j])
			o, i, j = o+steps[0], i+steps[1], j+steps[2]
		}
	})
}

// pair checks that there are two operands of the same type, and returns the shape to which they broadcast.
func (n *node) pair() []int {
	n.operands(2, 2)
	if a, b := n.in[0].dtype, n.in[1].dtype; a != b {
		n.fail("operands of types %v and %v", a, b)
	}
	n.oldBroadcast()
	return n.broadcastShape()
}

// oldBroadcast applies the rule of opsets up to 6: with broadcast=1, operand 1 is aligned with the axes
// from axis on or, without the attribute axis, with the last axes.
func (n *node) oldBroadcast() {
	if n.opset > 6 {
		return
	}
	allowed, axis := n.integer("broadcast", 0) != 0, n.integer("axis", -1)
	a, b := n.in[0], n.in[1]
	if !allowed {
		if !slices.Equal(a.shape, b.shape) {
			n.fail("operands of shapes %v and %v without broadcast=1", a.shape, b.shape)
		}
		return
	}
	if axis >= 0 {
		if axis+len(b.shape) > len(a.shape) {
			n.fail("operand of shape %v does not fit %v from axis %d", b.shape, a.shape, axis)
		}
		padded := slices.Concat(b.shape, slices.Repeat([]int{1}, len(a.shape)-axis-len(b.shape)))
		n.in[1] = &array{dtype: b.dtype, shape: padded, data: b.data}
	}
}

func (n *node) broadcastShape() []int {
	shape, err := broadcast(n.shapes()...)
	if err != nil {
		n.fail("%w", err)
	}
	return shape
}

// broadcastLoop returns a loop over the result and all operands.
func (n *node) broadcastLoop(shape []int) loop {
	l := loop{shape: shape, strides: [][]int{strides(shape)}}
	for _, s := range n.shapes() {
		l.strides = append(l.strides, stretch(s, shape))
	}
	return l
}

// pow is the Pow operation. The exponent may have another type than the base.
func pow(n *node) []result {
	n.operands(2, 2)
	if n.in[0].dtype == onnx.Bool || n.in[1].dtype == onnx.Bool {
		n.fail("truth values have no powers")
	}
	n.oldBroadcast()
	shape := n.broadcastShape()
	l := n.broadcastLoop(shape)
	return n.like(shape, func(out any, in []any) {
		switch o := out.(type) {
		case []float32:
			if b, ok := in[1].([]int64); ok {
				combine(l, o, floats(in[0]), b, power[float32, int64])
			} else {
				combine(l, o, floats(in[0]), floats(in[1]), power[float32, float32])
			}
		case []int64:
			if b, ok := in[1].([]int64); ok {
				combine(l, o, in[0].([]int64), b, power[int64, int64])
			} else {
				combine(l, o, in[0].([]int64), floats(in[1]), power[int64, float32])
			}
		}
	})
}

func power[A, B int64 | float32](a A, b B) A { return A(math.Pow(float64(a), float64(b))) }

// modulo is the Mod operation. Its result has the sign of the divisor or, with fmod=1, of the dividend.
func modulo(n *node) []result {
	if n.integer("fmod", 0) != 0 {
		return arithmetic(func(a, b float32) float32 { return float32(math.Mod(float64(a), float64(b))) }, func(a, b int64) int64 { return a % b })(n)
	}
	return arithmetic(func(a, b float32) float32 {
		r := math.Mod(float64(a), float64(b))
		if r != 0 && (r < 0) != (b < 0) {
			r += float64(b)
		}
		return float32(r)
	}, func(a, b int64) int64 {
		r := a % b
		if r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r
	})(n)
}

// prelu multiplies negative elements by operand 1, the slope, which broadcasts to operand 0.
func prelu(n *node) []result {
	n.floatOperands(2, 2)
	x, slope := n.in[0].shape, n.in[1]
	if n.opset < 7 && len(x) > 2 && len(slope.shape) == 1 { // one slope per channel
		shape := slices.Concat(slope.shape, slices.Repeat([]int{1}, len(x)-2))
		n.in[1] = &array{dtype: slope.dtype, shape: shape, data: slope.data}
	}
	shape := n.broadcastShape()
	if !slices.Equal(shape, x) {
		n.fail("a slope of shape %v does not broadcast to %v", slope.shape, x)
	}
	l := n.broadcastLoop(shape)
	return n.like(shape, func(out any, in []any) {
		combine(l, floats(out), floats(in[0]), floats(in[1]), func(x, slope float32) float32 {
			if x < 0 {
				return slope * x
			}
			return x
		})
	})
}
