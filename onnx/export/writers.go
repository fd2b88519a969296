package export

import (
	"math"
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
)

// Typed returns the Writer of a kind whose operations all have type O.
func Typed[O op.Operation](write func(e *Emitter, o O) string) Writer {
	return func(e *Emitter, o op.Operation) string {
		typed, ok := o.(O)
		if !ok {
			e.Fail("it is a %T", o)
			return ""
		}
		return write(e, typed)
	}
}

// same is the writer of operations that do nothing outside of training.
func same(e *Emitter, _ op.Operation) string { return e.Operand(0) }

// plain returns the writer of operations that equal one ONNX operation.
func plain(kind string) Writer {
	return func(e *Emitter, _ op.Operation) string { return e.Node(kind, e.Operands()) }
}

// writers are the writers of this project's kinds.
var writers = map[string]Writer{
	"Conv": Typed(conv),
	"Linear": func(e *Emitter, _ op.Operation) string {
		return e.Node("Gemm", e.Operands(), Attribute("transB", int64(1)))
	},
	"GroupNorm":  Typed(groupNorm),
	"LayerNorm":  Typed(layerNorm),
	"Activate":   Typed(func(e *Emitter, o *op.ActivateOp) string { return e.activate(e.Operand(0), o.Act) }),
	"Fork":       same,
	"Dropout":    same,
	"Sum":        func(e *Emitter, _ op.Operation) string { return e.sum(e.Operand(0), e.Operands()[1:]) },
	"AddChannel": func(e *Emitter, _ op.Operation) string { return e.shift(e.Operand(0), e.Operand(1), len(e.Shape(0))) },
	"Concat":     concat,
	"Softmax": func(e *Emitter, _ op.Operation) string {
		return e.Node("Softmax", e.Operands(), Attribute("axis", int64(-1)))
	},
	"Resize": Typed(resize),
	"AveragePool": Typed(func(e *Emitter, o *op.AveragePoolOp) string {
		k := []int64{int64(o.K), int64(o.K)}
		return e.Node("AveragePool", e.Operands(), Attribute("kernel_shape", k), Attribute("strides", k))
	}),
	"PixelShuffle": Typed(func(e *Emitter, o *op.PixelShuffleOp) string {
		return e.Node("DepthToSpace", e.Operands(), Attribute("blocksize", int64(o.R)), Attribute("mode", "CRD"))
	}),
	"Attention":         Typed(attention),
	"BatchNorm":         Typed(batchNorm),
	"GELU":              Typed(gelu),
	"Gate":              gate,
	"GlobalAveragePool": plain("GlobalAveragePool"),
	"MaxPool": Typed(func(e *Emitter, o *op.MaxPoolOp) string {
		return e.Node("MaxPool", e.Operands(), window(o.Kernel, o.Stride, o.Padding, 1, 1)...)
	}),
	"PReLU":          prelu,
	"Pad":            Typed(border),
	"PixelNorm":      Typed(pixelNorm),
	"PixelUnshuffle": Typed(pixelUnshuffle),
	"Scale":          plain("Mul"),
	"Sigmoid":        plain("Sigmoid"),
	"TransposedConv": Typed(transposedConv),
	"Column":         func(e *Emitter, _ op.Operation) string { return e.unsqueeze(e.Operand(0), 1) },
	"Sinusoid":       Typed(sinusoid),
	"Zeros":          Typed(zeros),
}

// zeros writes a constant with one row per image of the input.
func zeros(e *Emitter, o *op.ZerosOp) string {
	shape := e.Node("Shape", e.Operands(), Attribute("start", int64(0)), Attribute("end", int64(1)))
	if o.K > 1 {
		shape = e.Node("Concat", []string{shape, e.Ints(int64(o.K))}, Attribute("axis", int64(0)))
	}
	return e.Node("ConstantOfShape", []string{shape})
}

func concat(e *Emitter, _ op.Operation) string {
	return e.Node("Concat", e.Operands(), Attribute("axis", int64(1)))
}

func (e *Emitter) sum(x string, others []string) string {
	for _, y := range others {
		x = e.Node("Add", []string{x, y})
	}
	return x
}

func (e *Emitter) unsqueeze(x string, axes ...int64) string {
	return e.Node("Unsqueeze", []string{x, e.Ints(axes...)})
}

// shift adds s (N,C) to all pixels of x, which has the given rank.
func (e *Emitter) shift(x, s string, rank int) string {
	if rank > 2 {
		axes := []int64{2, 3}
		s = e.unsqueeze(s, axes[:rank-2]...)
	}
	return e.Node("Add", []string{x, s})
}

func (e *Emitter) activate(x string, act kernel.Activation) string {
	switch act.Kind {
	case kernel.Identity:
		return x
	case kernel.ReLU:
		return e.Node("Relu", []string{x})
	case kernel.LeakyReLU:
		return e.Node("LeakyRelu", []string{x}, Attribute("alpha", act.Slope))
	case kernel.Tanh:
		return e.Node("Tanh", []string{x})
	case kernel.SiLU: // opset 17 has no operation for it
		return e.Node("Mul", []string{x, e.Node("Sigmoid", []string{x})})
	}
	e.Fail("activation %d is not known", act.Kind)
	return ""
}

func conv(e *Emitter, o *op.ConvOp) string {
	if len(e.Shape(0)) != 4 {
		e.Fail("an operand of shape %v, want (N,C,H,W)", e.Shape(0))
		return ""
	}
	weight := e.Operand(1)
	if len(e.Shape(1)) == 3 { // (O,C,1), which ONNX would interpret as a one-dimensional kernel
		weight = e.unsqueeze(weight, 3)
	}
	y := e.convolve(e.Operand(0), weight, o)
	if o.HasShift {
		y = e.shift(y, e.Operand(o.Shift()), 4)
	}
	if o.HasResidual {
		y = e.Node("Add", []string{y, e.Operand(o.Residual())})
	}
	return y
}

// convolve adds the convolution with its bias, without shift and residual.
func (e *Emitter) convolve(x, weight string, o *op.ConvOp) string {
	operands := []string{x, weight}
	if o.HasBias {
		operands = append(operands, e.Operand(o.Bias()))
	}
	return e.Node("Conv", operands, window(o.Kernel, o.Stride, o.Padding, o.Dilation, o.Groups)...)
}

// window returns the attributes of a convolution or pooling. It omits dilations and groups that have their default.
func window(kernel, stride, padding, dilation, groups int) []*onnx.Attribute {
	k, s, p := int64(kernel), int64(stride), int64(padding)
	a := []*onnx.Attribute{Attribute("kernel_shape", []int64{k, k}), Attribute("pads", []int64{p, p, p, p}), Attribute("strides", []int64{s, s})}
	if d := int64(dilation); d > 1 {
		a = append(a, Attribute("dilations", []int64{d, d}))
	}
	if groups > 1 {
		a = append(a, Attribute("group", int64(groups)))
	}
	return a
}

// groupNorm writes an instance normalisation, which all runtimes have, of the groups: each group
// is reshaped to one long channel, and back.
func groupNorm(e *Emitter, o *op.NormOp) string {
	x, rank, channels := e.Operand(0), len(e.Shape(0)), e.Shape(0)[1]
	affine, eps := len(e.Operands()) > 1, Attribute("epsilon", o.Eps)
	if affine && o.Groups == channels && rank > 2 {
		return e.activate(e.Node("InstanceNormalization", e.Operands(), eps), o.Act)
	}
	g := int64(o.Groups)
	plain := func(x string) string {
		ones := slices.Repeat([]float32{1}, o.Groups)
		return e.Node("InstanceNormalization", []string{x, e.Floats([]int64{g}, ones...), e.Floats([]int64{g}, make([]float32, g)...)}, eps)
	}
	if o.Groups == channels && rank > 2 {
		return e.activate(plain(x), o.Act)
	}
	groups := plain(e.Node("Reshape", []string{x, e.Ints(0, g, -1)}))
	y := e.Node("Reshape", []string{groups, e.Node("Shape", []string{x})})
	if !affine {
		return e.activate(y, o.Act)
	}
	gamma, beta := e.Operand(1), e.Operand(2)
	if rank > 2 {
		axes := []int64{1, 2}[:rank-2]
		gamma, beta = e.unsqueeze(gamma, axes...), e.unsqueeze(beta, axes...)
	}
	return e.activate(e.Node("Add", []string{e.Node("Mul", []string{y, gamma}), beta}), o.Act)
}

// layerNorm consists of elementary operations and computes means of means, each over one axis. An instance
// normalisation over all of (C,H,W) would be shorter, but runtimes then add millions of numbers sequentially
// in float32, with an error of 1e-4 for a picture of 256x256 pixels and 100 channels.
func layerNorm(e *Emitter, o *op.NormOp) string {
	mean := func(x string) string {
		for axis := len(e.Shape(0)) - 1; axis > 0; axis-- {
			x = e.Node("ReduceMean", []string{x}, Attribute("axes", []int64{int64(axis)}))
		}
		return x
	}
	d := e.Node("Sub", []string{e.Operand(0), mean(e.Operand(0))})
	variance := mean(e.Node("Mul", []string{d, d}))
	deviation := e.Node("Sqrt", []string{e.Node("Add", []string{variance, e.Floats([]int64{}, o.Eps)})})
	return e.activate(e.Node("Div", []string{d, deviation}), o.Act)
}

func resize(e *Emitter, o *op.ResizeOp) string {
	f := float32(o.Factor)
	switch {
	case o.Factor == 0:
		e.Fail("to a fixed size; a model for images of any size needs a factor")
	case o.Mode == op.Nearest && o.Factor != math.Trunc(o.Factor):
		e.Fail("nearest by %v: runtimes round differently when the factor is not whole", o.Factor)
	}
	attributes := []*onnx.Attribute{Attribute("coordinate_transformation_mode", "half_pixel"), Attribute("mode", "linear")}
	if o.Mode == op.Nearest {
		attributes = []*onnx.Attribute{Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("mode", "nearest"), Attribute("nearest_mode", "floor")}
	}
	return e.Node("Resize", []string{e.Operand(0), "", e.Floats([]int64{4}, 1, 1, f, f)}, attributes...)
}

// attention splits qkv (N,3C,...) into heads, and each head into q, k and v of d channels over T
// pixels.
func attention(e *Emitter, o *op.AttentionOp) string {
	qkv := e.Operand(0)
	channels := e.Shape(0)[1] / 3
	heads, d := int64(o.Heads), int64(channels/o.Heads)
	parts := e.Nodes("Split", 3, []string{e.Node("Reshape", []string{qkv, e.Ints(0, heads, 3*d, -1)}), e.Ints(d, d, d)}, Attribute("axis", int64(2)))
	flip := func(x string) string {
		return e.Node("Transpose", []string{x}, Attribute("perm", []int64{0, 1, 3, 2}))
	}
	scale := e.Floats([]int64{}, float32(1/math.Sqrt(float64(d))))
	scores := e.Node("MatMul", []string{flip(e.Node("Mul", []string{parts[0], scale})), parts[1]})
	weights := e.Node("Softmax", []string{scores}, Attribute("axis", int64(-1)))
	mixed := flip(e.Node("MatMul", []string{weights, flip(parts[2])}))
	pixels := e.Node("Shape", []string{qkv}, Attribute("start", int64(2)))
	shape := e.Node("Concat", []string{e.Ints(0, int64(channels)), pixels}, Attribute("axis", int64(0)))
	return e.Node("Reshape", []string{mixed, shape})
}

func sinusoid(e *Emitter, o *op.SinusoidOp) string {
	frequencies := o.Frequencies()
	t := e.unsqueeze(e.Operand(0), 1)
	angles := e.Node("Mul", []string{t, e.Floats([]int64{int64(len(frequencies))}, frequencies...)})
	parts := []string{e.Node("Sin", []string{angles}), e.Node("Cos", []string{angles})}
	if o.CosFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	if o.Dim > 2*len(frequencies) { // an odd dimension ends with a zero
		parts = append(parts, e.Node("Mul", []string{t, e.Floats([]int64{}, 0)}))
	}
	return e.Node("Concat", parts, Attribute("axis", int64(1)))
}
