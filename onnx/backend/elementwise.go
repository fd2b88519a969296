package backend

import (
	"math"

	"gorgonia.org/tensor"
)

// unary is a function of each element.
func unary(f func(x float64) float64) operator {
	return func(n *node) []result {
		if !n.operands(1, 1) || !n.float(0) {
			return nil
		}
		return pointwise(n, f)
	}
}

// pointwise applies f to operand 0.
func pointwise(n *node, f func(x float64) float64) []result {
	return single(tensor.Float32, n.in[0].shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		parallel(len(y), 4, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				y[i] = float32(f(float64(x[i])))
			}
		})
	})
}

func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func relu(x float64) float64     { return max(x, 0) }
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

func leakyRelu(n *node) []result {
	slope := float64(n.number("alpha", 0.01))
	if !n.operands(1, 1) || !n.float(0) {
		return nil
	}
	return pointwise(n, func(x float64) float64 {
		if x < 0 {
			return slope * x
		}
		return x
	})
}

func clip(n *node) []result {
	if !n.operands(1, 3) || !n.float(0, 1, 2) {
		return nil
	}
	bound := func(i int, fallback float64) float64 {
		if v := n.constantFloats(i); len(v) > 0 {
			return float64(v[0])
		}
		return fallback
	}
	low, high := bound(1, math.Inf(-1)), bound(2, math.Inf(1))
	return pointwise(n, func(x float64) float64 { return min(max(x, low), high) })
}

// arithmetic is a function of two operands that broadcast.
func arithmetic(real func(a, b float32) float32, integer func(a, b int64) int64) operator {
	return func(n *node) []result {
		shape := n.pair()
		if n.err != nil {
			return nil
		}
		d := n.in[0].dtype
		if (d == tensor.Int64 && integer == nil) || d == tensor.Bool {
			n.fail("%v is not supported", d)
			return nil
		}
		l := n.broadcastLoop(shape)
		return single(d, shape, func(out any, in []any) {
			if d == tensor.Int64 {
				combine(l, out.([]int64), in[0].([]int64), in[1].([]int64), integer)
			} else {
				combine(l, out.([]float32), in[0].([]float32), in[1].([]float32), real)
			}
		})
	}
}

// combine runs f over a loop with the operands out, a, b.
func combine[A, B any](l loop, out []B, a, b []A, f func(a, b A) B) {
	l.rows(func(at []int, n int, steps []int) {
		o, i, j := at[0], at[1], at[2]
		for range n {
			out[o] = f(a[i], b[j])
			o, i, j = o+steps[0], i+steps[1], j+steps[2]
		}
	})
}

// pair checks two operands of one type and returns the shape they broadcast to.
func (n *node) pair() []int {
	if !n.operands(2, 2) {
		return nil
	}
	if a, b := n.in[0].dtype, n.in[1].dtype; a != b {
		n.fail("operands of types %v and %v", a, b)
	}
	return n.broadcastShape()
}

func (n *node) broadcastShape() []int {
	shape, err := broadcast(n.shapes()...)
	if err != nil {
		n.fail("%w", err)
	}
	return shape
}

// broadcastLoop is a loop over the result and all operands.
func (n *node) broadcastLoop(shape []int) loop {
	l := loop{shape: shape, strides: [][]int{strides(shape)}}
	for _, s := range n.shapes() {
		l.strides = append(l.strides, stretch(s, shape))
	}
	return l
}

func pow(n *node) []result {
	shape := n.pair()
	if n.err != nil || !n.float(0) {
		return nil
	}
	l := n.broadcastLoop(shape)
	return single(tensor.Float32, shape, func(out any, in []any) {
		combine(l, floats(out), floats(in[0]), floats(in[1]), func(a, b float32) float32 {
			return float32(math.Pow(float64(a), float64(b)))
		})
	})
}

func equal(n *node) []result {
	shape := n.pair()
	if n.err != nil {
		return nil
	}
	l := n.broadcastLoop(shape)
	return single(tensor.Bool, shape, func(out any, in []any) {
		switch a := in[0].(type) {
		case []float32:
			combine(l, out.([]bool), a, in[1].([]float32), same[float32])
		case []int64:
			combine(l, out.([]bool), a, in[1].([]int64), same[int64])
		case []bool:
			combine(l, out.([]bool), a, in[1].([]bool), same[bool])
		}
	})
}

func same[T comparable](a, b T) bool { return a == b }

func where(n *node) []result {
	if !n.operands(3, 3) {
		return nil
	}
	if n.in[0].dtype != tensor.Bool || n.in[1].dtype != n.in[2].dtype {
		n.fail("operands of types %v, %v and %v", n.in[0].dtype, n.in[1].dtype, n.in[2].dtype)
	}
	shape := n.broadcastShape()
	if n.err != nil {
		return nil
	}
	l := n.broadcastLoop(shape)
	return single(n.in[1].dtype, shape, func(out any, in []any) {
		which := in[0].([]bool)
		switch o := out.(type) {
		case []float32:
			choose(l, o, which, in[1].([]float32), in[2].([]float32))
		case []int64:
			choose(l, o, which, in[1].([]int64), in[2].([]int64))
		case []bool:
			choose(l, o, which, in[1].([]bool), in[2].([]bool))
		}
	})
}

func choose[T any](l loop, out []T, which []bool, yes, no []T) {
	l.rows(func(at []int, n int, steps []int) {
		for i := range n {
			if which[at[1]+i*steps[1]] {
				out[at[0]+i*steps[0]] = yes[at[2]+i*steps[2]]
			} else {
				out[at[0]+i*steps[0]] = no[at[3]+i*steps[3]]
			}
		}
	})
}

// cast converts between the three types that are held here. float32 to int64 cuts off
// the fraction, as in C.
func cast(n *node) []result {
	to := n.integer("to", 0)
	if !n.operands(1, 1) {
		return nil
	}
	d, ok := map[int]tensor.Dtype{1: tensor.Float32, 7: tensor.Int64, 9: tensor.Bool}[to]
	if !ok {
		n.fail("to=%d is not supported (1: float32, 7: int64 and 9: bool are)", to)
		return nil
	}
	shape := n.in[0].shape
	return single(d, shape, func(out any, in []any) {
		get := number64(in[0])
		switch o := out.(type) {
		case []float32:
			if x, ok := in[0].([]float32); ok {
				copy(o, x)
				return
			}
			for i := range o {
				o[i] = float32(get(i))
			}
		case []int64:
			if x, ok := in[0].([]int64); ok {
				copy(o, x)
				return
			}
			for i := range o {
				o[i] = int64(get(i))
			}
		case []bool:
			for i := range o {
				o[i] = get(i) != 0
			}
		}
	})
}

// number64 reads elements of any type as numbers.
func number64(data any) func(i int) float64 {
	switch v := data.(type) {
	case []float32:
		return func(i int) float64 { return float64(v[i]) }
	case []int64:
		return func(i int) float64 { return float64(v[i]) }
	}
	v := data.([]bool)
	return func(i int) float64 {
		if v[i] {
			return 1
		}
		return 0
	}
}
