package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pad"
)

// Border is the number of pixels to add at each side of an image.
type Border struct{ Left, Right, Top, Bottom int }

// PadOp enlarges images by a border of reflected or replicated pixels.
type PadOp struct {
	Base
	Border
	Mode pad.Mode

	size pad.Shape
}

// Pad adds a border to x (N,C,H,W). pad.Reflect mirrors the image without repeating its outermost
// pixels; the border must be narrower than the image. pad.Replicate copies the outermost pixel.
func Pad(x *gorgonia.Node, mode pad.Mode, b Border) (*gorgonia.Node, error) {
	in, err := imageOf("Pad", x)
	if err != nil {
		return nil, err
	}
	if min(b.Left, b.Right, b.Top, b.Bottom) < 0 {
		return nil, fmt.Errorf("Pad: a border of %+v pixels", b)
	}
	if mode == pad.Reflect && (max(b.Left, b.Right) >= in.w || max(b.Top, b.Bottom) >= in.h) {
		return nil, fmt.Errorf("Pad: %dx%d pixels cannot be reflected at a border of %+v", in.h, in.w, b)
	}
	o := &PadOp{Border: b, Mode: mode}
	o.size = pad.Shape{Planes: in.n * in.c, H: in.h, W: in.w, Left: b.Left, Right: b.Right, Top: b.Top, Bottom: b.Bottom, Mode: mode}
	return add(o, "Pad", image{in.n, in.c, o.size.OutH(), o.size.OutW()}.shape(), func(out []float32, v [][]float32) {
		pad.Forward(out, v[0], o.size)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *PadOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("PadGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		pad.Gradient(out, v[0], o.size)
	}, grad))
}
