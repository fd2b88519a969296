package op_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// TestShapeErrors: the error for a wrong shape names the operation, the operand and the
// expected shape.
func TestShapeErrors(t *testing.T) {
	act := kernel.Activation{}
	for _, tc := range []struct {
		name string
		f    function
		in   shapes
		want []string
	}{
		{"conv of a vector", conv(op.ConvOptions{}, false, false), shapes{vec(3), image(4, 3, 3, 3), vec(4)}, []string{"Conv", "(N,C,H,W)"}},
		{"conv channels", conv(op.ConvOptions{}, false, false), shapes{image(2, 5, 5, 7), image(4, 3, 3, 3), vec(4)}, []string{"Conv", "weight", "b", "(O,5,K,K)"}},
		{"conv groups", conv(op.ConvOptions{Groups: 2}, false, false), shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4)}, []string{"Conv", "3 channels", "2 groups"}},
		{"conv filters in groups", conv(op.ConvOptions{Groups: 3}, false, false), shapes{image(2, 3, 5, 7), image(4, 1, 3, 3), vec(4)}, []string{"Conv", "weight", "multiple of 3"}},
		{"conv dilation", conv(op.ConvOptions{Padding: -1, Dilation: 3}, false, false), shapes{image(2, 3, 6, 7), image(4, 3, 3, 3), vec(4)}, []string{"Conv", "6x7", "7x7"}},
		{"transposed conv", transposed(op.TransposedConvOptions{}), shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(3)}, []string{"TransposedConv", "weight", "(3,O,K,K)"}},
		{"transposed conv bias", transposed(op.TransposedConvOptions{}), shapes{image(2, 3, 5, 7), image(3, 4, 3, 3), vec(3)}, []string{"TransposedConv", "bias", "(4)"}},
		{"transposed conv padding", transposed(op.TransposedConvOptions{Padding: 3}), shapes{image(2, 3, 2, 2), image(3, 4, 2, 2), vec(4)}, []string{"TransposedConv", "2x2", "padding 3"}},
		{"transposed conv output padding", transposed(op.TransposedConvOptions{OutputPadding: 1}), shapes{image(2, 3, 2, 2), image(3, 4, 2, 2), vec(4)}, []string{"TransposedConv", "output padding 1"}},
		{"max pool", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.MaxPool(in[0], 3, 1, 2) }, shapes{image(2, 3, 5, 7)}, []string{"MaxPool", "padding 2"}},
		{"max pool size", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.MaxPool(in[0], 6, 1, 0) }, shapes{image(2, 3, 5, 7)}, []string{"MaxPool", "6x6", "5x7"}},
		{"PReLU", two(op.PReLU), shapes{image(2, 3, 5, 7), vec(2)}, []string{"PReLU", "slope", "(3)"}},
		{"gate", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Gate(in[0]) }, shapes{image(2, 3, 5, 7)}, []string{"Gate", "3 channels"}},
		{"scale", two(op.Scale), shapes{image(2, 3, 5, 7), image(3, 3, 1, 1)}, []string{"Scale", "factor", "(2,3,1,1)"}},
		{"pad", padded(pad.Reflect, op.Border{Left: 7}), shapes{image(2, 3, 5, 7)}, []string{"Pad", "5x7", "reflected"}},
		{"negative pad", padded(pad.Replicate, op.Border{Left: -1}), shapes{image(2, 3, 5, 7)}, []string{"Pad", "Left:-1"}},
		{"pixel unshuffle", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelUnshuffle(in[0], 2) }, shapes{image(2, 3, 6, 7)}, []string{"PixelUnshuffle", "6x7", "2"}},
		{"pixel norm", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelNorm(in[0], in[1], in[2], 0) }, shapes{image(2, 3, 5, 7), vec(3), vec(2)}, []string{"PixelNorm", "beta", "(3)"}},
		{"batch norm", batchNorm(true), shapes{image(2, 3, 5, 7), vec(3), vec(3), vec(3), vec(2)}, []string{"BatchNorm", "variance", "(3)"}},
		{"no losses", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.WeightedSum(in[0], in[1]) }, shapes{vec(2, 3), vec(2, 3)}, []string{"WeightedSum", "no losses"}},
		{"conv oblong kernel", conv(op.ConvOptions{}, false, false), shapes{image(2, 3, 5, 7), image(4, 3, 3, 5), vec(4)}, []string{"Conv", "weight"}},
		{"conv bias", conv(op.ConvOptions{}, false, false), shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(3)}, []string{"Conv", "bias", "(4)"}},
		{"conv shift", conv(op.ConvOptions{}, true, false), shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4), vec(2, 3)}, []string{"Conv", "shift", "(2, 4)"}},
		{"conv residual", conv(op.ConvOptions{Stride: 2}, false, true), shapes{image(2, 3, 5, 7), image(4, 3, 3, 3), vec(4), image(2, 4, 5, 7)}, []string{"Conv", "residual", "(2, 4, 3, 4)"}},
		{"conv too small", conv(op.ConvOptions{Padding: -1}, false, false), shapes{image(2, 3, 2, 2), image(4, 3, 3, 3), vec(4)}, []string{"Conv", "2x2", "3x3"}},
		{"linear", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, shapes{vec(2, 3), vec(4, 5), vec(4)}, []string{"Linear", "weight"}},
		{"linear bias", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, shapes{vec(2, 3), vec(4, 3), vec(3)}, []string{"Linear", "bias", "(4)"}},
		{"linear of images", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, shapes{image(2, 3, 1, 1), vec(4, 3), vec(4)}, []string{"Linear"}},
		{"linear scalar weight", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Linear(in[0], in[1], in[2], false) }, shapes{vec(2, 3), vec(3), vec(3)}, []string{"Linear", "weight"}},
		{"groups", groupNorm(4, kernel.SiLU), shapes{image(2, 6, 3, 5), vec(6), vec(6)}, []string{"GroupNorm", "6 channels", "4 groups"}},
		{"no groups", groupNorm(0, kernel.SiLU), shapes{image(2, 6, 3, 5), vec(6), vec(6)}, []string{"GroupNorm", "0 groups"}},
		{"gamma", groupNorm(3, kernel.SiLU), shapes{image(2, 6, 3, 5), vec(3), vec(6)}, []string{"GroupNorm", "gamma", "(6)"}},
		{"beta", groupNorm(3, kernel.SiLU), shapes{image(2, 6, 3, 5), vec(6), vec(3)}, []string{"GroupNorm", "beta", "(6)"}},
		{"gamma alone", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.GroupNorm(in[0], in[1], nil, 3, 1e-5, act) }, shapes{image(2, 6, 3, 5), vec(6)}, []string{"GroupNorm", "one of gamma and beta is missing"}},
		{"layer norm", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.LayerNorm(in[0], 1e-5, act) }, shapes{vec(3)}, []string{"LayerNorm"}},
		{"add channel", two(op.AddChannel), shapes{image(2, 3, 5, 7), vec(3, 2)}, []string{"AddChannel", "embedding", "(2, 3)"}},
		{"concat sizes", two(op.Concat), shapes{image(2, 3, 5, 7), image(2, 3, 5, 8)}, []string{"Concat"}},
		{"concat ranks", two(op.Concat), shapes{image(2, 3, 5, 7), vec(2, 3)}, []string{"Concat"}},
		{"dropout", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Dropout(in[0], 1, 0, &op.Sampling{}) }, shapes{vec(3, 2)}, []string{"Dropout", "probability 1"}},
		{"dropout without source", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Dropout(in[0], 0.5, 0, nil) }, shapes{vec(3, 2)}, []string{"Dropout", "randomness"}},
		{"resize", resize(op.Nearest, -1), shapes{image(2, 3, 5, 7)}, []string{"Resize", "-1"}},
		{"resize away", resize(op.Nearest, 0.1), shapes{image(2, 3, 5, 7)}, []string{"Resize", "5x7", "0x0"}},
		{"resize mode", resize("cubic", 2), shapes{image(2, 3, 5, 7)}, []string{"Resize", `"cubic"`}},
		{"resize to nothing", resizeTo(op.Bilinear, 0, 3), shapes{image(2, 3, 5, 7)}, []string{"Resize", "0x3"}},
		{"average pool", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.AveragePool(in[0], 6) }, shapes{image(2, 3, 5, 7)}, []string{"AveragePool", "6x6", "5x7"}},
		{"pixel shuffle", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelShuffle(in[0], 2) }, shapes{image(2, 6, 5, 7)}, []string{"PixelShuffle", "6 channels", "4"}},
		{"attention", attention(2), shapes{image(2, 9, 5, 7)}, []string{"Attention", "9 channels", "2 heads"}},
		{"no heads", attention(0), shapes{image(2, 9, 5, 7)}, []string{"Attention", "0 heads"}},
		{"softmax of a scalar", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			cost, err := op.Dot(in[0], in[0])
			if err != nil {
				return nil, err
			}
			return op.Softmax(cost)
		}, shapes{vec(3)}, []string{"Softmax"}},
		{"dropout of a scalar", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			cost, err := op.Dot(in[0], in[0])
			if err != nil {
				return nil, err
			}
			return op.Dropout(cost, 0.5, 0, &op.Sampling{})
		}, shapes{vec(3)}, []string{"Dropout", "scalar"}},
		{"MSE", two(op.MSE), shapes{vec(2, 3), vec(3, 2)}, []string{"MSE", "target", "(2, 3)"}},
		{"MSE of scalars", func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			cost, err := op.Dot(in[0], in[0])
			if err != nil {
				return nil, err
			}
			return op.MSE(cost, cost)
		}, shapes{vec(3)}, []string{"MSE", "scalar"}},
		{"SSIM", two(op.NegativeSSIM), shapes{image(2, 3, 5, 7), image(2, 3, 7, 5)}, []string{"NegativeSSIM", "target", "(2, 3, 5, 7)"}},
		{"SSIM of vectors", two(op.NegativeSSIM), shapes{vec(3), vec(3)}, []string{"NegativeSSIM"}},
		{"dot", two(op.Dot), shapes{vec(2, 3), vec(3, 2)}, []string{"Dot", "weights", "(2, 3)"}},
		{"sum", two(func(a, b *gorgonia.Node) (*gorgonia.Node, error) { return op.Sum(a, b) }), shapes{vec(2, 3), vec(3, 2)}, []string{"Sum", "operand", "(2, 3)"}},
		{"sum of none", func(gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sum() }, shapes{vec(2)}, []string{"Sum"}},
		{"fork", func(in gorgonia.Nodes) (*gorgonia.Node, error) { _, err := op.Fork(in[0], 0); return nil, err }, shapes{vec(2)}, []string{"Fork", "0"}},
		{"sinusoid", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sinusoid(in[0], 8, 100, true) }, shapes{vec(2, 3)}, []string{"Sinusoid", "(2, 3)"}},
		{"sinusoid channels", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Sinusoid(in[0], 1, 100, true) }, shapes{vec(2)}, []string{"Sinusoid", "1 channels"}},
		{"zeros", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Zeros(in[0], 0) }, shapes{vec(2, 3)}, []string{"Zeros", "(2, 3)"}},
		{"column", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Column(in[0]) }, shapes{vec(2, 3)}, []string{"Column", "(2, 3)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			var in gorgonia.Nodes
			for i, s := range tc.in {
				in = append(in, gorgonia.NewTensor(g, tensor.Float32, s.Dims(), gorgonia.WithShape(s...), gorgonia.WithName(string(rune('a'+i)))))
			}
			_, err := tc.f(in)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}

// TestRunErrors: an error during a run names the operation, and a later run succeeds.
func TestRunErrors(t *testing.T) {
	sampling := &op.Sampling{Samples: []uint64{1}}
	p := place(t, optest.Compiled, func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Dropout(in[0], 0.5, 0, sampling) }, 1, shapes{vec(3, 2)})
	err := p.Runner.Run()
	if err == nil || !strings.Contains(err.Error(), "Dropout") || !strings.Contains(err.Error(), "batch has 3") {
		t.Errorf("error %v does not tell the numbers of samples", err)
	}
	sampling.Samples = []uint64{1, 2, 3}
	if err := p.Runner.Run(); err != nil {
		t.Errorf("after an error: %v", err)
	}
}

// TestOperandErrors: Do returns an error for operands that are not contiguous float32 tensors of
// the right number and size.
func TestOperandErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 1, gorgonia.WithShape(3), gorgonia.WithName("x"))
	n, err := op.Activate(x, kernel.Activation{Kind: kernel.ReLU})
	if err != nil {
		t.Fatal(err)
	}
	wide := tensor.New(tensor.WithShape(3), tensor.Of(tensor.Float64))
	matrix := tensor.New(tensor.WithShape(3, 3), tensor.WithBacking(make([]float32, 9)))
	column, err := matrix.Slice(nil, tensor.S(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		values []gorgonia.Value
		want   string
	}{
		{nil, "0 operands, want 1"},
		{[]gorgonia.Value{nil}, "no value"},
		{[]gorgonia.Value{wide}, "float64"},
		{[]gorgonia.Value{column.(gorgonia.Value)}, "contiguous"},
		{[]gorgonia.Value{gorgonia.NewF64(1)}, "want a float32"},
		{[]gorgonia.Value{tensor.New(tensor.WithShape(2), tensor.WithBacking(make([]float32, 2)))}, "Activate"},
	} {
		if _, err := n.Op().Do(tc.values...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: error %v, want one with %q", tc.values, err, tc.want)
		}
	}
}
