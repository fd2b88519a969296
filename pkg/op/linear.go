package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/matmul"
)

// LinearOp is an affine map of vectors, y = x weight^T + bias. Inputs are x, weight and bias.
type LinearOp struct {
	Base
	n, in, outputs int
	constantInput  bool
}

// Linear maps x (N,I) with weight (O,I) and bias (O) to (N,O). constantInput states that x
// needs no gradient.
func Linear(x, weight, bias *gorgonia.Node, constantInput bool) (*gorgonia.Node, error) {
	in, err := imageOf("Linear", x)
	if err != nil {
		return nil, err
	}
	if err := want("Linear", "operand", x, in.n, in.c); err != nil {
		return nil, err
	}
	w := weight.Shape()
	if w.Dims() != 2 || w[1] != in.c {
		return nil, fmt.Errorf("Linear: weight %s has shape %v, want (O,%d)", weight.Name(), w, in.c)
	}
	o := &LinearOp{n: in.n, in: in.c, outputs: w[0], constantInput: constantInput}
	if err := want("Linear", "bias", bias, o.outputs); err != nil {
		return nil, err
	}
	o.Define("Linear", tensor.Shape{o.n, o.outputs}, o.forward, x, weight, bias)
	return Apply(o)
}

func (o *LinearOp) forward(out []float32, in [][]float32) error {
	for i := range o.n {
		copy(out[i*o.outputs:], in[2])
	}
	matmul.Mul(out, in[0], in[1], o.n, o.outputs, o.in, false, true, 1, 1)
	return nil
}

// DiffWRT implements gorgonia.SDOp.
func (o *LinearOp) DiffWRT(int) []bool { return []bool{!o.constantInput, true, true} }

// SymDiff implements gorgonia.SDOp.
func (o *LinearOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, 3)
	var err error
	grads[1], err = addParameterGradient("LinearWeightGradient", in[1].Shape(), o.n, func(out []float32, v [][]float32, count int) {
		matmul.Mul(out, v[0], v[1], o.outputs, o.in, count, true, false, 1, 0)
	}, grad, in[0])
	if err != nil {
		return nil, err
	}
	sums := make([]float64, o.outputs)
	grads[2], err = addParameterGradient("LinearBiasGradient", in[2].Shape(), o.n, func(out []float32, v [][]float32, count int) {
		clear(sums)
		for i := range count {
			for j, g := range v[0][i*o.outputs:][:o.outputs] {
				sums[j] += float64(g)
			}
		}
		for j, sum := range sums {
			out[j] = float32(sum)
		}
	}, grad)
	if err != nil || o.constantInput {
		return grads, err
	}
	grads[0], err = addGradient("LinearInputGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		matmul.Mul(out, v[0], v[1], o.n, o.in, o.outputs, false, false, 1, 0)
	}, grad, in[1])
	return grads, err
}
