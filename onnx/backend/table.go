package backend

import "math"

// The table is filled here because some operators look into it themselves.
func init() {
	operators = map[string]operator{
		"Abs":        unary(math.Abs),
		"Cos":        unary(math.Cos),
		"Erf":        unary(math.Erf),
		"Exp":        unary(math.Exp),
		"Log":        unary(math.Log),
		"Neg":        unary(func(x float64) float64 { return -x }),
		"Reciprocal": unary(func(x float64) float64 { return 1 / x }),
		"Relu":       unary(relu),
		"Sigmoid":    unary(sigmoid),
		"Sin":        unary(math.Sin),
		"Softplus":   unary(softplus),
		"Sqrt":       unary(math.Sqrt),
		"Tanh":       unary(math.Tanh),
		"LeakyRelu":  leakyRelu,
		"Clip":       clip,

		"Add":   arithmetic(func(a, b float32) float32 { return a + b }, func(a, b int64) int64 { return a + b }),
		"Sub":   arithmetic(func(a, b float32) float32 { return a - b }, func(a, b int64) int64 { return a - b }),
		"Mul":   arithmetic(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b }),
		"Div":   arithmetic(func(a, b float32) float32 { return a / b }, func(a, b int64) int64 { return a / b }),
		"Pow":   pow,
		"Equal": equal,
		"Where": where,
		"Cast":  cast,

		"Conv":              conv,
		"AveragePool":       pool(true),
		"MaxPool":           pool(false),
		"GlobalAveragePool": globalAveragePool,
		"Gemm":              gemm,
		"MatMul":            matMul,
		"Einsum":            einsum,

		"BatchNormalization":    batchNormalization,
		"InstanceNormalization": instanceNormalization,
		"LayerNormalization":    layerNormalization,
		"Softmax":               softmax,
		"ReduceMean":            reduce(true),
		"ReduceSum":             reduce(false),

		"Identity":        identity,
		"Dropout":         dropout,
		"Reshape":         reshape,
		"Flatten":         flatten,
		"Squeeze":         squeeze,
		"Unsqueeze":       unsqueeze,
		"Transpose":       transpose,
		"DepthToSpace":    depthToSpace,
		"Concat":          concat,
		"Split":           split,
		"Slice":           slice,
		"Gather":          gather,
		"Expand":          expand,
		"Resize":          resize,
		"Shape":           shapeOf,
		"Constant":        constant,
		"ConstantOfShape": constantOfShape,
		"Range":           sequence,
	}
}
