package op_test

import (
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// TestCores: the number of cores changes no bit of a result or a gradient. The operands are large enough to be
// cut into chunks.
func TestCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x := image(3, 16, 40, 50)
	one := func(f func(x *gorgonia.Node) (*gorgonia.Node, error)) function {
		return func(in gorgonia.Nodes) (*gorgonia.Node, error) { return f(in[0]) }
	}
	for _, tc := range []operationTest{
		{"conv, groups", conv(op.ConvOptions{Groups: 4}, false, false), 3, shapes{x, image(8, 4, 3, 3), vec(8)}},
		{"conv, depthwise", conv(op.ConvOptions{Groups: 16}, true, false), 4, shapes{x, image(16, 1, 3, 3), vec(16), vec(3, 16)}},
		{"transposed conv", transposed(op.TransposedConvOptions{Stride: 2}), 3, shapes{x, image(16, 4, 2, 2), vec(4)}},
		{"max pool", one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.MaxPool(x, 3, 2, 1) }), 1, shapes{x}},
		{"global average pool", one(op.GlobalAveragePool), 1, shapes{x}},
		{"GELU", one(func(x *gorgonia.Node) (*gorgonia.Node, error) { return op.GELU(x, false) }), 1, shapes{x}},
		{"sigmoid", one(op.Sigmoid), 1, shapes{x}},
		{"PReLU", two(op.PReLU), 2, shapes{x, vec(16)}},
		{"PReLU, one slope", two(op.PReLU), 2, shapes{x, vec(1)}},
		{"gate", one(op.Gate), 1, shapes{x}},
		{"scale", two(op.Scale), 2, shapes{x, image(1, 16, 1, 1)}},
		{"pad", padded(pad.Reflect, op.Border{Left: 2, Bottom: 3}), 1, shapes{x}},
		{"pixel norm", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.PixelNorm(in[0], in[1], in[2], 1e-6) }, 3, shapes{x, vec(16), vec(16)}},
		{"batch norm", batchNorm(true), 3, shapes{x, vec(16), vec(16), vec(16), vec(16)}},
		{"L1", two(op.L1), 1, shapes{x, x}},
		{"Charbonnier", func(in gorgonia.Nodes) (*gorgonia.Node, error) { return op.Charbonnier(in[0], in[1], 1e-3) }, 1, shapes{x, x}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			results := func(cores int) []float32 {
				runtime.GOMAXPROCS(cores)
				s := place(t, optest.Compiled, tc.f, tc.wrt, tc.in)
				s.Run(t)
				all := slices.Clone(values(s.Result))
				for _, g := range s.Gradients {
					all = append(all, values(g)...)
				}
				return all
			}
			if !slices.Equal(results(1), results(3)) {
				t.Error("three cores give other bytes than one")
			}
		})
	}
}

// TestBatchNormEvaluation: with running statistics, gradients with respect to x, gamma and beta; Follow moves the statistics.
func TestBatchNormEvaluation(t *testing.T) {
	positive := func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		for i := range values(in[4]) {
			values(in[4])[i] = 0.5 + float32(i)
		}
		return batchNorm(false)(in)
	}
	checkGradient(t, positive, 3, shapes{image(3, 2, 5, 7), vec(2), vec(2), vec(2), vec(2)}, step)

	s := place(t, optest.Compiled, batchNorm(true), 3, shapes{image(1, 1, 1, 2), vec(1), vec(1), vec(1), vec(1)})
	copy(values(s.Inputs[0]), []float32{1, 3})
	s.Run(t)
	mean, variance := []float32{10}, []float32{6}
	if err := s.Result.Op().(*op.BatchNormOp).Follow(mean, variance, 0.25); err != nil {
		t.Fatal(err)
	}
	if mean[0] != 0.75*10+0.25*2 || variance[0] != 0.75*6+0.25*2 { // of 1 and 3: mean 2, unbiased variance 2
		t.Errorf("mean %v, variance %v", mean, variance)
	}
	single := place(t, optest.Compiled, batchNorm(true), 3, shapes{image(1, 1, 1, 1), vec(1), vec(1), vec(1), vec(1)})
	single.Run(t)
	if err := single.Result.Op().(*op.BatchNormOp).Follow(mean, variance, 0.25); err == nil {
		t.Error("one value has a variance")
	}
}
