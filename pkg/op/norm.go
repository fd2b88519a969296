package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/norm"
)

// NormOp is a normalisation over groups of channels, followed by a non-linearity:
//
//	y = Act(gamma*(x-mean)/sqrt(variance+Eps) + beta)
//
// with the mean and the biased variance of each group of each sample. Kind is "GroupNorm",
// with inputs x, gamma and beta, or x alone if there is no affine part; or "LayerNorm", with
// one group of all channels and input x.
type NormOp struct {
	Base
	Groups int
	Eps    float32
	Act    kernel.Activation

	size       norm.Shape
	mean, rstd []float32 // of the last forward pass
	parts      []int     // see Parted
}

// GroupNorm normalises x (N,C,H,W) or (N,C,T) over groups of C/groups
// channels; gamma and beta have shape (C), or are nil for 1 and 0.
func GroupNorm(x, gamma, beta *gorgonia.Node, groups int, eps float32, act kernel.Activation) (*gorgonia.Node, error) {
	in, err := imageOf("GroupNorm", x)
	if err != nil {
		return nil, err
	}
	if groups < 1 || in.c%groups != 0 {
		return nil, fmt.Errorf("GroupNorm: %d channels cannot be cut into %d groups", in.c, groups)
	}
	if gamma == nil && beta == nil {
		return normalise("GroupNorm", in, groups, eps, act, x)
	}
	if gamma == nil || beta == nil {
		return nil, fmt.Errorf("GroupNorm: one of gamma and beta is missing")
	}
	if err := want("GroupNorm", "gamma", gamma, in.c); err != nil {
		return nil, err
	}
	if err := want("GroupNorm", "beta", beta, in.c); err != nil {
		return nil, err
	}
	return normalise("GroupNorm", in, groups, eps, act, x, gamma, beta)
}

// LayerNorm normalises each sample of x (N,C,H,W) over (C,H,W), with no affine
// part.
func LayerNorm(x *gorgonia.Node, eps float32, act kernel.Activation) (*gorgonia.Node, error) {
	in, err := imageOf("LayerNorm", x)
	if err != nil {
		return nil, err
	}
	return normalise("LayerNorm", in, 1, eps, act, x)
}

func normalise(kind string, in image, groups int, eps float32, act kernel.Activation, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o := &NormOp{Groups: groups, Eps: eps, Act: act}
	o.size = norm.Shape{N: in.n, C: in.c, HW: in.hw(), Groups: groups}
	o.mean = make([]float32, in.n*groups)
	o.rstd = make([]float32, in.n*groups)
	return add(o, kind, inputs[0].Shape(), func(out []float32, v [][]float32) {
		gamma, beta := affine(v, 1)
		o.each(func(_ int, p part) {
			norm.Forward(p.of(out), p.of(v[0]), gamma, beta, p.size, eps, act, p.of(o.mean), p.of(o.rstd))
		})
	}, inputs...)
}

// affine returns gamma and beta, at position i of v, or nil if v ends there.
func affine(v [][]float32, i int) (gamma, beta []float32) {
	if len(v) < i+2 {
		return nil, nil
	}
	return v[i], v[i+1]
}

// SymDiff implements gorgonia.SDOp.
func (o *NormOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	// The gradient reads the statistics that the forward pass has stored: out only fixes the order.
	operands := append(gorgonia.Nodes{out, grad}, in...)
	var gGamma, gBeta *extraGradient
	if len(in) == 3 {
		gGamma, gBeta = newExtraGradient(o.size.C), newExtraGradient(o.size.C)
	}
	gx, err := addGradient(o.Kind()+"Gradient", in[0].Shape(), func(out []float32, v [][]float32) {
		gamma, beta := affine(v, 3)
		o.each(func(i int, p part) {
			norm.Backward(p.of(out), gGamma.memory(), gBeta.memory(), p.of(v[1]), p.of(v[2]), gamma, beta, p.size, o.Act, p.of(o.mean), p.of(o.rstd))
			gGamma.put(i)
			gBeta.put(i)
		})
	}, operands...)
	if err != nil {
		return nil, err
	}
	OrderOnly(gx, 0)
	grads := gorgonia.Nodes{gx}
	for _, e := range []*extraGradient{gGamma, gBeta} {
		if e != nil {
			g, err := e.addTo(gx)
			if err != nil {
				return nil, err
			}
			grads = append(grads, g)
		}
	}
	return grads, nil
}

// Parts implements Parted.
func (o *NormOp) Parts(samples []int) { o.parts = samples }

// part is a range of the samples that the kernels treat as a batch.
type part struct {
	size      norm.Shape
	lo, hi, n int // samples lo to hi-1 of n
}

// of returns the part's slice of v, which has the values of all samples.
func (p part) of(v []float32) []float32 { return samples(v, p.lo, p.hi, p.n) }

// each calls do for each part, or for all samples if Parts has set none.
func (o *NormOp) each(do func(i int, p part)) {
	p := part{size: o.size, hi: o.size.N, n: o.size.N}
	if o.parts == nil {
		do(0, p)
		return
	}
	p.hi = 0
	for i, count := range o.parts {
		p.size.N, p.lo, p.hi = count, p.hi, p.hi+count
		do(i, p)
	}
}
