package op_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// uses sums k different functions of one value, each of its own node from branches.
func uses(k int, branches func(x *gorgonia.Node) (gorgonia.Nodes, error)) function {
	return func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		// The value is an intermediate result, as in networks.
		x, err := op.Activate(in[0], kernel.Activation{Kind: kernel.Tanh})
		if err != nil {
			return nil, err
		}
		nodes, err := branches(x)
		if err != nil {
			return nil, err
		}
		for i, kind := range []kernel.ActivationKind{kernel.SiLU, kernel.Tanh, kernel.LeakyReLU}[:k] {
			if nodes[i], err = op.Activate(nodes[i], kernel.Activation{Kind: kind, Slope: 0.2}); err != nil {
				return nil, err
			}
		}
		return op.Sum(nodes...)
	}
}

// TestFork: the gradient of a fork equals that of separate uses, which Gorgonia adds.
func TestFork(t *testing.T) {
	// rounding allows for additions in another order.
	const rounding = 1e-6
	for k := 1; k <= 3; k++ {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			forked := uses(k, func(x *gorgonia.Node) (gorgonia.Nodes, error) { return op.Fork(x, k) })
			separate := uses(k, func(x *gorgonia.Node) (gorgonia.Nodes, error) {
				nodes := make(gorgonia.Nodes, k)
				for i := range nodes {
					nodes[i] = x
				}
				return nodes, nil
			})
			in := shapes{image(2, 3, 5, 7)}
			checkGradient(t, forked, 1, in, step)
			a, b := place(t, optest.Compiled, forked, 1, in), place(t, optest.Plain, separate, 1, in)
			a.Run(t)
			b.Run(t)
			for i, g := range values(a.Gradients[0]) {
				if want := values(b.Gradients[0])[i]; math.Abs(float64(g-want)) > rounding {
					t.Fatalf("element %d of the gradient: %v, with separate uses %v", i, g, want)
				}
			}
		})
	}
}

// TestNestedForks: a branch of a fork can be forked again, and branches can be used directly.
func TestNestedForks(t *testing.T) {
	checkGradient(t, func(in gorgonia.Nodes) (*gorgonia.Node, error) {
		outer, err := op.Fork(in[0], 3)
		if err != nil {
			return nil, err
		}
		inner, err := op.Fork(outer[1], 2)
		if err != nil {
			return nil, err
		}
		a, err := op.Activate(inner[0], kernel.Activation{Kind: kernel.SiLU})
		if err != nil {
			return nil, err
		}
		return op.Sum(outer[0], a, inner[1], outer[2])
	}, 1, shapes{image(2, 3, 5, 7)}, step)
}
