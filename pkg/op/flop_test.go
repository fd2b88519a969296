package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op"
)

// TestFLOP compares FLOP with counts by hand, in which a multiplication and an addition are two.
func TestFLOP(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(node func(shape ...int) *gorgonia.Node) (*gorgonia.Node, error)
		want int64
	}{
		{"Conv", func(node func(...int) *gorgonia.Node) (*gorgonia.Node, error) {
			return op.Conv(node(2, 3, 8, 6), node(5, 3, 3, 3), nil, op.ConvOptions{Stride: 2})
		}, 2 * 2 * 5 * 4 * 3 * 3 * 3 * 3},
		{"depthwise", func(node func(...int) *gorgonia.Node) (*gorgonia.Node, error) {
			return op.Conv(node(1, 4, 8, 8), node(4, 1, 3, 3), node(4), op.ConvOptions{Groups: 4})
		}, 2 * 4 * 8 * 8 * 9},
		{"TransposedConv", func(node func(...int) *gorgonia.Node) (*gorgonia.Node, error) {
			return op.TransposedConv(node(1, 4, 8, 8), node(4, 3, 2, 2), nil, op.TransposedConvOptions{Stride: 2})
		}, 2 * 4 * 8 * 8 * 3 * 2 * 2},
		{"Linear", func(node func(...int) *gorgonia.Node) (*gorgonia.Node, error) {
			return op.Linear(node(2, 3), node(5, 3), node(5), false)
		}, 2 * 2 * 3 * 5},
		{"Attention", func(node func(...int) *gorgonia.Node) (*gorgonia.Node, error) {
			return op.Attention(node(1, 12, 3, 3), 2)
		}, 2 * 2 * 9 * 9 * 4},
	} {
		g := gorgonia.NewGraph()
		n, err := tc.make(func(shape ...int) *gorgonia.Node {
			return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...))
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := n.Op().(op.Counted).FLOP(); got != tc.want {
			t.Errorf("%s: %d operations, want %d", tc.name, got, tc.want)
		}
	}
}
