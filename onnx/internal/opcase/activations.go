package opcase

import (
	"math"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// applied returns the case that applies op, which is f, to each element of x.
func applied(op string, x onnx.Value, f func(float64) float64, attrs attributes) Case {
	want := floats(x.Shape, lists.Of(x.Data, func(v float32) float32 { return float32(f(float64(v))) })...)
	return build(op, values(x), nil, want, node(op, a, y, attrs))
}

// on is applied to numbers of both signs.
func on(op string, f func(float64) float64, attrs attributes) Case {
	return applied(op, floats([]int{7}, -3.5, -1, -0.25, 0, 0.25, 1.5, 4), f, attrs)
}

// activations returns cases of functions of one element.
func activations() []Case {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	piecewise := func(negative, positive func(float64) float64) func(float64) float64 {
		return func(x float64) float64 {
			if x < 0 {
				return negative(x)
			}
			return positive(x)
		}
	}
	same := func(x float64) float64 { return x }
	half := float32(0.5)
	small := func(op string, f func(float64) float64) Case { // within [-1,1]
		return applied(op, floats([]int{3}, -0.5, 0, 0.75), f, nil)
	}
	return []Case{
		small("Acos", math.Acos), small("Asin", math.Asin), small("Atanh", math.Atanh),
		build("Acosh", values(floats([]int{2}, 1, 3)), nil, floats([]int{2}, 0, float32(math.Acosh(3))), node("Acosh", a, y, nil)),
		on("Asinh", math.Asinh, nil), on("Atan", math.Atan, nil), on("Cosh", math.Cosh, nil), on("Sinh", math.Sinh, nil), on("Tan", math.Tan, nil),
		on("Ceil", math.Ceil, nil), on("Floor", math.Floor, nil),
		build("Round", values(floats([]int{5}, -1.5, -0.5, 0.5, 1.5, 2.6)), nil, floats([]int{5}, -2, 0, 0, 2, 3), node("Round", a, y, nil)),
		build("Sign", values(floats([]int{3}, -2, 0, 0.5)), nil, floats([]int{3}, -1, 0, 1), node("Sign", a, y, nil)),
		on("Elu", piecewise(func(x float64) float64 { return 0.5 * math.Expm1(x) }, same), attributes{"alpha": half}),
		on("Celu", piecewise(func(x float64) float64 { return 0.5 * math.Expm1(x/0.5) }, same), attributes{"alpha": half}),
		on("Selu", piecewise(func(x float64) float64 { return 1.0507009873554805 * 1.6732632423543772 * math.Expm1(x) },
			func(x float64) float64 { return 1.0507009873554805 * x }), nil),
		since(20, on("Gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, nil)),
		named("Gelu/tanh", since(20, on("Gelu", func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*math.Pow(x, 3))))
		}, attributes{"approximate": "tanh"}))),
		on("HardSigmoid", func(x float64) float64 { return min(1, max(0, 0.2*x+0.5)) }, nil),
		on("HardSwish", func(x float64) float64 { return x * min(1, max(0, x/6+0.5)) }, nil),
		since(18, on("Mish", func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) }, nil)),
		on("Shrink", func(x float64) float64 {
			switch {
			case x < -1:
				return x + 0.5
			case x > 1:
				return x - 0.5
			}
			return 0
		}, attributes{"lambd": float32(1), "bias": half}),
		on("Softsign", func(x float64) float64 { return x / (1 + math.Abs(x)) }, nil),
		since(24, on("Swish", func(x float64) float64 { return x * sigmoid(0.5*x) }, attributes{"alpha": half})),
		on("ThresholdedRelu", piecewise(func(float64) float64 { return 0 }, func(x float64) float64 {
			if x > 0.5 {
				return x
			}
			return 0
		}), attributes{"alpha": half}),
		build("PRelu", values(floats([]int{1, 2, 1, 2}, -1, 2, -3, 4), floats([]int{2, 1, 1}, 0.5, 0.25)), nil,
			floats([]int{1, 2, 1, 2}, -0.5, 2, -0.75, 4), node("PRelu", ab, y, nil)),
		since(10, build("Clip/attributes", values(floats([]int{3}, -9, 0, 9)), nil, floats([]int{3}, -1, 0, 3),
			node("Clip", a, y, attributes{"min": float32(-1), "max": float32(3)}))),
		build("Clip/bounds", values(floats([]int{3}, -9, 0, 9), floats([]int{}, -1), floats([]int{}, 3)), nil, floats([]int{3}, -1, 0, 3),
			node("Clip", abc, y, nil)),
	}
}

// truths returns cases of operations on truth values, or with truth values as results, and of some with several operands.
func truths() []Case {
	p, q := floats([]int{2, 2}, 1, 2, 3, 4), floats([]int{2}, 2, 3)
	of := func(op string, want ...float32) Case {
		return build(op, values(p, q), nil, floats([]int{2, 2}, want...), node(op, ab, names{"m"}, nil), node("Cast", names{"m"}, y, attributes{"to": int64(1)}))
	}
	toBool, toFloat := attributes{"to": int64(9)}, attributes{"to": int64(1)}
	logic := func(op string, want ...float32) Case {
		return build(op, values(floats([]int{4}, 0, 0, 1, 1), floats([]int{4}, 0, 1, 0, 1)), nil, floats([]int{4}, want...),
			node("Cast", a, names{"p"}, toBool), node("Cast", names{"b"}, names{"q"}, toBool), node(op, names{"p", "q"}, names{"m"}, nil),
			node("Cast", names{"m"}, y, toFloat))
	}
	infinite := floats([]int{4}, float32(math.Inf(1)), 1, float32(math.Inf(-1)), float32(math.NaN()))
	about := func(name, op string, attrs attributes, want ...float32) Case {
		return build(name, values(infinite), nil, floats([]int{4}, want...), node(op, a, names{"m"}, attrs), node("Cast", names{"m"}, y, toFloat))
	}
	return []Case{
		of("Greater", 0, 0, 1, 1), of("GreaterOrEqual", 0, 0, 1, 1), of("Less", 1, 1, 0, 0), of("LessOrEqual", 1, 1, 0, 0),
		logic("And", 0, 0, 0, 1), logic("Or", 0, 1, 1, 1), logic("Xor", 0, 1, 1, 0),
		build("Not", values(floats([]int{2}, 0, 3)), nil, floats([]int{2}, 1, 0),
			node("Cast", a, names{"p"}, toBool), node("Not", names{"p"}, names{"m"}, nil), node("Cast", names{"m"}, y, toFloat)),
		about("IsInf", "IsInf", nil, 1, 0, 1, 0), about("IsInf/negative", "IsInf", attributes{"detect_positive": int64(0)}, 0, 0, 1, 0),
		about("IsNaN", "IsNaN", nil, 0, 0, 0, 1),
		build("Max", values(p, q, floats([]int{1}, 2.5)), nil, floats([]int{2, 2}, 2.5, 3, 3, 4), node("Max", abc, y, nil)),
		build("Min", values(p, q, floats([]int{1}, 2.5)), nil, floats([]int{2, 2}, 1, 2, 2, 2.5), node("Min", abc, y, nil)),
		build("Sum", values(p, q, floats([]int{1}, 10)), nil, floats([]int{2, 2}, 13, 15, 15, 17), node("Sum", abc, y, nil)),
		build("Sum/one", values(p), nil, p, node("Sum", a, y, nil)),
		build("Mean", values(p, q), nil, floats([]int{2, 2}, 1.5, 2.5, 2.5, 3.5), node("Mean", ab, y, nil)),
		build("Mod", values(floats([]int{3}, -7, 7, 7), floats([]int{3}, 4, -4, 4)), nil, floats([]int{3}, 1, -1, 3),
			node("Cast", a, names{"p"}, attributes{"to": int64(6)}), node("Cast", names{"b"}, names{"q"}, attributes{"to": int64(6)}),
			node("Mod", names{"p", "q"}, names{"r"}, nil), node("Cast", names{"r"}, y, toFloat)),
		build("Mod/fmod", values(floats([]int{3}, -7.5, 7.5, 7), floats([]int{3}, 4, -4, 4)), nil, floats([]int{3}, -3.5, 3.5, 3),
			node("Mod", ab, y, attributes{"fmod": int64(1)})),
		build("Pow/integers", values(floats([]int{2}, 2.5, 3)), []*onnx.Tensor{scalar("k", 2)}, floats([]int{2}, 6.25, 9), node("Pow", names{"a", "k"}, y, nil)),
	}
}

// reductions returns cases of reductions and normalisations over axes of small tables.
func reductions() []Case {
	table := floats([]int{2, 3}, 1, -2, 3, 4, 5, -6)
	rows := func(op string, p, q float64) Case { // over the last axis
		return build(op, values(table), nil, floats([]int{2, 1}, float32(p), float32(q)), node(op, a, y, attributes{"axes": []int64{1}}))
	}
	argument := func(name, op string, attrs attributes, want ...float32) Case {
		return build(name, values(floats([]int{2, 3}, 1, 7, 7, 2, 0, 0)), nil, floats([]int{2, 1}, want...), node(op, a, names{"k"}, attrs), node("Cast", names{"k"}, y, attributes{"to": int64(1)}))
	}
	last := func(select1 int64) attributes {
		return attributes{"axis": int64(1), "select_last_index": select1}
	}
	return []Case{
		rows("ReduceL1", 6, 15), rows("ReduceL2", math.Sqrt(14), math.Sqrt(77)), rows("ReduceLogSum", math.Log(2), math.Log(3)),
		rows("ReduceLogSumExp", math.Log(math.E+math.Exp(-2)+math.Exp(3)), math.Log(math.Exp(4)+math.Exp(5)+math.Exp(-6))),
		rows("ReduceMax", 3, 5), rows("ReduceMin", -2, -6), rows("ReduceProd", -6, -120), rows("ReduceSumSquare", 14, 77),
		build("ReduceMax/integers", values(table), nil, floats([]int{3}, 4, 5, 3), node("Cast", a, names{"i"}, attributes{"to": int64(7)}),
			node("ReduceMax", names{"i"}, names{"m"}, attributes{"axes": []int64{0}, "keepdims": int64(0)}), node("Cast", names{"m"}, y, attributes{"to": int64(1)})),
		argument("ArgMax", "ArgMax", last(0), 1, 0), argument("ArgMax/last", "ArgMax", last(1), 2, 0),
		argument("ArgMin", "ArgMin", last(0), 0, 1), argument("ArgMin/last", "ArgMin", last(1), 0, 2),
		build("CumSum", values(table), []*onnx.Tensor{scalar("k", 1)}, floats([]int{2, 3}, 1, -1, 2, 4, 9, 3), node("CumSum", names{"a", "k"}, y, nil)),
		build("CumSum/exclusive", values(table), []*onnx.Tensor{scalar("k", -1)}, floats([]int{2, 3}, 1, 3, 0, -1, -6, 0),
			node("CumSum", names{"a", "k"}, y, attributes{"exclusive": int64(1), "reverse": int64(1)})),
		build("LogSoftmax", values(floats([]int{1, 2}, 0, 1)), nil, floats([]int{1, 2}, float32(-math.Log(1+math.E)), float32(1-math.Log(1+math.E))), node("LogSoftmax", a, y, nil)),
		since(12, build("Softmax/flat", values(floats([]int{1, 2, 2}, 0, 0, 0, 0)), nil, floats([]int{1, 2, 2}, 0.25, 0.25, 0.25, 0.25), node("Softmax", a, y, nil))),
		build("LpNormalization", values(floats([]int{2, 2}, 3, 4, 0, -5)), nil, floats([]int{2, 2}, 0.6, 0.8, 0, -1), node("LpNormalization", a, y, nil)),
		build("LpNormalization/1", values(floats([]int{2, 2}, 3, 1, -1, 3)), nil, floats([]int{2, 2}, 0.75, 0.25, -0.25, 0.75),
			node("LpNormalization", a, y, attributes{"axis": int64(0), "p": int64(1)})),
		since(21, build("GroupNormalization", values(count(1, 1, 4, 1, 1), floats([]int{4}, 1, 1, 2, 2), floats([]int{4}, 0, 0, 0, 9)), nil,
			floats([]int{1, 4, 1, 1}, -1, 1, -2, 11), node("GroupNormalization", abc, y, attributes{"num_groups": int64(2), "epsilon": float32(0)}))),
		build("LayerNormalization/mean", values(count(1, 1, 4), floats([]int{4}, 1, 1, 1, 1)), nil, floats([]int{1, 1}, 2.5),
			node("LayerNormalization", ab, names{"n", "y"}, nil)),
	}
}
