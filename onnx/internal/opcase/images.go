package opcase

import "multiscale/onnx"

// images returns cases of operations on pictures beyond plain convolution and pooling.
func images() []Case {
	image := count(1, 1, 1, 3, 3)
	ones := floats([]int{1, 1, 2, 2}, 1, 1, 1, 1)
	transpose := func(name string, x, k, want onnx.Value, attrs attributes) Case {
		return build(name, values(x, k), nil, want, node("ConvTranspose", ab, y, attrs))
	}
	two := []int64{2, 2}
	pads := func(name string, want onnx.Value, mode string, x onnx.Value, p ...int64) Case {
		return build(name, values(x), []*onnx.Tensor{ints("p", p...)}, want, node("Pad", names{"a", "p"}, y, attributes{"mode": mode}))
	}
	row := count(1, 1, 1, 1, 3)
	line := func(v ...float32) onnx.Value { return floats([]int{1, 1, 1, len(v)}, v...) }
	sides := []int64{0, 0, 0, 2, 0, 0, 0, 2}
	return []Case{
		transpose("ConvTranspose", count(1, 1, 1, 2, 2), floats([]int{1, 1, 2, 2}, 1, 10, 100, 1000),
			floats([]int{1, 1, 3, 3}, 1, 12, 20, 103, 1234, 2040, 300, 3400, 4000), nil),
		transpose("ConvTranspose/stride", count(1, 1, 1, 1, 2), ones, floats([]int{1, 1, 2, 4}, 1, 1, 2, 2, 1, 1, 2, 2), attributes{"strides": two}),
		transpose("ConvTranspose/padded", count(1, 1, 1, 1, 2), floats([]int{1, 1, 1, 3}, 1, 10, 100), line(10, 102, 20, 200),
			attributes{"strides": two, "pads": []int64{0, 1, 0, 1}, "output_padding": []int64{0, 1}}),
		transpose("ConvTranspose/dilated", row, floats([]int{1, 1, 1, 2}, 1, 10), line(1, 2, 3+10, 20, 30), attributes{"dilations": []int64{1, 2}}),
		transpose("ConvTranspose/groups", count(1, 1, 2, 1, 1), floats([]int{2, 2, 1, 1}, 1, 10, 100, 1000), floats([]int{1, 4, 1, 1}, 1, 10, 200, 2000),
			attributes{"group": int64(2)}),
		transpose("ConvTranspose/same", row, floats([]int{1, 1, 1, 3}, 1, 10, 100), line(1, 10, 102, 20, 203, 30),
			attributes{"auto_pad": "SAME_UPPER", "strides": []int64{1, 2}}),
		transpose("ConvTranspose/line", count(1, 1, 1, 2), floats([]int{1, 1, 2}, 1, 10), floats([]int{1, 1, 3}, 1, 12, 20), nil),
		build("Conv/same_upper", values(row, floats([]int{1, 1, 1, 2}, 1, 10)), nil, line(21, 32, 3), node("Conv", ab, y, attributes{"auto_pad": "SAME_UPPER"})),
		build("Conv/same_lower", values(row, floats([]int{1, 1, 1, 2}, 1, 10)), nil, line(10, 21, 32), node("Conv", ab, y, attributes{"auto_pad": "SAME_LOWER"})),
		build("Conv/valid", values(row, floats([]int{1, 1, 1, 2}, 1, 10)), nil, line(21, 32), node("Conv", ab, y, attributes{"auto_pad": "VALID"})),
		build("Conv/volume", values(count(1, 1, 1, 2, 2, 2), floats([]int{1, 1, 2, 1, 1}, 1, 10)), nil, floats([]int{1, 1, 1, 2, 2}, 51, 62, 73, 84), node("Conv", ab, y, nil)),
		build("Conv/depthwise", values(count(1, 1, 2, 1, 3), floats([]int{4, 1, 1, 2}, 1, 0, 0, 1, 1, 1, 1, -1)), nil,
			floats([]int{1, 4, 1, 2}, 1, 2, 2, 3, 9, 11, -1, -1), node("Conv", ab, y, attributes{"group": int64(2)})),
		build("MaxPool/ceil", values(image), nil, floats([]int{1, 1, 2, 2}, 5, 6, 8, 9), node("MaxPool", a, y, attributes{"kernel_shape": two, "strides": two, "ceil_mode": int64(1)})),
		build("MaxPool/indices", values(image), nil, floats([]int{1, 1, 1, 1}, 4), node("MaxPool", a, names{"m", "k"}, attributes{"kernel_shape": two, "strides": two}),
			node("Cast", names{"k"}, y, attributes{"to": int64(1)})),
		build("MaxPool/line", values(count(1, 1, 1, 4)), nil, floats([]int{1, 1, 2}, 3, 4), node("MaxPool", a, y, attributes{"kernel_shape": []int64{2}, "dilations": []int64{2}})),
		build("AveragePool/ceil", values(image), nil, floats([]int{1, 1, 2, 2}, 3, 4.5, 7.5, 9), node("AveragePool", a, y, attributes{"kernel_shape": two, "strides": two, "ceil_mode": int64(1)})),
		build("AveragePool/line", values(count(1, 1, 1, 4)), nil, floats([]int{1, 1, 2}, 1.5, 3.5), node("AveragePool", a, y, attributes{"kernel_shape": []int64{2}, "strides": []int64{2}})),
		build("LpPool", values(floats([]int{1, 1, 1, 4}, 3, 4, 0, 5)), nil, line(5, 4, 5), node("LpPool", a, y, attributes{"kernel_shape": []int64{1, 2}})),
		build("GlobalMaxPool", values(count(1, 1, 2, 2, 2)), nil, floats([]int{1, 2, 1, 1}, 4, 8), node("GlobalMaxPool", a, y, nil)),
		pads("Pad", floats([]int{1, 1, 2, 4}, 0, 1, 2, 3, 0, 0, 0, 0), "constant", row, 0, 0, 0, 1, 0, 0, 1, 0),
		pads("Pad/crop", line(2, 3, 0), "constant", row, 0, 0, 0, -1, 0, 0, 0, 1),
		pads("Pad/reflect", line(3, 2, 1, 2, 3, 2, 1), "reflect", row, sides...), pads("Pad/edge", line(1, 1, 1, 2, 3, 3, 3), "edge", row, sides...),
		since(19, pads("Pad/wrap", line(2, 3, 1, 2, 3, 1, 2), "wrap", row, sides...)),
		since(18, build("Pad/axes", values(count(1, 1, 2), floats([]int{}, 7)), []*onnx.Tensor{ints("p", 1, 0), ints("k", -1)}, floats([]int{1, 3}, 7, 1, 2),
			node("Pad", names{"a", "p", "b", "k"}, y, nil))),
		since(10, build("Pad/attributes", values(row), nil, line(9, 1, 2, 3), node("Pad", a, y, attributes{"pads": []int64{0, 0, 0, 1, 0, 0, 0, 0}, "value": float32(9)}))),
		since(7, build("Upsample/7", values(image), nil, onnx.Value{Shape: []int{1, 1, 3, 6}, Data: []float32{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9}},
			node("Upsample", a, y, attributes{"scales": []float32{1, 1, 1, 2}}))),
		since(9, build("Upsample", values(row), []*onnx.Tensor{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 1, 2})}, line(1, 1.5, 2, 2.5, 3, 3),
			node("Upsample", names{"a", "s"}, y, attributes{"mode": "linear"}))),
		since(10, build("Resize/10", values(count(1, 1, 1, 1, 5)), []*onnx.Tensor{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 1, 0.6})}, line(1, 3, 5),
			node("Resize", names{"a", "s"}, y, nil))),
		build("Resize/cubic", values(line(0, 0, 1, 0, 0)), []*onnx.Tensor{ints("s", 1, 1, 1, 10)},
			line(0, -0.03515625, -0.10546875, 0.26171875, 0.87890625, 0.87890625, 0.26171875, -0.10546875, -0.03515625, 0),
			node("Resize", names{"a", "_", "_", "s"}, y, attributes{"mode": "cubic"})),
		since(18, build("Resize/antialias", values(count(1, 1, 1, 1, 4)), []*onnx.Tensor{ints("s", 2)}, line(1.625, 3.375),
			node("Resize", names{"a", "_", "_", "s"}, y, attributes{"mode": "linear", "antialias": int64(1), "axes": []int64{3}}))),
		build("Resize/crop", values(count(1, 1, 1, 1, 5), floats([]int{1}, 0)), []*onnx.Tensor{onnx.NewFloats("r", []int64{8}, []float32{0, 0, 0, 0.5, 1, 1, 1, 1.25}), ints("s", 1, 1, 1, 4)},
			line(3, 4, 5, -1), node("Resize", names{"a", "r", "_", "s"}, y, attributes{"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": float32(-1)})),
		build("Resize/computed", values(count(0, 1, 1, 1, 2), count(0, 1, 1, 1, 4)), nil, line(0, 0.25, 0.75, 1),
			node("Shape", names{"b"}, names{"s"}, nil), node("Resize", names{"a", "_", "_", "s"}, y, attributes{"mode": "linear"})),
		build("Resize/channels", values(count(1, 1, 1, 2, 1)), []*onnx.Tensor{ints("s", 1, 2, 2, 1)}, floats([]int{1, 2, 2, 1}, 1, 2, 1, 2),
			node("Resize", names{"a", "_", "_", "s"}, y, nil)),
		build("SpaceToDepth", values(count(1, 1, 2, 2, 2)), nil, floats([]int{1, 8, 1, 1}, 1, 5, 2, 6, 3, 7, 4, 8), node("SpaceToDepth", a, y, attributes{"blocksize": int64(2)})),
		build("Tile", values(count(1, 1, 2)), []*onnx.Tensor{ints("k", 2, 2)}, floats([]int{2, 4}, 1, 2, 1, 2, 1, 2, 1, 2), node("Tile", names{"a", "k"}, y, nil)),
		build("Trilu", values(count(1, 2, 2)), nil, floats([]int{2, 2}, 1, 2, 0, 4), node("Trilu", a, y, nil)),
		build("Trilu/lower", values(count(1, 2, 2)), []*onnx.Tensor{scalar("k", -1)}, floats([]int{2, 2}, 0, 0, 3, 0), node("Trilu", names{"a", "k"}, y, attributes{"upper": int64(0)})),
		build("Size", values(count(1, 2, 2)), nil, floats([]int{}, 4), node("Size", a, names{"k"}, nil), node("Cast", names{"k"}, y, attributes{"to": int64(1)})),
		since(9, build("Slice/attributes", values(count(0, 3, 4)), nil, floats([]int{2, 2}, 5, 6, 9, 10),
			node("Slice", a, y, attributes{"starts": []int64{1, -3}, "ends": []int64{1 << 40, 3}}))),
		since(11, build("Unsqueeze/attribute", values(count(0, 2)), nil, floats([]int{1, 2}, 0, 1), node("Unsqueeze", a, y, attributes{"axes": []int64{0}}))),
		build("MatMul/vector", values(count(1, 2), count(1, 2, 2)), nil, floats([]int{2}, 7, 10), node("MatMul", ab, y, nil)),
		build("MatMul/vectors", values(count(1, 2), count(1, 2)), nil, floats([]int{}, 5), node("MatMul", ab, y, nil)),
		build("Einsum/ellipsis", values(count(1, 2, 1, 2), count(1, 2, 1)), nil, floats([]int{2, 1, 1}, 5, 11), node("Einsum", ab, y, attributes{"equation": "...ij,jk->...ik"})),
		build("Einsum/diagonal", values(count(1, 2, 2)), nil, floats([]int{2}, 1, 4), node("Einsum", a, y, attributes{"equation": "ii->i"})),
		since(21, build("QuantizeLinear", values(floats([]int{5}, -9, -0.25, 0.26, 0.75, 999), floats([]int{}, 0.5)), []*onnx.Tensor{{Name: "z", Type: onnx.Uint8, Dims: []int64{}, Raw: []byte{3}}},
			floats([]int{5}, -1.5, 0, 0.5, 1, 126), node("QuantizeLinear", names{"a", "b", "z"}, names{"q"}, nil), node("DequantizeLinear", names{"q", "b", "z"}, y, nil))),
		build("DequantizeLinear/channels", values(floats([]int{1, 2, 1}, 4, -6), floats([]int{2}, 0.5, 2)), nil, floats([]int{1, 2, 1}, 2, -12),
			node("Cast", a, names{"i"}, attributes{"to": int64(3)}), node("DequantizeLinear", names{"i", "b"}, y, nil)),
		build("LRN", values(floats([]int{1, 3, 1, 1}, 1, 2, 3)), nil, floats([]int{1, 3, 1, 1}, 1.0/(1+5), 2.0/(1+14), 3.0/(1+13)),
			node("LRN", a, y, attributes{"size": int64(3), "alpha": float32(3), "beta": float32(1)})),
		since(23, build("RMSNormalization", values(floats([]int{1, 2}, 1, 7), floats([]int{2}, 1, 2)), nil, floats([]int{1, 2}, 0.2, 2.8),
			node("RMSNormalization", ab, y, attributes{"epsilon": float32(0)}))),
		build("Cast/half", values(floats([]int{3}, 2049, 1e-8, 1e6)), nil, floats([]int{3}, 2048, 0, inf),
			node("Cast", a, names{"h"}, attributes{"to": int64(10)}), node("Cast", names{"h"}, y, attributes{"to": int64(1)})),
		build("Cast/bytes", values(floats([]int{2}, 200, 3)), nil, floats([]int{2}, 144, 6),
			node("Cast", a, names{"i"}, attributes{"to": int64(2)}), node("Add", names{"i", "i"}, names{"s"}, nil), node("Cast", names{"s"}, y, attributes{"to": int64(1)})),
	}
}

// indexed returns cases of operations whose operands have the positions of elements.
func indexed() []Case {
	table := count(0, 2, 3)
	at := func(shape []int64, v ...int64) []*onnx.Tensor { return []*onnx.Tensor{onnx.NewInts("k", shape, v)} }
	by, with := names{"a", "k"}, names{"a", "k", "b"}
	image := count(1, 1, 1, 2, 2)
	sample := func(name string, grid onnx.Value, want onnx.Value, attrs attributes) Case {
		return since(16, build(name, values(image, grid), nil, want, node("GridSample", ab, y, attrs)))
	}
	middle := floats([]int{1, 1, 2, 2}, 0, 0, 1, -1)
	row := func(v ...float32) onnx.Value { return floats([]int{1, 1, 1, len(v)}, v...) }
	return []Case{
		build("GatherElements", values(table), at([]int64{2, 2}, 0, -1, 1, 0), floats([]int{2, 2}, 0, 2, 4, 3), node("GatherElements", by, y, attributes{"axis": int64(1)})),
		build("GatherND", values(table), at([]int64{2, 2}, 0, 1, 1, -1), floats([]int{2}, 1, 5), node("GatherND", by, y, nil)),
		build("GatherND/rows", values(table), at([]int64{2, 1}, 1, 0), floats([]int{2, 3}, 3, 4, 5, 0, 1, 2), node("GatherND", by, y, nil)),
		build("GatherND/batch", values(table), at([]int64{2, 1}, 2, 0), floats([]int{2}, 2, 3), node("GatherND", by, y, attributes{"batch_dims": int64(1)})),
		build("ScatterElements", values(table, floats([]int{1, 2}, 10, 20)), at([]int64{1, 2}, 1, -1), floats([]int{2, 3}, 0, 10, 20, 3, 4, 5),
			node("ScatterElements", with, y, attributes{"axis": int64(1)})),
		build("ScatterND", values(table, floats([]int{1, 3}, 7, 8, 9)), at([]int64{1, 1}, 1), floats([]int{2, 3}, 0, 1, 2, 7, 8, 9), node("ScatterND", with, y, nil)),
		build("ScatterND/add", values(table, floats([]int{2}, 10, 20)), at([]int64{2, 2}, 0, 0, 0, 0), floats([]int{2, 3}, 30, 1, 2, 3, 4, 5),
			node("ScatterND", with, y, attributes{"reduction": "add"})),
		build("TopK", values(floats([]int{2, 3}, 1, 3, 2, 6, 4, 5)), at([]int64{1}, 2), floats([]int{2, 2}, 3, 2, 6, 5), node("TopK", by, names{"y", "i"}, nil)),
		build("TopK/positions", values(floats([]int{2, 3}, 1, 3, 2, 6, 4, 4)), at([]int64{1}, 2), floats([]int{2, 2}, 0, 2, 1, 2),
			node("TopK", by, names{"v", "i"}, attributes{"largest": int64(0)}), node("Cast", names{"i"}, y, attributes{"to": int64(1)})),
		build("NonZero", values(floats([]int{1}, 0)), at([]int64{2, 2}, 0, 5, 7, 0), floats([]int{2, 2}, 0, 1, 1, 0),
			node("NonZero", names{"k"}, names{"p"}, nil), node("Cast", names{"p"}, names{"f"}, attributes{"to": int64(1)}), node("Add", names{"f", "a"}, y, nil)),
		sample("GridSample", floats([]int{1, 1, 3, 2}, 0, 0, -0.5, -0.5, 1, 1), row(2.5, 1, 1), nil),
		sample("GridSample/corners", middle, row(2.5, 2), attributes{"align_corners": int64(1)}),
		sample("GridSample/border", floats([]int{1, 1, 2, 2}, -3, -1, 0, 3), row(1, 3.5), attributes{"padding_mode": "border"}),
		sample("GridSample/nearest", floats([]int{1, 1, 2, 2}, -0.6, 0.4, 3, 0), row(3, 0), attributes{"mode": "nearest"}),
	}
}
