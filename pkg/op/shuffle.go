package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/resample"
)

// PixelShuffleOp moves channels to pixels; see PixelShuffle.
type PixelShuffleOp struct {
	Base
	R int

	in image
}

// PixelShuffle rearranges x (N,C*r*r,H,W) to (N,C,H*r,W*r). Channel c*r*r + i*r + j becomes
// the pixels of channel c whose row is i and whose column is j modulo r.
func PixelShuffle(x *gorgonia.Node, r int) (*gorgonia.Node, error) {
	in, err := imageOf("PixelShuffle", x)
	if err != nil {
		return nil, err
	}
	if r < 1 || in.c%(r*r) != 0 {
		return nil, fmt.Errorf("PixelShuffle: %d channels are no multiple of %d", in.c, r*r)
	}
	o := &PixelShuffleOp{R: r, in: in}
	c := in.c / (r * r)
	return add(o, "PixelShuffle", image{in.n, c, in.h * r, in.w * r}.shape(), func(out []float32, v [][]float32) {
		resample.PixelShuffle(out, v[0], in.n, c, in.h, in.w, r)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *PixelShuffleOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size := o.in
	return only(addGradient("PixelShuffleGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		resample.PixelShuffleBackward(out, v[0], size.n, size.c/(o.R*o.R), size.h, size.w, o.R)
	}, grad))
}

// PixelUnshuffleOp moves pixels to channels; see PixelUnshuffle.
type PixelUnshuffleOp struct {
	Base
	R int

	in image
}

// PixelUnshuffle rearranges x (N,C,H*r,W*r) to (N,C*r*r,H,W), the inverse of PixelShuffle.
func PixelUnshuffle(x *gorgonia.Node, r int) (*gorgonia.Node, error) {
	in, err := imageOf("PixelUnshuffle", x)
	if err != nil {
		return nil, err
	}
	if r < 1 || in.h%r != 0 || in.w%r != 0 {
		return nil, fmt.Errorf("PixelUnshuffle: the sides of %dx%d pixels are no multiples of %d", in.h, in.w, r)
	}
	o := &PixelUnshuffleOp{R: r, in: in}
	return add(o, "PixelUnshuffle", image{in.n, in.c * r * r, in.h / r, in.w / r}.shape(), func(out []float32, v [][]float32) {
		resample.PixelShuffleBackward(out, v[0], in.n, in.c, in.h/r, in.w/r, r)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *PixelUnshuffleOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	size := o.in
	return only(addGradient("PixelUnshuffleGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		resample.PixelShuffle(out, v[0], size.n, size.c, size.h/o.R, size.w/o.R, o.R)
	}, grad))
}
