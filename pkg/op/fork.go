package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ForkOp is one of several uses of a value; see Fork.
type ForkOp struct {
	Base
	fork   *fork
	silent bool // its gradient is part of the sum that a later branch passes on
}

// fork collects the gradients of its branches.
type fork struct {
	branches int
	grads    gorgonia.Nodes
}

// Fork returns k nodes with the value of x, one for each of its k uses. Their gradients are
// added in one pass by Sum. Without a fork, Gorgonia would chain stock additions, which
// allocate their results in every run. The cost must depend on every branch.
func Fork(x *gorgonia.Node, k int) (gorgonia.Nodes, error) {
	if k < 1 {
		return nil, fmt.Errorf("Fork: %d branches", k)
	}
	f := &fork{branches: k}
	nodes := make(gorgonia.Nodes, k)
	for i := range nodes {
		b := &ForkOp{fork: f}
		b.Define("Fork", x.Shape(), func(out []float32, in [][]float32) error {
			copy(out, in[0])
			return nil
		}, x)
		n, err := Apply(b)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// Share makes the branch a view of x's memory instead of a copy. This is correct only if nothing
// overwrites x or the branch while the other is in use, as some of Gorgonia's own operations do. The
// planner calls it where this holds.
func (b *ForkOp) Share() {
	b.output.Len, b.output.Alias, b.output.Header = 0, 0, true
	b.out, b.result = nil, nil
	b.run = func(_ []float32, in [][]float32) error {
		if len(b.out) == 0 || &b.out[0] != &in[0][0] {
			b.out = in[0]
			b.result = tensor.New(tensor.WithShape(b.shape...), tensor.WithBacking(in[0]))
		}
		return nil
	}
}

// DiffWRT implements gorgonia.SDOp. Gorgonia calls it again after SymDiff, and the second
// result decides whether the gradient is added to the operand's.
func (b *ForkOp) DiffWRT(int) []bool { return []bool{!b.silent} }

// SymDiff implements gorgonia.SDOp. The branch that is differentiated last returns the sum of
// all gradients; the others return none.
func (b *ForkOp) SymDiff(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	f := b.fork
	f.grads = append(f.grads, grad)
	if len(f.grads) < f.branches {
		b.silent = true
		return gorgonia.Nodes{nil}, nil
	}
	if len(f.grads) == 1 {
		return f.grads, nil
	}
	sum, err := Sum(f.grads...)
	return gorgonia.Nodes{sum}, err
}
