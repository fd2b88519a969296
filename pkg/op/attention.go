package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/attention"
)

// AttentionOp is scaled dot-product self-attention over the pixels.
type AttentionOp struct {
	Base
	Heads int

	size  attention.Shape
	stats []float32
}

// Attention maps qkv (N,3C,H,W) or (N,3C,T) to (N,C,H,W) or (N,C,T). The channels are cut
// into heads, and each head into q, k and v of C/heads channels. With T = H*W pixels,
//
//	out[c,t] = sum_s softmax_s(q[:,t].k[:,s]/sqrt(C/heads)) v[c,s]
func Attention(qkv *gorgonia.Node, heads int) (*gorgonia.Node, error) {
	in, err := imageOf("Attention", qkv)
	if err != nil {
		return nil, err
	}
	if heads < 1 || in.c%(3*heads) != 0 {
		return nil, fmt.Errorf("Attention: %d channels cannot be cut into q, k and v of %d heads", in.c, heads)
	}
	o := &AttentionOp{Heads: heads, size: attention.Shape{N: in.n, C: in.c / 3, T: in.hw(), Heads: heads}}
	o.stats = make([]float32, attention.StatsSize(o.size))
	shape := qkv.Shape()
	shape[1] = in.c / 3
	return add(o, "Attention", shape, func(out []float32, v [][]float32) {
		attention.Forward(out, v[0], o.size, o.stats)
	}, qkv)
}

// SymDiff implements gorgonia.SDOp.
func (o *AttentionOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("AttentionGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		attention.Backward(out, v[0], v[1], v[2], o.size, o.stats)
	}, grad, out, in[0]))
}
