package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

type operationTest struct {
	name string
	f    function
	wrt  int // the inputs that have gradients are the first ones
	in   shapes
}

func image(n, c, h, w int) tensor.Shape { return tensor.Shape{n, c, h, w} }
func vec(n ...int) tensor.Shape         { return tensor.Shape(n) }

// conv is a convolution of a, b, c; d and e are the shift and the residual.
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

// operations are all operations with gradients, on odd sizes.
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
	{"linear", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, 3, shapes{vec(3, 5), vec(7, 5), vec(7)}},
	{"group norm", groupNorm(3, kernel.Identity), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
	{"group norm, SiLU", groupNorm(2, kernel.SiLU), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
	{"group norm, Tanh", groupNorm(1, kernel.Tanh), 3, shapes{image(2, 6, 3, 5), vec(6), vec(6)}},
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
	{"negative SSIM", two(op.NegativeSSIM), 1, shapes{image(2, 3, 9, 13), image(2, 3, 9, 13)}},
}

// TestGradients checks every operation against central differences.
func TestGradients(t *testing.T) {
	for _, tc := range operations {
		t.Run(tc.name, func(t *testing.T) {
			h := float32(step)
			if tc.name == "negative SSIM" {
				h = fineStep
			}
			checkGradient(t, tc.f, tc.wrt, tc.in, h)
		})
	}
}

// TestConstants: operations on data, and their operands that are, have no
// gradient, and do not stand in the way of the others'.
func TestConstants(t *testing.T) {
	embed := func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sinusoid(in[1], 8, 100, false) }
	for _, tc := range []operationTest{
		{"conv of data", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Conv(in[2], in[0], in[1], op.ConvOptions{ConstantInput: true})
		}, 2, shapes{image(4, 3, 3, 3), vec(4), image(2, 3, 5, 7)}},
		{"linear of data", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			return op.Linear(in[2], in[0], in[1], true)
		}, 2, shapes{vec(7, 5), vec(7), vec(3, 5)}},
		{"sinusoid beside a variable", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			e, err := embed(in)
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

// TestUniqueHashes: Gorgonia merges nodes of equal hashes, so that equal
// operations on equal operands must differ all the same.
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
