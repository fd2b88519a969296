package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op"
)

// TestStockOperations: gradients are right with Gorgonia's own operations between ours. They
// may overwrite their operands, which compiled graphs must allow for.
func TestStockOperations(t *testing.T) {
	in := shapes{image(2, 3, 5, 7), image(3, 3, 3, 3), vec(3)}
	// around puts stock operations between two convolutions with the same
	// weights.
	around := func(f func(x, y *gorgonia.Node) (*gorgonia.Node, error)) function {
		return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
			x, err := op.Conv(in[0], in[1], in[2], op.ConvOptions{})
			if err != nil {
				return nil, err
			}
			if x, err = f(x, in[0]); err != nil {
				return nil, err
			}
			return op.Conv(x, in[1], in[2], op.ConvOptions{})
		}
	}
	half := func() *gorgonia.Node { return gorgonia.NewConstant(float32(0.5)) }
	for _, tc := range []struct {
		name string
		f    func(x, y *gorgonia.Node) (*gorgonia.Node, error)
	}{
		{"Tanh", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Tanh(x) }},
		{"Sigmoid", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sigmoid(x) }},
		{"Square", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Square(x) }},
		{"Neg", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Neg(x) }},
		{"HadamardProd", func(x, y *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.HadamardProd(x, y) }},
		{"HadamardProd with itself", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.HadamardProd(x, x) }},
		{"Add", func(x, y *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Add(x, y) }},
		{"Sub", func(x, y *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sub(y, x) }},
		{"Mul by a scalar", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Mul(x, half()) }},
		{"chain", func(x, y *gorgonia.Node) (*gorgonia.Node, error) {
			s, err := gorgonia.Tanh(x)
			if err != nil {
				return nil, err
			}
			if s, err = gorgonia.HadamardProd(s, x); err != nil {
				return nil, err
			}
			if s, err = gorgonia.Add(s, y); err != nil {
				return nil, err
			}
			return gorgonia.HadamardProd(s, x)
		}},
		{"Reshape there and back", func(x, _ *gorgonia.Node) (*gorgonia.Node, error) {
			s, err := gorgonia.Reshape(x, tensor.Shape{2, 105})
			if err != nil {
				return nil, err
			}
			if s, err = gorgonia.Tanh(s); err != nil {
				return nil, err
			}
			return gorgonia.Reshape(s, tensor.Shape{2, 3, 5, 7})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { checkGradient(t, around(tc.f), 3, in, fineStep) })
	}
}
