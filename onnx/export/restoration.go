package export

import (
	"math"

	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/op"
)

func transposedConv(e *Emitter, o *op.TransposedConvOp) string {
	a := window(o.Kernel, o.Stride, o.Padding, o.Dilation, o.Groups)
	if p := int64(o.OutputPadding); p > 0 {
		a = append(a, Attribute("output_padding", []int64{p, p}))
	}
	return e.Node("ConvTranspose", e.Operands(), a...)
}

func batchNorm(e *Emitter, o *op.BatchNormOp) string {
	if o.Training {
		e.Fail("in training; a model is exported for evaluation")
	}
	return e.Node("BatchNormalization", e.Operands(), Attribute("epsilon", o.Eps))
}

func gelu(e *Emitter, o *op.GELUOp) string {
	x := e.Operand(0)
	number := func(v float64) string { return e.Floats([]int64{}, float32(v)) }
	mul := func(a, b string) string { return e.Node("Mul", []string{a, b}) }
	add := func(a, b string) string { return e.Node("Add", []string{a, b}) }
	var inner string // its values are in [-1,1]
	if o.Tanh {
		cubic := mul(mul(x, mul(x, x)), number(0.044715))
		inner = e.Node("Tanh", []string{mul(add(x, cubic), number(math.Sqrt(2/math.Pi)))})
	} else {
		inner = e.Node("Erf", []string{mul(x, number(math.Sqrt(0.5)))})
	}
	return mul(mul(x, number(0.5)), add(inner, number(1)))
}

func gate(e *Emitter, _ op.Operation) string {
	half := int64(e.Shape(0)[1] / 2)
	return e.Node("Mul", e.Nodes("Split", 2, []string{e.Operand(0), e.Ints(half, half)}, Attribute("axis", int64(1))))
}

func prelu(e *Emitter, _ op.Operation) string {
	slope := e.Operand(1)
	if rank := len(e.Shape(0)); e.Shape(1)[0] > 1 && rank > 2 { // to the shape (C,1,1)
		slope = e.unsqueeze(slope, []int64{1, 2}[:rank-2]...)
	}
	return e.Node("PRelu", []string{e.Operand(0), slope})
}

func border(e *Emitter, o *op.PadOp) string {
	mode := "reflect"
	if o.Mode == pad.Replicate {
		mode = "edge"
	}
	pads := e.Ints(0, 0, int64(o.Top), int64(o.Left), 0, 0, int64(o.Bottom), int64(o.Right))
	return e.Node("Pad", []string{e.Operand(0), pads}, Attribute("mode", mode))
}

// pixelUnshuffle is SpaceToDepth with reordered channels: in SpaceToDepth's result the channels of each pixel of a square
// follow each other, in that of PixelUnshuffle the pixels of each channel.
func pixelUnshuffle(e *Emitter, o *op.PixelUnshuffleOp) string {
	channels, square := e.Shape(0)[1], o.R*o.R
	y := e.Node("SpaceToDepth", e.Operands(), Attribute("blocksize", int64(o.R)))
	if channels == 1 || square == 1 {
		return y
	}
	order := make([]int64, 0, channels*square)
	for c := range channels {
		for pixel := range square {
			order = append(order, int64(pixel*channels+c))
		}
	}
	return e.Node("Gather", []string{y, e.Ints(order...)}, Attribute("axis", int64(1)))
}

// pixelNorm consists of elementary operations, because ONNX normalises only over the last axes.
func pixelNorm(e *Emitter, o *op.PixelNormOp) string {
	x := e.Operand(0)
	mean := func(x string) string {
		return e.Node("ReduceMean", []string{x}, Attribute("axes", []int64{1}))
	}
	channel := func(i int) string { // operand i with shape (C,1,1)
		if rank := len(e.Shape(0)); rank > 2 {
			return e.unsqueeze(e.Operand(i), []int64{1, 2}[:rank-2]...)
		}
		return e.Operand(i)
	}
	d := e.Node("Sub", []string{x, mean(x)})
	variance := mean(e.Node("Mul", []string{d, d}))
	deviation := e.Node("Sqrt", []string{e.Node("Add", []string{variance, e.Floats([]int64{}, o.Eps)})})
	y := e.Node("Mul", []string{e.Node("Div", []string{d, deviation}), channel(1)})
	return e.Node("Add", []string{y, channel(2)})
}
