package backend

import (
	"cmp"

	"multiscale/onnx"
)

// comparison compares elements by order, which receives the result of cmp.Compare. Comparisons with NaN are false.
func comparison(order func(c int) bool) operator {
	return func(n *node) []result {
		shape := n.pair()
		l := n.broadcastLoop(shape)
		return single(onnx.Bool, shape, func(out any, in []any) {
			o := out.([]bool)
			switch a := in[0].(type) {
			case []float32:
				combine(l, o, a, in[1].([]float32), func(a, b float32) bool { return a == a && b == b && order(cmp.Compare(a, b)) })
			case []int64:
				combine(l, o, a, in[1].([]int64), func(a, b int64) bool { return order(cmp.Compare(a, b)) })
			case []bool:
				combine(l, o, a, in[1].([]bool), func(a, b bool) bool { return order(cmp.Compare(truth(a), truth(b))) })
			}
		})
	}
}

// logical applies a function to two truth values.
func logical(f func(a, b bool) bool) operator {
	return func(n *node) []result {
		shape := n.pair()
		if n.in[0].dtype != onnx.Bool {
			n.fail("operands hold %v, want truth values", n.in[0].dtype)
		}
		l := n.broadcastLoop(shape)
		return single(onnx.Bool, shape, func(out any, in []any) {
			combine(l, out.([]bool), in[0].([]bool), in[1].([]bool), f)
		})
	}
}

func where(n *node) []result {
	n.operands(3, 3)
	if n.in[0].dtype != onnx.Bool || n.in[1].dtype != n.in[2].dtype {
		n.fail("operands of types %v, %v and %v", n.in[0].dtype, n.in[1].dtype, n.in[2].dtype)
	}
	shape := n.broadcastShape()
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

// cast converts to another type. Floating-point numbers are truncated to integers, as in C.
func cast(n *node) []result {
	to := onnx.DataType(n.integer("to", 0))
	n.ignore("saturate", "round_mode") // for types of at most 8 bits
	n.operands(1, 1)
	if _, ok := held(to); !ok {
		n.fail("to=%d (%v) is not supported", int32(to), to)
	}
	return single(to, n.in[0].shape, func(out any, in []any) { convert(out, in[0]) })
}
