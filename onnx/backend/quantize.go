package backend

import (
	"math"
	"slices"

	"multiscale/onnx"
)

// quantized has the bounds of the integer types to which numbers are quantized.
var quantized = map[onnx.DataType][2]float64{
	onnx.Uint8: {0, math.MaxUint8}, onnx.Int8: {math.MinInt8, math.MaxInt8}, onnx.Uint16: {0, math.MaxUint16}, onnx.Int16: {math.MinInt16, math.MaxInt16},
}

// steps checks scale and zero point, which are single numbers or have one entry per index of an axis. It returns a
// function from an element's position to its entry.
func (n *node) steps() (index func(i int) int) {
	axis, block := n.integer("axis", 1), n.integer("block_size", 0)
	n.ignore("saturate")
	n.operands(2, 3)
	n.float(1)
	x, scale := n.in[0].shape, n.in[1].shape
	if n.has(2) && !slices.Equal(n.in[2].shape, scale) {
		n.fail("scale and zero point of shapes %v and %v", scale, n.in[2].shape)
	}
	if block != 0 {
		n.fail("block_size=%d is not supported", block)
	}
	if count(scale) == 1 {
		return func(int) int { return 0 }
	}
	if axis = n.axis(axis, len(x)); len(scale) != 1 || scale[0] != x[axis] {
		n.fail("a scale of shape %v for axis %d of shape %v", scale, axis, x)
	}
	step, length := count(x[axis+1:]), x[axis]
	return func(i int) int { return i / step % length }
}

// quantizeLinear rounds x/scale to integers, adds the zero point, and clamps to the type's bounds.
func quantizeLinear(n *node) []result {
	to := onnx.DataType(n.integer("output_dtype", int(onnx.Undefined)))
	only(n, "precision", int64(0))
	index := n.steps()
	n.float(0)
	switch {
	case n.has(2):
		to = n.in[2].dtype
	case to == onnx.Undefined:
		to = onnx.Uint8
	}
	bounds, ok := quantized[to]
	if !ok {
		n.fail("quantization to %v is not supported", to)
	}
	return single(to, n.in[0].shape, func(out any, in []any) {
		x, scale := floats(in[0]), floats(in[1])
		for i := range out.([]int64) {
			k := index(i)
			v := math.RoundToEven(float64(x[i] / scale[k]))
			if n.has(2) {
				v += float64(in[2].([]int64)[k])
			}
			out.([]int64)[i] = int64(min(max(v, bounds[0]), bounds[1]))
		}
	})
}

// dequantizeLinear is (x-zero)*scale.
func dequantizeLinear(n *node) []result {
	to := onnx.DataType(n.integer("output_dtype", int(onnx.Undefined)))
	index := n.steps()
	if !isInteger(n.in[0].dtype) || n.has(2) && n.in[2].dtype != n.in[0].dtype {
		n.fail("operands of types that are not supported: %v", n.in[0].dtype)
	}
	if to == onnx.Undefined {
		to = n.in[1].dtype
	}
	if !isFloat(to) {
		n.fail("output_dtype=%v is not supported", to)
	}
	return single(to, n.in[0].shape, func(out any, in []any) {
		x, scale := in[0].([]int64), floats(in[1])
		for i := range floats(out) {
			k := index(i)
			v := x[i]
			if n.has(2) {
				v -= in[2].([]int64)[k]
			}
			floats(out)[i] = float32(v) * scale[k]
		}
	})
}

// localResponse is the LRN operation: it divides by a power of bias plus alpha times the mean square of neighbouring
// channels.
func localResponse(n *node) []result {
	alpha, beta, bias := float64(n.number("alpha", 1e-4)), float64(n.number("beta", 0.75)), float64(n.number("bias", 1))
	size := n.integer("size", 0)
	n.floatOperands(1, 1)
	x := n.in[0].shape
	if len(x) < 3 || size < 1 {
		n.fail("size=%d of shape %v is not supported", size, x)
	}
	channels, plane := x[1], count(x[2:])
	before := (size - 1) / 2
	return n.like(x, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		parallel(len(y), min(size, channels), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				c, sum := i/plane%channels, 0.0
				for d := max(0, c-before); d < min(channels, c-before+size); d++ {
					v := float64(x[i+(d-c)*plane])
					sum += v * v
				}
				y[i] = float32(float64(x[i]) * math.Pow(bias+alpha/float64(size)*sum, -beta))
			}
		})
	})
}

// rmsNormalization divides by the root of the mean square over the axes from axis on.
func rmsNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	only(n, "stash_type", int64(1))
	from := n.integer("axis", -1)
	n.floatOperands(2, 2)
	x := n.in[0].shape
	from = n.axis(from, len(x))
	inner := x[from:]
	if shape, err := broadcast(inner, n.in[1].shape); err != nil || !slices.Equal(shape, inner) {
		n.fail("a scale of shape %v does not broadcast to %v", n.in[1].shape, inner)
	}
	spread := loop{shape: inner, strides: [][]int{strides(inner), stretch(n.in[1].shape, inner)}}
	run := count(inner)
	return n.like(x, func(out any, in []any) {
		y, x, scale := floats(out), floats(in[0]), make([]float32, run)
		spread.move(scale, in[1])
		for r := range len(y) / max(1, run) {
			sum := 0.0
			for _, v := range x[r*run : (r+1)*run] {
				sum += float64(v) * float64(v)
			}
			inverse := 1 / math.Sqrt(sum/float64(run)+eps)
			for i, v := range x[r*run : (r+1)*run] {
				y[r*run+i] = float32(float64(v) * inverse * float64(scale[i]))
			}
		}
	})
}
