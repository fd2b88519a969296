package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/attention"
)

// Attention is scaled dot-product self-attention over the pixels.
type Attention struct {
	operation
	Heads int

	size  attention.Shape
	stats []float32
}

// SelfAttention maps qkv (N,3C,H,W) or (N,3C,T) to (N,C,H,W) or (N,C,T). The
// channels are cut into heads, each head into q, k and v of C/heads channels;
// with T = H*W pixels, out[c,t] = sum_s softmax_s(q[:,t].k[:,s]/sqrt(C/heads)) v[c,s].
func SelfAttention(qkv *gorgonia.Node, heads int) (*gorgonia.Node, error) {
	in, err := imageOf("Attention", qkv)
	if err != nil {
		return nil, err
	}
	if heads < 1 || in.c%(3*heads) != 0 {
		return nil, fmt.Errorf("Attention: %d channels cannot be cut into q, k and v of %d heads", in.c, heads)
	}
	o := &Attention{Heads: heads, size: attention.Shape{N: in.n, C: in.c / 3, T: in.hw(), Heads: heads}}
	o.stats = make([]float32, attention.StatsSize(o.size))
	shape := qkv.Shape()
	shape[1] = in.c / 3
	o.define("Attention", shape, func(v [][]float32) error {
		attention.Forward(o.out, v[0], o.size, o.stats)
		return nil
	}, qkv)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Attention) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *Attention) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	var back *backward
	gx, back, err := gradient("AttentionGradient", in[0].Shape(), func(v [][]float32) error {
		attention.Backward(back.out, v[0], v[1], v[2], o.size, o.stats)
		return nil
	}, grad, out, in[0])
	return gorgonia.Nodes{gx}, err
}
