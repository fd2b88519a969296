package opcase

import (
	"math"

	"multiscale/onnx"
)

// of is applied to positive numbers, which are in the domain of all these functions.
func of(op string, f func(float64) float64, attrs attributes) Case {
	return applied(op, floats([]int{2, 3}, 0.5, 1, 2, 0.25, 3, 0.125), f, attrs)
}

func elementwise() []Case {
	binary := func(name, op string, p, q, want onnx.Value) Case {
		return build(name, values(p, q), nil, want, node(op, ab, y, nil))
	}
	row := floats([]int{3}, 1, 2, 4)
	return []Case{
		of("Abs", math.Abs, nil), of("Cos", math.Cos, nil), of("Erf", math.Erf, nil), of("Exp", math.Exp, nil), of("Log", math.Log, nil),
		of("Reciprocal", func(x float64) float64 { return 1 / x }, nil), of("Sigmoid", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, nil),
		of("Sin", math.Sin, nil), of("Sqrt", math.Sqrt, nil), of("Tanh", math.Tanh, nil), of("Softplus", func(x float64) float64 { return math.Log(1 + math.Exp(x)) }, nil),
		build("Neg", values(floats([]int{2}, -1, 2)), nil, floats([]int{2}, 1, -2), node("Neg", a, y, nil)),
		build("Relu", values(floats([]int{3}, -1, 0, 2)), nil, floats([]int{3}, 0, 0, 2), node("Relu", a, y, nil)),
		build("LeakyRelu", values(floats([]int{3}, -1, 0, 2)), nil, floats([]int{3}, -0.25, 0, 2), node("LeakyRelu", a, y, attributes{"alpha": float32(0.25)})),
		build("LeakyRelu/default", values(floats([]int{2}, -1, 2)), nil, floats([]int{2}, -0.01, 2), node("LeakyRelu", a, y, nil)),
		build("Clip", values(floats([]int{4}, -9, 0, 2, 9)), []*onnx.Tensor{onnx.NewFloats("lo", []int64{}, []float32{-1}), onnx.NewFloats("hi", []int64{}, []float32{3})},
			floats([]int{4}, -1, 0, 2, 3), node("Clip", names{"a", "lo", "hi"}, y, nil)),
		build("Clip/onlymax", values(floats([]int{2}, -9, 9)), []*onnx.Tensor{onnx.NewFloats("hi", []int64{}, []float32{3})},
			floats([]int{2}, -9, 3), node("Clip", names{"a", "_", "hi"}, y, nil)),
		binary("Add", "Add", floats([]int{2}, 1, 2), floats([]int{2}, 10, 20), floats([]int{2}, 11, 22)),
		binary("Add/row", "Add", count(0, 2, 3), row, floats([]int{2, 3}, 1, 3, 6, 4, 6, 9)),
		binary("Add/column", "Add", count(0, 2, 3), floats([]int{2, 1}, 10, 20), floats([]int{2, 3}, 10, 11, 12, 23, 24, 25)),
		binary("Sub/both", "Sub", floats([]int{2, 1}, 10, 20), row, floats([]int{2, 3}, 9, 8, 6, 19, 18, 16)),
		binary("Mul/channels", "Mul", count(1, 1, 2, 1, 2), floats([]int{2, 1, 1}, 10, 100), floats([]int{1, 2, 1, 2}, 10, 20, 300, 400)),
		binary("Mul/samples", "Mul", count(1, 2, 2, 1, 1), floats([]int{2, 1, 1, 1}, 10, 100), floats([]int{2, 2, 1, 1}, 10, 20, 300, 400)),
		binary("Div/scalar", "Div", row, floats([]int{}, 2), floats([]int{3}, 0.5, 1, 2)),
		binary("Div/byscalar", "Div", floats([]int{}, 8), row, floats([]int{3}, 8, 4, 2)),
		binary("Pow", "Pow", row, floats([]int{}, 2), floats([]int{3}, 1, 4, 16)),
		build("Mul/square", values(row), nil, floats([]int{3}, 1, 4, 16), node("Mul", names{"a", "a"}, y, nil)),
		build("Sub/self", values(row), nil, floats([]int{3}, 0, 0, 0), node("Sub", names{"a", "a"}, y, nil)),
		build("Where", values(floats([]int{3}, 1, 5, 3), row, floats([]int{1}, -7)), nil, floats([]int{3}, 1, -7, -7),
			node("Equal", ab, names{"m"}, nil), node("Where", names{"m", "b", "c"}, y, nil)),
		build("Cast", values(floats([]int{3}, 1.75, -1.75, 0)), nil, floats([]int{3}, 1, -1, 0),
			node("Cast", a, names{"i"}, attributes{"to": int64(7)}), node("Cast", names{"i"}, y, attributes{"to": int64(1)})),
		build("Cast/bool", values(floats([]int{3}, 1.75, -1.75, 0)), nil, floats([]int{3}, 1, 1, 0),
			node("Cast", a, names{"i"}, attributes{"to": int64(9)}), node("Cast", names{"i"}, y, attributes{"to": int64(1)})),
		build("Identity", values(row), nil, row, node("Identity", a, y, nil)),
		build("Dropout", values(row), nil, row, node("Dropout", a, y, nil)),
		build("Constant", values(row), nil, floats([]int{3}, 3, 6, 12),
			node("Constant", nil, names{"k"}, attributes{"value": onnx.NewFloats("", []int64{}, []float32{3})}), node("Mul", names{"a", "k"}, y, nil)),
		build("Constant/two", values(row), nil, floats([]int{3}, 5, 8, 14),
			node("Constant", nil, names{"k"}, attributes{"value_float": float32(3)}), node("Constant", nil, names{"l"}, attributes{"value_floats": []float32{2}}),
			node("Mul", names{"a", "k"}, names{"m"}, nil), node("Add", names{"m", "l"}, y, nil)),
	}
}

func products() []Case {
	return []Case{
		build("Gemm", values(count(1, 2, 3), count(1, 3, 2), floats([]int{2}, 100, 200)), nil,
			floats([]int{2, 2}, 122, 228, 149, 264), node("Gemm", abc, y, nil)),
		build("Gemm/transposed", values(count(1, 3, 2), count(1, 2, 3), floats([]int{2, 1}, 100, 200)), nil,
			floats([]int{2, 2}, 144, 198, 256, 328), node("Gemm", abc, y, attributes{"transA": int64(1), "transB": int64(1), "alpha": float32(2)})),
		build("Gemm/beta", values(count(1, 1, 2), count(1, 2, 1), floats([]int{}, 100)), nil,
			floats([]int{1, 1}, 55), node("Gemm", abc, y, attributes{"beta": float32(0.5)})),
		build("Gemm/nobias", values(count(1, 1, 2), count(1, 2, 1)), nil, floats([]int{1, 1}, 5), node("Gemm", ab, y, nil)),
		build("MatMul", values(count(1, 2, 2), count(1, 2, 2)), nil, floats([]int{2, 2}, 7, 10, 15, 22), node("MatMul", ab, y, nil)),
		build("MatMul/batch", values(count(1, 2, 1, 2), count(1, 2, 2, 1)), nil, floats([]int{2, 1, 1}, 5, 25), node("MatMul", ab, y, nil)),
		build("MatMul/broadcast", values(count(1, 2, 1, 1, 2), count(1, 2, 2, 1)), nil, floats([]int{2, 2, 1, 1}, 5, 11, 11, 25), node("MatMul", ab, y, nil)),
		build("Einsum", values(count(1, 1, 2, 2), count(1, 1, 2, 2)), nil, floats([]int{1, 2, 2}, 10, 14, 14, 20),
			node("Einsum", ab, y, attributes{"equation": "bct,bcs->bts"})),
	}
}

func windows() []Case {
	ones := onnx.Value{Shape: []int{1, 1, 3, 3}, Data: []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}}
	image := count(1, 1, 1, 3, 3)
	pads := []int64{1, 1, 1, 1}
	return []Case{
		build("Conv/same", values(image, ones), nil, floats([]int{1, 1, 3, 3}, 12, 21, 16, 27, 45, 33, 24, 39, 28),
			node("Conv", ab, y, attributes{"kernel_shape": []int64{3, 3}, "pads": pads})),
		build("Conv/bias", values(image, ones, floats([]int{1}, 0.5)), nil, floats([]int{1, 1, 1, 1}, 45.5), node("Conv", abc, y, nil)),
		build("Conv/stride", values(image, ones), nil, floats([]int{1, 1, 2, 2}, 12, 16, 24, 28),
			node("Conv", ab, y, attributes{"pads": pads, "strides": []int64{2, 2}})),
		build("Conv/uneven", values(image, floats([]int{1, 1, 1, 2}, 1, 10)), nil, floats([]int{1, 1, 3, 3}, 21, 32, 3, 54, 65, 6, 87, 98, 9),
			node("Conv", ab, y, attributes{"pads": []int64{0, 0, 0, 1}})),
		build("Conv/dilated", values(image, floats([]int{1, 1, 2, 2}, 1, 10, 100, 1000)), nil, floats([]int{1, 1, 1, 1}, 9731),
			node("Conv", ab, y, attributes{"dilations": []int64{2, 2}})),
		build("Conv/groups", values(count(1, 1, 2, 1, 2), floats([]int{2, 1, 1, 1}, 10, 100)), nil, floats([]int{1, 2, 1, 2}, 10, 20, 300, 400),
			node("Conv", ab, y, attributes{"group": int64(2)})),
		build("Conv/pointwise", values(count(1, 2, 2, 1, 1), floats([]int{1, 2, 1, 1}, 1, 10)), nil, floats([]int{2, 1, 1, 1}, 21, 43),
			node("Conv", ab, y, nil)),
		build("Conv/line", values(count(1, 1, 1, 3), floats([]int{1, 1, 2}, 1, 10)), nil, floats([]int{1, 1, 2}, 21, 32),
			node("Conv", ab, y, nil)),
		build("AveragePool", values(count(1, 1, 1, 2, 4)), nil, floats([]int{1, 1, 1, 2}, 3.5, 5.5),
			node("AveragePool", a, y, attributes{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}})),
		build("AveragePool/pads", values(image), nil, floats([]int{1, 1, 2, 2}, 3, 4, 6, 7),
			node("AveragePool", a, y, attributes{"kernel_shape": []int64{3, 3}, "strides": []int64{2, 2}, "pads": pads})),
		build("AveragePool/counted", values(image), nil, floats([]int{1, 1, 1, 1}, 12.0/9),
			node("AveragePool", a, y, attributes{"kernel_shape": []int64{3, 3}, "strides": []int64{9, 9}, "pads": pads, "count_include_pad": int64(1)})),
		build("MaxPool", values(count(-8, 1, 1, 2, 4)), nil, floats([]int{1, 1, 1, 2}, -3, -1),
			node("MaxPool", a, y, attributes{"kernel_shape": []int64{2, 2}, "strides": []int64{2, 2}})),
		build("GlobalAveragePool", values(count(1, 1, 2, 2, 2)), nil, floats([]int{1, 2, 1, 1}, 2.5, 6.5), node("GlobalAveragePool", a, y, nil)),
	}
}

func norms() []Case {
	s := float32(1 / math.Sqrt(1.25)) // of 1, 2, 3, 4
	four := []float32{-1.5 * s, -0.5 * s, 0.5 * s, 1.5 * s}
	none := attributes{"epsilon": float32(0)}
	e := func(x float64) float32 { return float32(x / (1 + math.E)) }
	return []Case{
		build("InstanceNormalization", values(count(1, 1, 2, 2, 2), floats([]int{2}, 1, 2), floats([]int{2}, 0, 10)), nil,
			floats([]int{1, 2, 2, 2}, four[0], four[1], four[2], four[3], 10+2*four[0], 10+2*four[1], 10+2*four[2], 10+2*four[3]),
			node("InstanceNormalization", abc, y, none)),
		build("InstanceNormalization/epsilon", values(floats([]int{1, 1, 2}, -1, 1), floats([]int{1}, 1), floats([]int{1}, 0)), nil,
			floats([]int{1, 1, 2}, -0.5, 0.5), node("InstanceNormalization", abc, y, attributes{"epsilon": float32(3)})),
		build("LayerNormalization", values(count(1, 1, 4), floats([]int{4}, 1, 1, 1, 2), floats([]int{4}, 0, 0, 0, 5)), nil,
			floats([]int{1, 4}, four[0], four[1], four[2], 5+2*four[3]), node("LayerNormalization", abc, y, attributes{"epsilon": float32(0)})),
		build("LayerNormalization/axes", values(count(1, 1, 2, 2), floats([]int{2, 2}, 1, 1, 1, 1)), nil,
			floats([]int{1, 2, 2}, four...), node("LayerNormalization", ab, y, attributes{"epsilon": float32(0), "axis": int64(1)})),
		build("BatchNormalization", values(count(1, 1, 2, 1), floats([]int{2}, 1, 2), floats([]int{2}, 0, 1), floats([]int{2}, 3, 0), floats([]int{2}, 4, 1)), nil,
			floats([]int{1, 2, 1}, -1, 5), node("BatchNormalization", names{"a", "b", "c", "d", "e"}, y, attributes{"epsilon": float32(0)})),
		build("Softmax", values(floats([]int{2, 2}, 0, 1, 3, 3)), nil, floats([]int{2, 2}, e(1), e(math.E), 0.5, 0.5), node("Softmax", a, y, nil)),
		build("Softmax/axis", values(floats([]int{2, 2}, 0, 1000, 1, 1000)), nil, floats([]int{2, 2}, e(1), 0.5, e(math.E), 0.5),
			node("Softmax", a, y, attributes{"axis": int64(0)})),
		build("ReduceMean", values(count(1, 2, 1, 2)), nil, floats([]int{2, 1, 1}, 1.5, 3.5), node("ReduceMean", a, y, attributes{"axes": []int64{-2, -1}})),
		build("ReduceMean/middle", values(count(1, 1, 2, 2)), nil, floats([]int{1, 2}, 2, 3),
			node("ReduceMean", a, y, attributes{"axes": []int64{1}, "keepdims": int64(0)})),
		build("ReduceMean/all", values(count(1, 2, 2)), nil, floats([]int{1, 1}, 2.5), node("ReduceMean", a, y, nil)),
		build("ReduceSum", values(count(1, 2, 2)), []*onnx.Tensor{ints("k", 0)}, floats([]int{1, 2}, 4, 6), node("ReduceSum", names{"a", "k"}, y, nil)),
	}
}

func shapes() []Case {
	six := count(1, 2, 3)
	as := func(shape ...int) onnx.Value { return onnx.Value{Shape: shape, Data: six.Data} }
	return []Case{
		build("Reshape", values(six), []*onnx.Tensor{ints("s", 3, -1)}, as(3, 2), node("Reshape", names{"a", "s"}, y, nil)),
		build("Reshape/zero", values(six), []*onnx.Tensor{ints("s", 0, 1, -1)}, as(2, 1, 3), node("Reshape", names{"a", "s"}, y, nil)),
		build("Reshape/shape", values(six, count(1, 3, 2)), nil, as(3, 2), node("Shape", names{"b"}, names{"s"}, nil), node("Reshape", names{"a", "s"}, y, nil)),
		build("Shape/arithmetic", values(count(1, 2, 2, 3)), []*onnx.Tensor{scalar("zero", 0), scalar("two", 2), ints("front", 0), ints("rest", -1)},
			floats([]int{4, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
			node("Shape", a, names{"s"}, nil), node("Gather", names{"s", "zero"}, names{"n"}, attributes{"axis": int64(0)}),
			node("Mul", names{"n", "two"}, names{"m"}, nil), node("Unsqueeze", names{"m", "front"}, names{"u"}, nil),
			node("Concat", names{"u", "rest"}, names{"t"}, attributes{"axis": int64(0)}), node("Reshape", names{"a", "t"}, y, nil)),
		build("Shape/part", values(count(1, 3, 1, 2)), nil, floats([]int{3}, 1, 2, 2),
			node("Shape", a, names{"s"}, attributes{"start": int64(1)}), node("Cast", names{"s"}, names{"f"}, attributes{"to": int64(1)}),
			node("Shape", a, names{"r"}, attributes{"start": int64(-1)}), node("Cast", names{"r"}, names{"g"}, attributes{"to": int64(1)}),
			node("Concat", names{"f", "g"}, y, attributes{"axis": int64(0)})),
		build("Flatten", values(count(1, 2, 1, 3)), nil, as(2, 3), node("Flatten", a, y, nil)),
		build("Flatten/all", values(six), nil, as(1, 6), node("Flatten", a, y, attributes{"axis": int64(0)})),
		build("Unsqueeze", values(six), []*onnx.Tensor{ints("k", 0, -1)}, as(1, 2, 3, 1), node("Unsqueeze", names{"a", "k"}, y, nil)),
		build("Squeeze", values(count(1, 1, 2, 3, 1)), []*onnx.Tensor{ints("k", -1)}, as(1, 2, 3), node("Squeeze", names{"a", "k"}, y, nil)),
		build("Squeeze/all", values(count(1, 1, 2, 3, 1)), nil, as(2, 3), node("Squeeze", a, y, nil)),
		build("Transpose", values(six), nil, floats([]int{3, 2}, 1, 4, 2, 5, 3, 6), node("Transpose", a, y, nil)),
		build("Transpose/perm", values(count(1, 2, 1, 2)), nil, floats([]int{1, 2, 2}, 1, 3, 2, 4), node("Transpose", a, y, attributes{"perm": []int64{1, 2, 0}})),
		build("DepthToSpace/DCR", values(count(0, 1, 8, 1, 1)), nil, floats([]int{1, 2, 2, 2}, 0, 2, 4, 6, 1, 3, 5, 7),
			node("DepthToSpace", a, y, attributes{"blocksize": int64(2)})),
		build("DepthToSpace/CRD", values(count(0, 1, 8, 1, 2)), nil, floats([]int{1, 2, 2, 4}, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15),
			node("DepthToSpace", a, y, attributes{"blocksize": int64(2), "mode": "CRD"})),
		build("Concat", values(floats([]int{2, 1}, 1, 2), count(3, 2, 2)), nil, floats([]int{2, 3}, 1, 3, 4, 2, 5, 6),
			node("Concat", ab, y, attributes{"axis": int64(-1)})),
		build("Concat/twice", values(floats([]int{2}, 1, 2)), nil, floats([]int{4}, 1, 2, 1, 2), node("Concat", names{"a", "a"}, y, attributes{"axis": int64(0)})),
		// p, q and their product are read more than once, so that memory that is reused too early gives a wrong result.
		build("Split", values(count(1, 2, 3)), []*onnx.Tensor{ints("k", 1, 2)}, floats([]int{2, 2}, 2+1+2, 3+1+3, 20+4+5, 24+4+6),
			node("Split", names{"a", "k"}, names{"p", "q"}, attributes{"axis": int64(1)}), node("Mul", names{"p", "q"}, names{"m"}, nil),
			node("Add", names{"m", "p"}, names{"n"}, nil), node("Add", names{"n", "q"}, names{"o"}, nil), node("Sub", names{"o", "m"}, names{"r"}, nil),
			node("Add", names{"r", "m"}, y, nil)),
		build("Split/equal", values(count(1, 4)), nil, floats([]int{2}, 1-3, 2-4), node("Split", a, names{"p", "q"}, nil), node("Sub", names{"p", "q"}, y, nil)),
		build("Split/unused", values(count(1, 4)), nil, floats([]int{2}, 3, 4), node("Split", a, names{"p", "y"}, nil)),
		build("Slice", values(count(0, 3, 4)), []*onnx.Tensor{ints("s", 1, -3), ints("e", 1<<40, 3), ints("k", 0, 1)}, floats([]int{2, 2}, 5, 6, 9, 10),
			node("Slice", names{"a", "s", "e", "k"}, y, nil)),
		build("Slice/back", values(count(0, 5)), []*onnx.Tensor{ints("s", -1), ints("e", -100), ints("k", 0), ints("t", -2)}, floats([]int{3}, 4, 2, 0),
			node("Slice", names{"a", "s", "e", "k", "t"}, y, nil)),
		build("Slice/noaxes", values(count(0, 5)), []*onnx.Tensor{ints("s", 1), ints("e", 4), ints("t", 2)}, floats([]int{2}, 1, 3),
			node("Slice", names{"a", "s", "e", "_", "t"}, y, nil)),
		build("Gather", values(count(0, 3, 2)), []*onnx.Tensor{ints("k", -1, 0)}, floats([]int{2, 2}, 4, 5, 0, 1), node("Gather", names{"a", "k"}, y, nil)),
		build("Gather/scalar", values(count(0, 3, 2)), []*onnx.Tensor{scalar("k", 1)}, floats([]int{3}, 1, 3, 5), node("Gather", names{"a", "k"}, y, attributes{"axis": int64(1)})),
		build("Expand", values(floats([]int{2, 1}, 1, 2)), []*onnx.Tensor{ints("s", 2, 1, 3)}, floats([]int{2, 2, 3}, 1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2),
			node("Expand", names{"a", "s"}, y, nil)),
		build("ConstantOfShape", values(six), nil, floats([]int{2, 3}, 7, 7, 7, 7, 7, 7), node("Shape", a, names{"s"}, nil),
			node("ConstantOfShape", names{"s"}, y, attributes{"value": onnx.NewFloats("", []int64{1}, []float32{7})})),
		build("Range", values(six), []*onnx.Tensor{scalar("from", 5), scalar("to", 0), scalar("by", -2)}, floats([]int{3}, 5, 3, 1),
			node("Range", names{"from", "to", "by"}, names{"r"}, nil), node("Cast", names{"r"}, y, attributes{"to": int64(1)})),
	}
}

func resizes() []Case {
	mode := func(mode, coordinates, rounding string) attributes {
		return attributes{"mode": mode, "coordinate_transformation_mode": coordinates, "nearest_mode": rounding}
	}
	scales := func(v ...float32) []*onnx.Tensor {
		return []*onnx.Tensor{onnx.NewFloats("s", []int64{int64(len(v))}, v)}
	}
	image := count(1, 1, 1, 2, 2)
	line := count(0, 1, 1, 1, 4)
	by := names{"a", "_", "s"}
	linear := func(coordinates string) attributes {
		return attributes{"mode": "linear", "coordinate_transformation_mode": coordinates}
	}
	return []Case{
		build("Resize/nearest", values(image), scales(1, 1, 2, 2), floats([]int{1, 1, 4, 4}, 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4),
			node("Resize", by, y, mode("nearest", "asymmetric", "floor"))),
		build("Resize/emptyroi", values(image), append(scales(1, 1, 1, 2), onnx.NewFloats("r", []int64{0}, nil)), floats([]int{1, 1, 2, 4}, 1, 1, 2, 2, 3, 3, 4, 4),
			node("Resize", names{"a", "r", "s"}, y, mode("nearest", "asymmetric", "floor"))),
		build("Resize/down", values(line), scales(1, 1, 1, 0.5), floats([]int{1, 1, 1, 2}, 0, 2), node("Resize", by, y, mode("nearest", "asymmetric", "floor"))),
		build("Resize/half", values(count(0, 1, 1, 1, 6)), scales(1, 1, 1, 0.5), floats([]int{1, 1, 1, 3}, 0, 2, 4), node("Resize", by, y, nil)),
		build("Resize/prefer_ceil", values(count(0, 1, 1, 1, 6)), scales(1, 1, 1, 0.5), floats([]int{1, 1, 1, 3}, 1, 3, 5),
			node("Resize", by, y, mode("nearest", "half_pixel", "round_prefer_ceil"))),
		build("Resize/ceil", values(line), scales(1, 1, 1, 1.5), floats([]int{1, 1, 1, 6}, 0, 1, 2, 2, 3, 3), node("Resize", by, y, mode("nearest", "asymmetric", "ceil"))),
		build("Resize/linear", values(line), scales(1, 1, 1, 2), floats([]int{1, 1, 1, 8}, 0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3),
			node("Resize", by, y, linear("half_pixel"))),
		build("Resize/linear2d", values(image), scales(1, 1, 2, 1), floats([]int{1, 1, 4, 2}, 1, 2, 1.5, 2.5, 2.5, 3.5, 3, 4), node("Resize", by, y, linear("half_pixel"))),
		build("Resize/halve", values(line), scales(1, 1, 1, 0.5), floats([]int{1, 1, 1, 2}, 0.5, 2.5), node("Resize", by, y, linear("half_pixel"))),
		build("Resize/corners", values(line), scales(1, 1, 1, 1.75), floats([]int{1, 1, 1, 7}, 0, 0.5, 1, 1.5, 2, 2.5, 3), node("Resize", by, y, linear("align_corners"))),
		build("Resize/pytorch", values(line), scales(1, 1, 1, 0.25), floats([]int{1, 1, 1, 1}, 0), node("Resize", by, y, linear("pytorch_half_pixel"))),
		build("Resize/sizes", values(line), []*onnx.Tensor{ints("s", 1, 1, 1, 2)}, floats([]int{1, 1, 1, 2}, 0.5, 2.5),
			node("Resize", names{"a", "_", "_", "s"}, y, linear("half_pixel"))),
	}
}
