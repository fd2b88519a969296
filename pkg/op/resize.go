package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/resample"
)

// Interpolation names a way to resize images.
type Interpolation string

// The interpolations, as in PyTorch: Nearest takes the pixel at the floor of
// the scaled index; Bilinear has half-pixel centres (align_corners false) and
// no antialiasing.
const (
	Nearest  Interpolation = "nearest"
	Bilinear Interpolation = "bilinear"
)

// ResizeOp resizes images, by a factor or to a size.
type ResizeOp struct {
	Base
	Mode Interpolation
	// Factor is the ratio of output to input side, or 0 after ResizeTo.
	Factor float64

	in, to         image
	scaleH, scaleW float64
}

// Resize resizes x (N,C,H,W) by factor > 0. The sides of the result are rounded down.
func Resize(x *gorgonia.Node, mode Interpolation, factor float64) (*gorgonia.Node, error) {
	in, err := imageOf("Resize", x)
	if err != nil {
		return nil, err
	}
	if !(factor > 0) {
		return nil, fmt.Errorf("Resize: factor %v is not positive", factor)
	}
	to := image{in.n, in.c, int(float64(in.h) * factor), int(float64(in.w) * factor)}
	return resize(x, in, to, mode, factor, 1/factor, 1/factor)
}

// ResizeTo resizes x (N,C,H,W) to (N,C,h,w).
func ResizeTo(x *gorgonia.Node, mode Interpolation, h, w int) (*gorgonia.Node, error) {
	in, err := imageOf("Resize", x)
	if err != nil {
		return nil, err
	}
	return resize(x, in, image{in.n, in.c, h, w}, mode, 0, float64(in.h)/float64(h), float64(in.w)/float64(w))
}

func resize(x *gorgonia.Node, in, to image, mode Interpolation, factor, scaleH, scaleW float64) (*gorgonia.Node, error) {
	if to.h < 1 || to.w < 1 {
		return nil, fmt.Errorf("Resize: %dx%d cannot become %dx%d", in.h, in.w, to.h, to.w)
	}
	if mode != Nearest && mode != Bilinear {
		return nil, fmt.Errorf("Resize: unknown interpolation %q", mode)
	}
	o := &ResizeOp{Mode: mode, Factor: factor, in: in, to: to, scaleH: scaleH, scaleW: scaleW}
	return add(o, "Resize", to.shape(), func(out []float32, v [][]float32) {
		planes := in.n * in.c
		if mode == Nearest {
			resample.NearestScaled(out, v[0], planes, in.h, in.w, to.h, to.w, scaleH, scaleW)
		} else {
			resample.Bilinear(out, v[0], planes, in.h, in.w, to.h, to.w, scaleH, scaleW)
		}
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *ResizeOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("ResizeGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		planes := o.in.n * o.in.c
		if o.Mode == Nearest {
			resample.NearestScaledBackward(out, v[0], planes, o.in.h, o.in.w, o.to.h, o.to.w, o.scaleH, o.scaleW)
		} else {
			resample.BilinearBackward(out, v[0], planes, o.in.h, o.in.w, o.to.h, o.to.w, o.scaleH, o.scaleW)
		}
	}, grad))
}

// Size returns the sides of the result.
func (o *ResizeOp) Size() (h, w int) { return o.to.h, o.to.w }
