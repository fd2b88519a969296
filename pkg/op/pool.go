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

	in image
}

// AveragePool takes means over k x k squares of x (N,C,H,W) with stride k. Remaining rows and
// columns are dropped.
func AveragePool(x *gorgonia.Node, k int) (*gorgonia.Node, error) {
	in, err := imageOf("AveragePool", x)
	if err != nil {
		return nil, err
	}
	if k < 1 || in.h < k || in.w < k {
		return nil, fmt.Errorf("AveragePool: %dx%d squares do not fit into %dx%d pixels", k, k, in.h, in.w)
	}
	o := &AveragePoolOp{K: k, in: in}
	to := image{in.n, in.c, in.h / k, in.w / k}
	return add(o, "AveragePool", to.shape(), func(out []float32, v [][]float32) {
		resample.AveragePool(out, v[0], in.n*in.c, in.h, in.w, k)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *AveragePoolOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size := o.in
	return only(addGradient("AveragePoolGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		resample.AveragePoolBackward(out, v[0], size.n*size.c, size.h, size.w, o.K)
	}, grad))
}
