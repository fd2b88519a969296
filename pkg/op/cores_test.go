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

// TestCores: results and gradients have the same bits on any number of cores. The operands are large enough to be
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
