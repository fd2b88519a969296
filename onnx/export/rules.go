package export

import (
	"fmt"
	"math"

	"multiscale/onnx"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
)

// Rule emits one operation and returns the name of its result.
type Rule func(e *Emitter, o op.Operation, in Operands) (string, error)

// Register gives operations of a kind a rule: for operations of one's own. It is
// meant for init functions.
func Register(kind string, rule Rule) { rules[kind] = rule }

var rules = map[string]Rule{}

func init() {
	for kind, rule := range map[string]Rule{
		"Conv": conv, "Linear": linear, "GroupNorm": norm, "LayerNorm": norm, "Activate": activate,
		"AddChannel": addChannel, "Concat": concat, "Resize": resize, "AveragePool": averagePool,
		"PixelShuffle": pixelShuffle, "Attention": attention, "Softmax": softmax, "Sum": sum,
		"Branch": same, "Dropout": same, "Sinusoid": sinusoid, "Column": column,
	} {
		Register(kind, rule)
	}
}

// Attr returns an attribute: a float32, int64, string, []float32, []int64 or
// []string.
func Attr(name string, value any) *onnx.Attribute { return &onnx.Attribute{Name: name, Value: value} }

// values returns the names of all operands from i on.
func (o Operands) values(from int) ([]string, error) {
	var names []string
	for i := from; i < len(o.nodes); i++ {
		name, err := o.Value(i)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func conv(e *Emitter, o op.Operation, in Operands) (string, error) {
	c := o.(*op.Conv)
	w := in.Shape(1)
	k, p, s := int64(c.Kernel), int64(c.Padding), int64(c.Stride)
	// Weights of 1x1 convolutions that are stored as (O,C,1) become (O,C,1,1).
	weight, err := in.Parameter(1, int64(w[0]), int64(w[1]), k, k)
	if err != nil {
		return "", err
	}
	v, err := in.values(0)
	if err != nil {
		return "", err
	}
	y := e.Node("Conv", []string{v[0], weight, v[2]},
		Attr("dilations", []int64{1, 1}), Attr("group", int64(1)), Attr("kernel_shape", []int64{k, k}),
		Attr("pads", []int64{p, p, p, p}), Attr("strides", []int64{s, s}))
	for i, more := range v[3:] {
		if i == 0 && c.HasShift {
			more = e.Node("Unsqueeze", []string{more, e.Ints(2, 3)})
		}
		y = e.Node("Add", []string{y, more})
	}
	return y, nil
}

func linear(e *Emitter, _ op.Operation, in Operands) (string, error) {
	v, err := in.values(0)
	if err != nil {
		return "", err
	}
	return e.Node("Gemm", v, Attr("alpha", float32(1)), Attr("beta", float32(1)), Attr("transB", int64(1))), nil
}

// norm writes a normalisation over groups of channels as one over instances:
// each group becomes a channel.
func norm(e *Emitter, o op.Operation, in Operands) (string, error) {
	n := o.(*op.Norm)
	groups := int64(n.Groups)
	ones, zeros := make([]float32, groups), make([]float32, groups)
	for i := range ones {
		ones[i] = 1
	}
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	shape := e.Node("Shape", []string{x})
	y := e.Node("Reshape", []string{x, e.Ints(0, groups, -1)})
	y = e.Node("InstanceNormalization", []string{y, e.Floats(ones, groups), e.Floats(zeros, groups)}, Attr("epsilon", n.Eps))
	y = e.Node("Reshape", []string{y, shape})
	if len(in.nodes) == 3 {
		// Stored with a 1 for each pixel axis, to be broadcast over them.
		dims := []int64{int64(in.Shape(1)[0])}
		for range len(in.Shape(0)) - 2 {
			dims = append(dims, 1)
		}
		gamma, err := in.Parameter(1, dims...)
		if err != nil {
			return "", err
		}
		beta, err := in.Parameter(2, dims...)
		if err != nil {
			return "", err
		}
		y = e.Node("Add", []string{e.Node("Mul", []string{y, gamma}), beta})
	}
	return nonlinear(e, n.Act, y)
}

func activate(e *Emitter, o op.Operation, in Operands) (string, error) {
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	return nonlinear(e, o.(*op.Activation).Act, x)
}

func nonlinear(e *Emitter, act kernel.Activation, x string) (string, error) {
	switch act.Kind {
	case kernel.Identity:
		return x, nil
	case kernel.ReLU:
		return e.Node("Relu", []string{x}), nil
	case kernel.LeakyReLU:
		return e.Node("LeakyRelu", []string{x}, Attr("alpha", act.Slope)), nil
	case kernel.SiLU:
		return e.Node("Mul", []string{x, e.Node("Sigmoid", []string{x})}), nil
	case kernel.Tanh:
		return e.Node("Tanh", []string{x}), nil
	}
	return "", fmt.Errorf("export: unknown non-linearity %d", act.Kind)
}

func addChannel(e *Emitter, _ op.Operation, in Operands) (string, error) {
	v, err := in.values(0)
	if err != nil {
		return "", err
	}
	return e.Node("Add", []string{v[0], e.Node("Unsqueeze", []string{v[1], e.Ints(2, 3)})}), nil
}

func concat(e *Emitter, _ op.Operation, in Operands) (string, error) {
	v, err := in.values(0)
	if err != nil {
		return "", err
	}
	return e.Node("Concat", v, Attr("axis", int64(1))), nil
}

func resize(e *Emitter, o op.Operation, in Operands) (string, error) {
	r := o.(*op.Resizing)
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	attributes := []*onnx.Attribute{Attr("coordinate_transformation_mode", "asymmetric"), Attr("mode", "nearest"), Attr("nearest_mode", "floor")}
	if r.Mode == op.Bilinear {
		attributes = []*onnx.Attribute{Attr("coordinate_transformation_mode", "half_pixel"), Attr("mode", "linear")}
	}
	if r.Factor != 0 {
		f := float32(r.Factor)
		return e.Node("Resize", []string{x, "", e.Floats([]float32{1, 1, f, f}, 4)}, attributes...), nil
	}
	h, w := r.Size()
	channels := e.Node("Slice", []string{e.Node("Shape", []string{x}), e.Ints(0), e.Ints(2)})
	sizes := e.Node("Concat", []string{channels, e.Ints(int64(h), int64(w))}, Attr("axis", int64(0)))
	return e.Node("Resize", []string{x, "", "", sizes}, attributes...), nil
}

func averagePool(e *Emitter, o op.Operation, in Operands) (string, error) {
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	k := int64(o.(*op.Pooling).K)
	return e.Node("AveragePool", []string{x}, Attr("kernel_shape", []int64{k, k}), Attr("strides", []int64{k, k})), nil
}

func pixelShuffle(e *Emitter, o op.Operation, in Operands) (string, error) {
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	return e.Node("DepthToSpace", []string{x}, Attr("blocksize", int64(o.(*op.Shuffle).R)), Attr("mode", "CRD")), nil
}

// attention has the heads as an axis of their own: (N,heads,channels,pixels).
func attention(e *Emitter, o op.Operation, in Operands) (string, error) {
	heads := int64(o.(*op.Attention).Heads)
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	c := int64(in.Shape(0)[1]) / 3
	per := c / heads
	split := e.Node("Reshape", []string{x, e.Ints(0, heads, 3*per, -1)})
	qkv := e.Nodes("Split", 3, []string{split, e.Ints(per, per, per)}, Attr("axis", int64(2)))
	swap := Attr("perm", []int64{0, 1, 3, 2})
	scale := e.Floats([]float32{float32(1 / math.Sqrt(float64(per)))})
	q := e.Node("Transpose", []string{e.Node("Mul", []string{qkv[0], scale})}, swap)
	weights := e.Node("Softmax", []string{e.Node("MatMul", []string{q, qkv[1]})}, Attr("axis", int64(-1)))
	y := e.Node("MatMul", []string{qkv[2], e.Node("Transpose", []string{weights}, swap)})
	if len(in.Shape(0)) == 3 {
		return e.Node("Reshape", []string{y, e.Ints(0, c, -1)}), nil
	}
	pixels := e.Node("Slice", []string{e.Node("Shape", []string{x}), e.Ints(2), e.Ints(4)})
	shape := e.Node("Concat", []string{e.Ints(0, c), pixels}, Attr("axis", int64(0)))
	return e.Node("Reshape", []string{y, shape}), nil
}

func softmax(e *Emitter, _ op.Operation, in Operands) (string, error) {
	x, err := in.Value(0)
	if err != nil {
		return "", err
	}
	return e.Node("Softmax", []string{x}, Attr("axis", int64(-1))), nil
}

func sum(e *Emitter, _ op.Operation, in Operands) (string, error) {
	v, err := in.values(0)
	if err != nil {
		return "", err
	}
	y := v[0]
	for _, more := range v[1:] {
		y = e.Node("Add", []string{y, more})
	}
	return y, nil
}

// same is for operations that do nothing once training is over.
func same(_ *Emitter, _ op.Operation, in Operands) (string, error) { return in.Value(0) }

func sinusoid(e *Emitter, o op.Operation, in Operands) (string, error) {
	s := o.(*op.Sinusoid)
	t, err := in.Value(0)
	if err != nil {
		return "", err
	}
	frequencies := s.Frequencies()
	columns := e.Node("Unsqueeze", []string{t, e.Ints(1)})
	phase := e.Node("Mul", []string{columns, e.Floats(frequencies, int64(len(frequencies)))})
	parts := []string{e.Node("Sin", []string{phase}), e.Node("Cos", []string{phase})}
	if s.CosFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	if s.Dim%2 == 1 { // an odd width ends with a zero
		parts = append(parts, e.Node("Mul", []string{columns, e.Floats([]float32{0})}))
	}
	return e.Node("Concat", parts, Attr("axis", int64(1))), nil
}

func column(e *Emitter, _ op.Operation, in Operands) (string, error) {
	t, err := in.Value(0)
	if err != nil {
		return "", err
	}
	return e.Node("Unsqueeze", []string{t, e.Ints(1)}), nil
}
