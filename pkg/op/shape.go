package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// image is the shape of an operand in NCHW order.
type image struct{ n, c, h, w int }

// imageOf returns the shape of an operand of rank 4 (N,C,H,W), 3 (N,C,T) or 2 (N,C). Missing
// dimensions are 1.
func imageOf(kind string, x *gorgonia.Node) (image, error) {
	s := x.Shape()
	if len(s) < 2 || len(s) > 4 {
		return image{}, fmt.Errorf("%s: operand %s has shape %v, want (N,C,H,W)", kind, x.Name(), s)
	}
	d := [4]int{1, 1, 1, 1}
	copy(d[:], s)
	return image{d[0], d[1], d[2], d[3]}, nil
}

func (i image) hw() int             { return i.h * i.w }
func (i image) shape() tensor.Shape { return tensor.Shape{i.n, i.c, i.h, i.w} }

// want checks the shape of an operand.
func want(kind, role string, x *gorgonia.Node, shape ...int) error {
	if s, want := x.Shape(), tensor.Shape(shape); !s.Eq(want) {
		return fmt.Errorf("%s: %s %s has shape %v, want %v", kind, role, x.Name(), s, want)
	}
	return nil
}
