package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/resample"
)

// Shuffle moves channels to pixels; see PixelShuffle.
type Shuffle struct {
	operation
	R int
}

// PixelShuffle rearranges x (N,C*r*r,H,W) to (N,C,H*r,W*r): channel
// c*r*r + i*r + j becomes the pixels (i,j) modulo r of channel c.
func PixelShuffle(x *gorgonia.Node, r int) (*gorgonia.Node, error) {
	in, err := imageOf("PixelShuffle", x)
	if err != nil {
		return nil, err
	}
	if r < 1 || in.c%(r*r) != 0 {
		return nil, fmt.Errorf("PixelShuffle: %d channels are no multiple of %d", in.c, r*r)
	}
	o := &Shuffle{R: r}
	c := in.c / (r * r)
	o.define("PixelShuffle", image{in.n, c, in.h * r, in.w * r}.shape(), func(v [][]float32) error {
		resample.PixelShuffle(o.out, v[0], in.n, c, in.h, in.w, r)
		return nil
	}, x)
	return apply(o)
}

// DiffWRT implements gorgonia.SDOp.
func (o *Shuffle) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *Shuffle) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size, err := imageOf("PixelShuffle", in[0])
	if err != nil {
		return nil, err
	}
	var back *backward
	gx, back, err := gradient("PixelShuffleGradient", in[0].Shape(), func(v [][]float32) error {
		resample.PixelShuffleBackward(back.out, v[0], size.n, size.c/(o.R*o.R), size.h, size.w, o.R)
		return nil
	}, grad)
	return gorgonia.Nodes{gx}, err
}
