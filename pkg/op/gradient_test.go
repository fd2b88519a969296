package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

type operationTest struct {
	name string
	f    function
	wrt  int // the number of inputs with gradients; these are the first ones
	in   shapes
}

func image(n, c, h, w int) tensor.Shape { return tensor.Shape{n, c, h, w} }
func vec(n ...int) tensor.Shape         { return tensor.Shape(n) }

// conv is a convolution of the inputs x, weight and bias, followed by the shift and the residual, if any.
func conv(o op.ConvOptions, shift, residual bool) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		o := o
		if shift {
			o.Shift = in[3]
		}
		if residual {
			o.Residual = in[len(in)-1]
		}
		return op.Conv(in[0], in[1], in[2], o)
	}
}

func noBias(o op.ConvOptions) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Conv(in[0], in[1], nil, o) }
}

func transposed(o op.TransposedConvOptions) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.TransposedConv(in[0], in[1], in[2], o) }
}

func padded(mode pad.Mode, b op.Border) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Pad(in[0], mode, b) }
}

func batchNorm(training bool) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.BatchNorm(in[0], in[1], in[2], in[3], in[4], 1e-2, training)
	}
}

func activate(kind kernel.ActivationKind, slope float32) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.Activate(in[0], kernel.Activation{Kind: kind, Slope: slope})
	}
}

func groupNorm(groups int, act kernel.ActivationKind) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.GroupNorm(in[0], in[1], in[2], groups, 1e-5, kernel.Activation{Kind: act})
	}
}

func resize(mode op.Interpolation, factor float64) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Resize(in[0], mode, factor) }
}

func resizeTo(mode op.Interpolation, h, w int) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.ResizeTo(in[0], mode, h, w) }
}

func attention(heads int) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Attention(in[0], heads) }
}

func two(f func(a, b *gorgonia.Node) (*gorgonia.Node, error)) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return f(in[0], in[1]) }
}

// operations has cases of all operations with gradients, most of them on images with odd sides.
var operations = []operationTest{
	{"conv 1x1", conv(op.ConvOptions{}, false, false), 3, shapes{image(2, 3, 5, 7), image(4, 3, 1, 1), vec(4)}},
	{"conv 1x1 flat", conv(op.ConvOptions{}, false, false), 3, shapes{image(2, 3, 5, 7), vec(4, 3, 1), vec(4)}},
	{"conv 3x3", conv(op.ConvOptions{}, false, false), 3, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4)}},
	{"conv 3x3 of one pixel", conv(op.ConvOptions{}, false, false), 3, shapes{image(2, 3, 1, 1), image(4, 3, 3, 3), vec(4)}},
	{"conv 3x3 of many channels", conv(op.ConvOptions{}, false, false), 3, shapes{image(1, 17, 9, 11), image(19, 17, 3, 3), vec(19)}},
	{"conv 3x3, stride 2", conv(op.ConvOptions{Stride: 2}, false, false), 3, shapes{image(2, 3, 7, 9), image(4, 3, 3, 3), vec(4)}},
	{"conv 3x3, stride 2, even", conv(op.ConvOptions{Stride: 2}, false, false), 3, shapes{image(2, 3, 8, 6), image(4, 3, 3, 3), vec(4)}},
	{"conv 3x3, no padding", conv(op.ConvOptions{Padding: -1}, false, false), 3, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4)}},
	{"conv 5x5", conv(op.ConvOptions{}, false, false), 3, shapes{image(1, 2, 7, 5), image(3, 2, 5, 5), vec(3)}},
	{"conv, shift", conv(op.ConvOptions{}, true, false), 4, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4), vec(2, 4)}},
	{"conv, residual", conv(op.ConvOptions{}, false, true), 4, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4), image(2, 4, 5, 7)}},
	{"conv, shift, residual", conv(op.ConvOptions{}, true, true), 5, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4), vec(2, 4), image(2, 4, 5, 7)}},
	{"conv 2x2, stride 2", conv(op.ConvOptions{Stride: 2}, false, false), 3, shapes{image(2, 3, 6, 4), image(4, 3, 2, 2), vec(4)}},
	{"conv, even kernel and padding", conv(op.ConvOptions{Padding: 1}, false, false), 3, shapes{image(2, 3, 5, 4), image(4, 3, 2, 2), vec(4)}},
	{"conv 7x7", conv(op.ConvOptions{}, false, false), 3, shapes{image(1, 2, 9, 8), image(3, 2, 7, 7), vec(3)}},
	{"conv, dilated", conv(op.ConvOptions{Dilation: 2}, false, false), 3, shapes{image(2, 3, 7, 5), image(4, 3, 3, 3), vec(4)}},
	{"conv, dilated by more than the image", conv(op.ConvOptions{Dilation: 5, Stride: 2}, false, false), 3, shapes{image(2, 2, 4, 6), image(4, 2, 3, 3), vec(4)}},
	{"conv, groups", conv(op.ConvOptions{Groups: 2, Stride: 2}, false, false), 3, shapes{image(2, 6, 5, 7), image(4, 3, 3, 3), vec(4)}},
	{"conv, groups, shift, residual", conv(op.ConvOptions{Groups: 2}, true, true), 5, shapes{image(2, 6, 5, 7), image(4, 3, 3, 3), vec(4), vec(2, 4), image(2, 4, 5, 7)}},
	{"conv, depthwise", conv(op.ConvOptions{Groups: 4}, false, false), 3, shapes{image(2, 4, 5, 7), image(8, 1, 3, 3), vec(8)}},
	{"conv, depthwise, stride 2", conv(op.ConvOptions{Groups: 4, Stride: 2, Dilation: 2}, false, false), 3, shapes{image(2, 4, 9, 8), image(4, 1, 3, 3), vec(4)}},
	{"conv, no bias", noBias(op.ConvOptions{}), 2, shapes{image(2, 3, 5, 7), image(4, 3, 3, 3)}},
	{"conv, groups, no bias, much padding", noBias(op.ConvOptions{Groups: 3, Padding: 4}), 2, shapes{image(2, 3, 5, 7), image(3, 1, 3, 3)}},
	{"transposed conv", transposed(op.TransposedConvOptions{Stride: 2}), 3, shapes{image(2, 3, 4, 5), image(3, 4, 2, 2), vec(4)}},
	{"transposed conv, all options", transposed(op.TransposedConvOptions{Stride: 3, Padding: 1, OutputPadding: 2, Dilation: 2, Groups: 2}), 3, shapes{image(2, 4, 4, 3), image(4, 3, 3, 3), vec(6)}},
	{"transposed conv, dilation above stride", transposed(op.TransposedConvOptions{OutputPadding: 1, Dilation: 2}), 3, shapes{image(1, 2, 4, 3), image(2, 2, 3, 3), vec(2)}},
	{"transposed conv, no bias", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.TransposedConv(in[0], in[1], nil, op.TransposedConvOptions{Groups: 3, Padding: 1})
	}, 2, shapes{image(2, 3, 4, 5), image(3, 1, 3, 3)}},
	{"max pool", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.MaxPool(in[0], 3, 2, 1) }, 1, shapes{image(2, 3, 5, 7)}},
	{"global average pool", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.GlobalAveragePool(in[0]) }, 1, shapes{image(2, 3, 5, 7)}},
	{"GELU", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.GELU(in[0], false) }, 1, shapes{vec(3, 7)}},
	{"GELU, tanh", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.GELU(in[0], true) }, 1, shapes{vec(31)}},
	{"sigmoid", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sigmoid(in[0]) }, 1, shapes{vec(3, 7)}},
	{"PReLU", two(op.PReLU), 2, shapes{image(2, 3, 5, 7), vec(3)}},
	{"PReLU, one slope", two(op.PReLU), 2, shapes{image(2, 3, 5, 7), vec(1)}},
	{"gate", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Gate(in[0]) }, 1, shapes{image(2, 6, 5, 7)}},
	{"scale of each image", two(op.Scale), 2, shapes{image(2, 3, 5, 7), image(2, 3, 1, 1)}},
	{"scale", two(op.Scale), 2, shapes{image(2, 3, 5, 7), image(1, 3, 1, 1)}},
	{"affine", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.Affine(in[0], []float32{0.5, -2}, []float32{1, 3})
	}, 1, shapes{image(2, 2, 5, 7)}},
	{"pad, reflected", padded(pad.Reflect, op.Border{Left: 1, Right: 6, Top: 4, Bottom: 2}), 1, shapes{image(2, 3, 5, 7)}},
	{"pad, replicated", padded(pad.Replicate, op.Border{Left: 1, Right: 9, Top: 8}), 1, shapes{image(2, 3, 5, 7)}},
	{"pixel unshuffle", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelUnshuffle(in[0], 3) }, 1, shapes{image(2, 2, 6, 3)}},
	{"pixel norm", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelNorm(in[0], in[1], in[2], 1e-2) }, 3, shapes{image(2, 6, 5, 15), vec(6), vec(6)}},
	{"batch norm", batchNorm(true), 3, shapes{image(3, 2, 5, 7), vec(2), vec(2), vec(2), vec(2)}},
	{"linear", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, 3, shapes{vec(3, 5), vec(7, 5), vec(7)}},
	{"group norm", groupNorm(3, kernel.Identity), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
	{"group norm, SiLU", groupNorm(2, kernel.SiLU), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
	{"group norm, Tanh", groupNorm(1, kernel.Tanh), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
	{"group norm, no affine part", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.GroupNorm(in[0], nil, nil, 6, 1e-3, kernel.Activation{Kind: kernel.SiLU})
	}, 1, shapes{image(2, 6, 3, 5)}},
	{"group norm of sequences", groupNorm(3, kernel.SiLU), 3, shapes{vec(2, 6, 7), vec(6), vec(6)}},
	{"layer norm", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.LayerNorm(in[0], 1e-5, kernel.Activation{Kind: kernel.SiLU})
	}, 1, shapes{image(3, 5, 3, 5)}},
	{"ReLU", activate(kernel.ReLU, 0), 1, shapes{image(2, 3, 5, 7)}},
	{"LeakyReLU", activate(kernel.LeakyReLU, 0.2), 1, shapes{image(2, 3, 5, 7)}},
	{"SiLU", activate(kernel.SiLU, 0), 1, shapes{vec(3, 7)}},
	{"Tanh", activate(kernel.Tanh, 0), 1, shapes{vec(31)}},
	{"identity", activate(kernel.Identity, 0), 1, shapes{vec(3, 7)}},
	{"dropout", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.Dropout(in[0], 0.4, 3, &op.Sampling{Key: 5, Samples: []uint64{8, 9, 10}})
	}, 1, shapes{image(3, 3, 5, 7)}},
	{"add channel", two(op.AddChannel), 2, shapes{image(2, 3, 5, 7), vec(2, 3)}},
	{"concat", two(op.Concat), 2, shapes{image(2, 3, 5, 7), image(2, 4, 5, 7)}},
	{"concat of vectors", two(op.Concat), 2, shapes{vec(3, 5), vec(3, 2)}},
	{"nearest up", resize(op.Nearest, 2), 1, shapes{image(2, 3, 5, 7)}},
	{"nearest down", resize(op.Nearest, 0.5), 1, shapes{image(2, 3, 5, 7)}},
	{"nearest to size", resizeTo(op.Nearest, 4, 11), 1, shapes{image(2, 3, 5, 7)}},
	{"bilinear up", resize(op.Bilinear, 2), 1, shapes{image(2, 3, 5, 7)}},
	{"bilinear up by 3", resize(op.Bilinear, 3), 1, shapes{image(2, 3, 5, 7)}},
	{"bilinear down", resize(op.Bilinear, 0.5), 1, shapes{image(2, 3, 5, 7)}},
	{"bilinear to size", resizeTo(op.Bilinear, 4, 11), 1, shapes{image(2, 3, 5, 7)}},
	{"average pool", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.AveragePool(in[0], 2) }, 1, shapes{image(2, 3, 5, 7)}},
	{"average pool by 3", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.AveragePool(in[0], 3) }, 1, shapes{image(2, 3, 7, 10)}},
	{"pixel shuffle", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelShuffle(in[0], 2) }, 1, shapes{image(2, 12, 3, 5)}},
	{"pixel shuffle by 3", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelShuffle(in[0], 3) }, 1, shapes{image(2, 9, 3, 5)}},
	{"attention", attention(1), 1, shapes{image(2, 12, 3, 5)}},
	{"attention, 2 heads", attention(2), 1, shapes{vec(2, 12, 7)}},
	{"softmax", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Softmax(in[0]) }, 1, shapes{vec(3, 2, 7)}},
	{"sum", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sum(in...) }, 3, shapes{vec(3, 5), vec(3, 5), vec(3, 5)}},
	{"sum of one", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sum(in...) }, 1, shapes{vec(3, 5)}},
	{"dot", two(op.Dot), 1, shapes{vec(3, 5), vec(3, 5)}},
	{"mean", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Mean(in[0]) }, 1, shapes{vec(3, 5)}},
	{"MSE of one sample", two(op.MSE), 1, shapes{image(1, 3, 5, 7), image(1, 3, 5, 7)}},
	{"MSE", two(op.MSE), 1, shapes{image(2, 3, 5, 7), image(2, 3, 5, 7)}},
	{"L1", two(op.L1), 1, shapes{image(2, 3, 5, 7), image(2, 3, 5, 7)}},
	{"Charbonnier", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Charbonnier(in[0], in[1], 0.3) }, 1, shapes{image(2, 3, 5, 7), image(2, 3, 5, 7)}},
	{"Huber", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Huber(in[0], in[1], 0.5) }, 1, shapes{image(2, 3, 5, 7), image(2, 3, 5, 7)}},
	{"sum of losses", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		return op.WeightedSum(in[0], in[1], op.Weighted{Factor: 0.3, Loss: op.MSE}, op.Weighted{Factor: 2, Loss: op.Dissimilarity})
	}, 1, shapes{image(2, 3, 9, 13), image(2, 3, 9, 13)}},
	{"negative SSIM", two(op.NegativeSSIM), 1, shapes{image(2, 3, 9, 13), image(2, 3, 9, 13)}},
}

// TestGradients checks every operation against central differences.
func TestGradients(t *testing.T) {
	for _, tc := range operations {
		t.Run(tc.name, func(t *testing.T) {
			h := float32(step)
			if tc.name == "max pool" || tc.name == "L1" {
				optest.Case{Function: tc.f, Inputs: tc.in, Constants: len(tc.in) - tc.wrt, Kinked: true}.Check(t)
				return
			}
			if tc.name == "negative SSIM" || tc.name == "sum of losses" {
				h = fineStep
			}
			checkGradient(t, tc.f, tc.wrt, tc.in, h)
		})
	}
}

// TestConstants: data has no gradient, and does not prevent the gradients of other operands.
func TestConstants(t *testing.T) {
	for _, tc := range []operationTest{
		{"conv of data", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Conv(in[2], in[0], in[1], op.ConvOptions{ConstantInput: true})
		}, 2, shapes{image(4, 3, 3, 3), vec(4), image(2, 3, 5, 7)}},
		{"linear of data", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Linear(in[2], in[0], in[1], true)
		}, 2, shapes{vec(7, 5), vec(7), vec(3, 5)}},
		{"sinusoid beside a variable", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			e, err := op.Sinusoid(in[1], 8, 100, false)
			if err != nil {
				return nil, err
			}
			return op.Sum(in[0], e)
		}, 1, shapes{vec(3, 8), vec(3)}},
		{"column beside a variable", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			c, err := op.Column(in[1])
			if err != nil {
				return nil, err
			}
			return op.Concat(in[0], c)
		}, 1, shapes{vec(3, 2), vec(3)}},
	} {
		t.Run(tc.name, func(t *testing.T) { checkGradient(t, tc.f, tc.wrt, tc.in, step) })
	}
}

// TestUniqueHashes: equal operations on equal operands have different hashes. Gorgonia would
// merge nodes with equal hashes.
func TestUniqueHashes(t *testing.T) {
	seen := make(map[uint32]string)
	for range 2 {
		for _, tc := range operations {
			p := place(t, optest.Plain, tc.f, tc.wrt, tc.in)
			for _, n := range p.Result.Graph().AllNodes() {
				o, ours := n.Op().(op.Operation)
				if !ours {
					continue
				}
				name := tc.name + ": " + o.String()
				if other, ok := seen[o.Hashcode()]; ok {
					t.Errorf("%s and %s have the same hash", name, other)
				}
				seen[o.Hashcode()] = name
			}
		}
	}
}
