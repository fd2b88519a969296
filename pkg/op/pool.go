package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/resample"
)

// AveragePoolOp is the mean over squares of K x K pixels.
type AveragePoolOp struct {
	Base
	K int
}

// AveragePool takes means over k x k squares of x (N,C,H,W), stride k; rows
// and columns that fill no square are dropped.
func AveragePool(x *gorgonia.Node, k int) (*gorgonia.Node, error) {
	in, err := imageOf("AveragePool", x)
	if err != nil {
		return nil, err
	}
	if k < 1 || in.h < k || in.w < k {
		return nil, fmt.Errorf("AveragePool: %dx%d squares do not fit into %dx%d pixels", k, k, in.h, in.w)
	}
	o := &AveragePoolOp{K: k}
	to := image{in.n, in.c, in.h / k, in.w / k}
	o.Define("AveragePool", to.shape(), func(out []float32, v [][]float32) error {
		resample.AveragePool(out, v[0], in.n*in.c, in.h, in.w, k)
		return nil
	}, x)
	return Apply(o)
}

// SymDiff implements gorgonia.SDOp.
func (o *AveragePoolOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size, err := imageOf("AveragePool", in[0])
	if err != nil {
		return nil, err
	}
	gx, err := Gradient("AveragePoolGradient", in[0].Shape(), func(out []float32, v [][]float32) error {
		resample.AveragePoolBackward(out, v[0], size.n*size.c, size.h, size.w, o.K)
		return nil
	}, grad)
	return gorgonia.Nodes{gx}, err
}
