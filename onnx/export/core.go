package export

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/lists"
	"multiscale/pkg/op"
)

// Models of core operations contain only what onnx-go's own backend, gorgonnx 0.5, computes correctly. Shapes are
// fixed. Means, interpolations and the selection of channels are products with constant matrices. Operands are
// reshaped so that broadcasting is unambiguous.
//
// They avoid what gorgonnx computes wrongly: an operand that occurs twice, constants of rank 0, Gemm and LeakyRelu
// (which overwrite operands), and products of stacks of matrices. Elementwise operations of gorgonnx overwrite their
// first operand if no other node will read it, but a Reshape of the same value may still need it. Therefore values
// with several uses are never the first operand.

// coreOpset is the newest opset whose definitions of these operations agree with gorgonnx.
const coreOpset = 13

// coreWriters are the writers for models of core operations.
var coreWriters = map[string]Writer{
	"Conv": Typed(coreConv),
	"Linear": func(e *Emitter, _ op.Operation) string {
		weight := e.Node("Transpose", e.Operands()[1:2], Attribute("perm", []int64{1, 0}))
		y := e.Node("MatMul", []string{e.Operand(0), weight})
		return e.Node("Add", []string{y, e.reshape(e.Operand(2), 1, e.ResultShape()[1])})
	},
	"GroupNorm": Typed(coreGroupNorm),
	"LayerNorm": Typed(func(e *Emitter, o *op.NormOp) string {
		s := e.Shape(0)
		return e.coreActivate(e.reshape(e.normalise(e.Operand(0), s, s[0], o.Eps), s...), s, o.Act)
	}),
	"Activate": Typed(func(e *Emitter, o *op.ActivateOp) string { return e.coreActivate(e.own(0), e.Shape(0), o.Act) }),
	"Fork":     same,
	"Dropout":  same,
	"Sum": func(e *Emitter, _ op.Operation) string {
		return e.sum(e.own(0), e.Operands()[1:])
	},
	"Concat":     concat,
	"AddChannel": func(e *Emitter, _ op.Operation) string { return e.coreShift(e.Operand(0), e.Operand(1), e.Shape(0)) },
	"Softmax": func(e *Emitter, _ op.Operation) string {
		s := e.Shape(0)
		columns := s[len(s)-1]
		y := e.Node("Softmax", []string{e.reshape(e.Operand(0), volume(s)/columns, columns)}, Attribute("axis", int64(-1)))
		return e.reshape(y, s...)
	},
	"Resize": Typed(coreResize),
	"AveragePool": Typed(func(e *Emitter, o *op.AveragePoolOp) string {
		window := func(from, to int) []float32 {
			m := make([]float32, from*to)
			for i := range to * o.K {
				m[i*to+i/o.K] = 1 / float32(o.K)
			}
			return m
		}
		return e.separable(window)
	}),
	"PixelShuffle": Typed(func(e *Emitter, o *op.PixelShuffleOp) string {
		s, y := e.Shape(0), e.ResultShape()
		parts := e.reshape(e.Operand(0), s[0], y[1], o.R, o.R, s[2], s[3])
		return e.reshape(e.Node("Transpose", []string{parts}, Attribute("perm", []int64{0, 1, 4, 2, 5, 3})), y...)
	}),
	"Attention": Typed(coreAttention),
	"Column":    func(e *Emitter, _ op.Operation) string { return e.reshape(e.Operand(0), e.Shape(0)[0], 1) },
	"Sinusoid":  Typed(coreSinusoid),
	"Zeros": func(e *Emitter, _ op.Operation) string {
		return e.filled(0, e.ResultShape()...)
	},
}

// checkCore returns an error if a network's pictures cannot have the given shape.
func checkCore(shape []int, channels, multiple int) error {
	if len(shape) != 4 || shape[1] != channels {
		return fmt.Errorf("the shape %v is not one of pictures (N,%d,H,W)", shape, channels)
	}
	total := 1
	for _, d := range shape {
		if d < 1 || d > MaxCore/total {
			return fmt.Errorf("the shape %v is not one of pictures of at most %d numbers in all", shape, MaxCore)
		}
		total *= d
	}
	if shape[2]%multiple != 0 || shape[3]%multiple != 0 {
		return fmt.Errorf("pictures of %dx%d pixels: the sides must be multiples of %d", shape[3], shape[2], multiple)
	}
	return nil
}

// MaxCore is the largest number of elements of the pictures of a model of core operations. The
// sizes of its matrices grow with it.
const MaxCore = 1 << 22

func volume(shape []int) int {
	return lists.Product(shape)
}

func (e *Emitter) reshape(x string, shape ...int) string {
	return e.Node("Reshape", []string{x, e.Ints(lists.To[int64](shape)...)})
}

// own returns the i-th operand, or a copy of it if other operations use it, too.
func (e *Emitter) own(i int) string {
	if !e.shared(e.operation.Inputs()[i]) {
		return e.Operand(i)
	}
	s := e.Shape(i)
	rows := s[0]
	// The sum overwrites the broadcast zeros, not the operand.
	return e.reshape(e.Node("Add", []string{e.filled(0, rows, 1), e.reshape(e.Operand(i), rows, volume(s)/rows)}), s...)
}

// shared reports whether a value has several uses or belongs to the caller. It looks through operations that only rename
// the value.
func (e *Emitter) shared(n *gorgonia.Node) bool {
	for {
		o, computed := n.Op().(op.Operation)
		if !computed || e.uses[n] > 1 {
			return true
		}
		switch o.Kind() {
		case "Fork", "Dropout", "Column":
			n = o.Inputs()[0]
		default:
			return false
		}
	}
}

// count counts the uses of a value and of all values from which it is computed.
func (e *Emitter) count(n *gorgonia.Node) {
	if e.uses[n]++; e.uses[n] > 1 {
		return
	}
	if o, ours := n.Op().(op.Operation); ours {
		for _, in := range o.Inputs() {
			e.count(in)
		}
	}
}

// filled returns the name of a constant with one value everywhere.
func (e *Emitter) filled(value float32, shape ...int) string {
	return e.Floats(lists.To[int64](shape), slices.Repeat([]float32{value}, volume(shape))...)
}

// matrix returns the name of a constant of shape (rows, len(values)/rows).
func (e *Emitter) matrix(rows int, values []float32) string {
	return e.Floats([]int64{int64(rows), int64(len(values) / rows)}, values...)
}

func (e *Emitter) coreActivate(x string, shape []int, act kernel.Activation) string {
	if act.Kind != kernel.LeakyReLU {
		return e.activate(x, act)
	}
	// LeakyReLU is max(x,0) - max(-slope x,0). Of the two terms one is zero, so the difference is exact.
	slope := []int{1, shape[len(shape)-1]}
	if len(shape) == 4 {
		slope = []int{shape[1], 1, 1}
	}
	below := e.Node("Mul", []string{x, e.filled(-act.Slope, slope...)})
	return e.Node("Sub", []string{e.Node("Relu", []string{x}), e.Node("Relu", []string{below})})
}

// coreShift adds s (N,C) to all pixels of x (N,C,...). s is the first operand, because it is broadcast and x must not be
// overwritten.
func (e *Emitter) coreShift(x, s string, shape []int) string {
	rows := shape[0] * shape[1]
	sum := e.Node("Add", []string{e.reshape(s, rows, 1), e.reshape(x, rows, volume(shape)/rows)})
	return e.reshape(sum, shape...)
}

// coreConv is conv for models of core operations, which have neither groups nor dilation.
func coreConv(e *Emitter, o *op.ConvOp) string {
	if len(e.Shape(0)) != 4 {
		e.Fail("an operand of shape %v, want (N,C,H,W)", e.Shape(0))
		return ""
	}
	if o.Groups > 1 || o.Dilation > 1 {
		e.Fail("in groups or with dilation, it %w as core operations", ErrNoWriter)
		return ""
	}
	weight := e.Operand(1)
	if s := e.Shape(1); len(s) == 3 {
		weight = e.reshape(weight, s[0], s[1], 1, 1)
	}
	y := e.convolve(e.Operand(0), weight, o)
	if o.HasShift {
		y = e.coreShift(y, e.Operand(o.Shift()), e.ResultShape())
	}
	if o.HasResidual {
		y = e.Node("Add", []string{y, e.Operand(o.Residual())})
	}
	return y
}

// normalise normalises each of the rows of x, which has the given shape, to mean 0 and variance 1. It computes means as
// means of means over one axis at a time, because gorgonnx adds sequentially in float32.
func (e *Emitter) normalise(x string, shape []int, rows int, eps float32) string {
	mean := func(x string, sign float32) string {
		left := volume(shape)
		for axis := len(shape) - 1; left > rows; axis-- {
			length := shape[axis]
			if axis == 1 { // the channels of a group
				length = left / rows
			}
			left /= length
			x = e.Node("MatMul", []string{e.reshape(x, left, length), e.filled(sign/float32(length), length, 1)})
			sign = 1
		}
		return e.reshape(x, rows, 1)
	}
	x = e.reshape(x, rows, volume(shape)/rows)
	d := e.Node("Add", []string{mean(x, -1), x})
	variance := mean(e.Node("Mul", []string{d, d}), 1)
	deviation := e.Node("Sqrt", []string{e.Node("Add", []string{variance, e.filled(eps, rows, 1)})})
	return e.Node("Div", []string{d, deviation})
}

func coreGroupNorm(e *Emitter, o *op.NormOp) string {
	s := e.Shape(0)
	y := e.normalise(e.Operand(0), s, s[0]*o.Groups, o.Eps)
	y = e.reshape(y, s[0], s[1], volume(s)/(s[0]*s[1]), 1) // rank 4 for any rank of x
	if len(e.Operands()) > 1 {
		y = e.Node("Mul", []string{y, e.reshape(e.Operand(1), s[1], 1, 1)})
		y = e.Node("Add", []string{y, e.reshape(e.Operand(2), s[1], 1, 1)})
	}
	return e.coreActivate(e.reshape(y, s...), s, o.Act)
}

// separable multiplies the rows and the columns of images x (N,C,H,W) by matrices. along returns the matrix (from, to)
// between two lengths.
func (e *Emitter) separable(along func(from, to int) []float32) string {
	s, y := e.Shape(0), e.ResultShape()
	planes := s[0] * s[1]
	flip := func(x string) string {
		return e.Node("Transpose", []string{x}, Attribute("perm", []int64{0, 2, 1}))
	}
	x := e.Node("MatMul", []string{e.reshape(e.Operand(0), planes*s[2], s[3]), e.matrix(s[3], along(s[3], y[3]))})
	x = flip(e.reshape(x, planes, s[2], y[3]))
	x = e.Node("MatMul", []string{e.reshape(x, planes*y[3], s[2]), e.matrix(s[2], along(s[2], y[2]))})
	return e.reshape(flip(e.reshape(x, planes, y[3], y[2])), y...)
}

// coreResize multiplies by the matrices of the interpolation, which it finds by interpolating unit vectors.
func coreResize(e *Emitter, o *op.ResizeOp) string {
	return e.separable(func(from, to int) []float32 {
		unit, m := make([]float32, from*from), make([]float32, from*to)
		for i := range from {
			unit[i*from+i] = 1
		}
		scale := float64(from) / float64(to)
		if o.Factor > 0 {
			scale = 1 / o.Factor
		}
		if o.Mode == op.Nearest {
			resample.NearestScaled(m, unit, from, 1, from, 1, to, 1, scale)
		} else {
			resample.Bilinear(m, unit, from, 1, from, 1, to, 1, scale)
		}
		return m
	})
}

// coreAttention extracts q, k and v of each head and sample from qkv (N,3C,...) by products with
// matrices that select rows. The d channels of a head over T pixels are a matrix (d,T).
func coreAttention(e *Emitter, o *op.AttentionOp) string {
	s := e.Shape(0)
	channels := s[1] / 3
	d := channels / o.Heads
	rows := s[0] * s[1]
	qkv := e.reshape(e.Operand(0), rows, volume(s)/rows)
	choose := func(first int, scale float64) string {
		m := make([]float32, d*rows)
		for i := range d {
			m[i*rows+first+i] = float32(scale)
		}
		return e.Node("MatMul", []string{e.matrix(d, m), qkv})
	}
	flip := func(x string) string {
		return e.Node("Transpose", []string{x}, Attribute("perm", []int64{1, 0}))
	}
	var heads []string
	for n := range s[0] {
		for h := range o.Heads {
			first := n*s[1] + h*3*d
			q, k, v := choose(first, 1/math.Sqrt(float64(d))), choose(first+d, 1), choose(first+2*d, 1)
			weights := e.Node("Softmax", []string{e.Node("MatMul", []string{flip(q), k})}, Attribute("axis", int64(-1)))
			heads = append(heads, flip(e.Node("MatMul", []string{weights, flip(v)})))
		}
	}
	y := heads[0]
	if len(heads) > 1 {
		y = e.Node("Concat", heads, Attribute("axis", int64(0)))
	}
	return e.reshape(y, e.ResultShape()...)
}

func coreSinusoid(e *Emitter, o *op.SinusoidOp) string {
	n, frequencies := e.Shape(0)[0], o.Frequencies()
	angles := e.Node("MatMul", []string{e.reshape(e.Operand(0), n, 1), e.matrix(1, frequencies)})
	parts := []string{e.Node("Sin", []string{angles}), e.Node("Cos", []string{angles})}
	if o.CosFirst {
		parts[0], parts[1] = parts[1], parts[0]
	}
	if o.Dim > 2*len(frequencies) { // an odd dimension ends with a zero
		parts = append(parts, e.filled(0, n, 1))
	}
	return e.Node("Concat", parts, Attribute("axis", int64(1)))
}
