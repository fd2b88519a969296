package backend

import (
	"math"

	"multiscale/onnx"
)

// unary makes the operator that applies f to each element.
func unary(f func(x float64) float64) operator {
	return func(n *node) []result { return n.pointwise(f) }
}

// pointwise applies f to each element of the only operand.
func (n *node) pointwise(f func(x float64) float64) []result {
	n.floatOperands(1, 1)
	return n.like(n.in[0].shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		parallel(len(y), 4, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				y[i] = float32(f(float64(x[i])))
			}
		})
	})
}

// unaryNumber is unary for operators that also support integers.
func unaryNumber(real func(x float64) float64, integer func(x int64) int64) operator {
	return func(n *node) []result {
		if !n.has(0) || !isInteger(n.in[0].dtype) {
			return n.pointwise(real)
		}
		n.operands(1, 1)
		return n.like(n.in[0].shape, func(out any, in []any) {
			y := out.([]int64)
			for i, x := range in[0].([]int64) {
				y[i] = integer(x)
			}
		})
	}
}

// predicate makes the operator that tests each element.
func predicate(f func(x float64) bool) operator {
	return func(n *node) []result {
		n.floatOperands(1, 1)
		return single(onnx.Bool, n.in[0].shape, func(out any, in []any) {
			y := out.([]bool)
			for i, x := range floats(in[0]) {
				y[i] = f(float64(x))
			}
		})
	}
}

func isInf(n *node) []result {
	below, above := n.integer("detect_negative", 1) != 0, n.integer("detect_positive", 1) != 0
	return predicate(func(x float64) bool { return below && math.IsInf(x, -1) || above && math.IsInf(x, 1) })(n)
}

func not(n *node) []result {
	n.operands(1, 1)
	if n.in[0].dtype != onnx.Bool {
		n.fail("operand 0 holds %v, want truth values", n.in[0].dtype)
	}
	return n.like(n.in[0].shape, func(out any, in []any) {
		y := out.([]bool)
		for i, x := range in[0].([]bool) {
			y[i] = !x
		}
	})
}

func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func relu(x float64) float64     { return max(x, 0) }
func softsign(x float64) float64 { return x / (1 + math.Abs(x)) }

// softplus is log(1+exp(x)), without an overflow for large x.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 or NaN
}

func leakyRelu(n *node) []result {
	slope := float64(n.number("alpha", 0.01))
	return n.pointwise(func(x float64) float64 {
		if x < 0 {
			return slope * x
		}
		return x
	})
}

func elu(n *node) []result {
	alpha := float64(n.number("alpha", 1))
	return n.pointwise(func(x float64) float64 {
		if x < 0 {
			return alpha * math.Expm1(x)
		}
		return x
	})
}

func celu(n *node) []result {
	alpha := float64(n.number("alpha", 1))
	return n.pointwise(func(x float64) float64 { return max(x, 0) + min(0, alpha*math.Expm1(x/alpha)) })
}

func selu(n *node) []result {
	alpha, gamma := float64(n.number("alpha", 1.67326319217681884765625)), float64(n.number("gamma", 1.05070102214813232421875))
	return n.pointwise(func(x float64) float64 {
		if x < 0 {
			return gamma * alpha * math.Expm1(x)
		}
		return gamma * x
	})
}

func thresholdedRelu(n *node) []result {
	alpha := float64(n.number("alpha", 1))
	return n.pointwise(func(x float64) float64 {
		if x > alpha {
			return x
		}
		return 0
	})
}

func shrink(n *node) []result {
	bias, lambda := float64(n.number("bias", 0)), float64(n.number("lambd", 0.5))
	return n.pointwise(func(x float64) float64 {
		switch {
		case x < -lambda:
			return x + bias
		case x > lambda:
			return x - bias
		}
		return 0
	})
}

func hardSigmoid(n *node) []result {
	alpha, beta := float64(n.number("alpha", 0.2)), float64(n.number("beta", 0.5))
	return n.pointwise(func(x float64) float64 { return max(0, min(1, alpha*x+beta)) })
}

func hardSwish(x float64) float64 { return x * max(0, min(1, x/6+0.5)) }
func mish(x float64) float64      { return x * math.Tanh(softplus(x)) }

func swish(n *node) []result {
	alpha := float64(n.number("alpha", 1))
	return n.pointwise(func(x float64) float64 { return x * sigmoid(alpha*x) })
}

// gelu is x times the standard normal distribution function of x, or its approximation by tanh.
func gelu(n *node) []result {
	switch approximate := n.text("approximate", "none"); approximate {
	case "none":
		return n.pointwise(func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) })
	case "tanh":
		return n.pointwise(func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		})
	default:
		n.fail("approximate=%s is not supported", approximate)
	}
	return nil
}

// clip has its bounds as attributes up to opset 10, and as operands from opset 11.
func clip(n *node) []result {
	attributes := [2]*float32{}
	if n.opset < 11 {
		for i, name := range []string{"min", "max"} {
			if _, given := n.attributes[name]; given {
				v := n.number(name, 0)
				attributes[i] = &v
			}
		}
	}
	n.operands(1, 3)
	for i := 1; i < len(n.in); i++ {
		if n.has(i) && (n.in[i].dtype != n.in[0].dtype || count(n.in[i].shape) != 1) {
			n.fail("operand %d is %v of shape %v, want one number of the type of operand 0", i, n.in[i].dtype, n.in[i].shape)
		}
	}
	if n.in[0].dtype == onnx.Bool {
		n.fail("truth values have no bounds")
	}
	return n.like(n.in[0].shape, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			low, high := bound(in, 1, float32(math.Inf(-1))), bound(in, 2, float32(math.Inf(1)))
			if attributes[0] != nil {
				low = *attributes[0]
			}
			if attributes[1] != nil {
				high = *attributes[1]
			}
			limit(y, in[0].([]float32), low, high)
		case []int64:
			limit(y, in[0].([]int64), bound[int64](in, 1, math.MinInt64), bound[int64](in, 2, math.MaxInt64))
		}
	})
}

func bound[T any](in []any, i int, fallback T) T {
	if i < len(in) && in[i] != nil {
		return in[i].([]T)[0]
	}
	return fallback
}

func limit[T int64 | float32](y, x []T, low, high T) {
	parallel(len(y), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = min(max(x[i], low), high)
		}
	})
}
