package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// Sampling is the state that the random operations of a graph read in every run. Their masks
// are functions of it and do not depend on the clock, on earlier runs, or on how samples are
// grouped into batches.
type Sampling struct {
	Key     uint64   // of the run: depends on seed, iteration and mesh
	Samples []uint64 // a number for each sample of the batch
	// Strides, unless nil, has a stride for each sample. With stride k, pixel (i,j) has the
	// mask of pixel (k*i,k*j) on a mesh that is finer by a factor of k.
	Strides []int
}

// DropoutOp sets elements to zero with probability P and divides the others by
// 1-P. It belongs to training graphs only.
type DropoutOp struct {
	Base
	P        float32
	Site     uint64 // the number of this dropout in its network
	sampling *Sampling
	per      int // elements per sample
	h, w     int // sides of an image, or 0 if x is not of rank 4
}

// Dropout drops elements of x (N,...) with probability p in [0,1). The masks are drawn from
// sampling; site is the number of this dropout in its network.
func Dropout(x *gorgonia.Node, p float32, site uint64, sampling *Sampling) (*gorgonia.Node, error) {
	if !(p >= 0 && p < 1) {
		return nil, fmt.Errorf("Dropout: probability %v is not in [0,1)", p)
	}
	if sampling == nil {
		return nil, fmt.Errorf("Dropout: no source of randomness")
	}
	s := x.Shape()
	if s.Dims() == 0 {
		return nil, fmt.Errorf("Dropout: operand %s is a scalar, want (N,...)", x.Name())
	}
	o := &DropoutOp{P: p, Site: site, sampling: sampling, per: s.TotalSize() / s[0]}
	if s.Dims() == 4 {
		o.h, o.w = s[2], s[3]
	}
	o.Define("Dropout", s, func(out []float32, in [][]float32) error { return o.mask(out, in[0]) }, x)
	return Apply(o)
}

func (o *DropoutOp) mask(y, x []float32) error {
	if n := len(x) / o.per; len(o.sampling.Samples) != n {
		return fmt.Errorf("%d samples are numbered, the batch has %d", len(o.sampling.Samples), n)
	}
	// The odd constant spreads neighbouring sites over all bits of the key.
	key := o.sampling.Key ^ (o.Site+1)*0x9E3779B97F4A7C15
	strides := o.sampling.Strides
	if o.h == 0 {
		strides = nil // without pixels, x has the same elements on all meshes
	}
	if strides != nil && len(strides) != len(o.sampling.Samples) {
		return fmt.Errorf("%d samples have a stride, the batch has %d", len(strides), len(o.sampling.Samples))
	}
	pointwise.DropoutStrided(y, x, o.P, key, o.sampling.Samples, strides, o.per, o.h, o.w)
	return nil
}

// SymDiff implements gorgonia.SDOp. The gradient draws the mask again; it is not stored.
func (o *DropoutOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gx, err := Gradient("DropoutGradient", in[0].Shape(), func(out []float32, v [][]float32) error {
		return o.mask(out, v[0])
	}, grad)
	return gorgonia.Nodes{gx}, err
}
