package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pixelnorm"
)

// PixelNormOp normalises each pixel over its channels.
type PixelNormOp struct {
	Base
	Eps float32

	size       pixelnorm.Shape
	mean, rstd []float64
}

// PixelNorm is the layer norm over the channels of each pixel of x (N,C,H,W), LayerNorm2d of NAFNet (Chen et al. 2022),
//
//	y[n,c,i,j] = gamma[c]*(x[n,c,i,j]-mean)/sqrt(variance+eps) + beta[c]
//
// with the pixel's mean and biased variance; gamma and beta have shape (C).
func PixelNorm(x, gamma, beta *gorgonia.Node, eps float32) (*gorgonia.Node, error) {
	in, err := imageOf("PixelNorm", x)
	if err != nil {
		return nil, err
	}
	if err := want("PixelNorm", "gamma", gamma, in.c); err != nil {
		return nil, err
	}
	if err := want("PixelNorm", "beta", beta, in.c); err != nil {
		return nil, err
	}
	o := &PixelNormOp{Eps: eps, size: pixelnorm.Shape{N: in.n, C: in.c, HW: in.hw()}}
	o.mean, o.rstd = make([]float64, in.n*in.hw()), make([]float64, in.n*in.hw())
	return add(o, "PixelNorm", x.Shape(), func(out []float32, v [][]float32) {
		pixelnorm.Forward(out, v[0], v[1], v[2], o.size, float64(eps), o.mean, o.rstd)
	}, x, gamma, beta)
}

// SymDiff implements gorgonia.SDOp.
func (o *PixelNormOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gGamma, gBeta := make([]float32, o.size.C), make([]float32, o.size.C)
	gx, err := addGradient("PixelNormGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		pixelnorm.Backward(out, gGamma, gBeta, v[1], v[2], v[3], o.size, o.mean, o.rstd)
	}, out, grad, in[0], in[1])
	if err != nil {
		return nil, err
	}
	OrderOnly(gx, 0) // gx reads the statistics that the forward pass has stored
	return withExtras(gx, o.size.C, gGamma, gBeta)
}

// withExtras returns gx and a node for each additional result of its operation, of c elements each.
func withExtras(gx *gorgonia.Node, c int, results ...[]float32) (gorgonia.Nodes, error) {
	nodes := gorgonia.Nodes{gx}
	for _, r := range results {
		n, err := Extra(gx, tensor.Shape{c}, r)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}
