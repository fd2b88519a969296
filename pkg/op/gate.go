package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/channel"
)

// GateOp multiplies the two halves of the channels with each other.
type GateOp struct {
	Base
	out image
}

// Gate returns the first half of the channels of x (N,2C,H,W) times the second half, (N,C,H,W): the SimpleGate
// of NAFNet (Chen et al. 2022).
func Gate(x *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("Gate", x)
	if err != nil {
		return nil, err
	}
	if in.c%2 != 0 {
		return nil, fmt.Errorf("Gate: %d channels cannot be halved", in.c)
	}
	o := &GateOp{out: image{in.n, in.c / 2, in.h, in.w}}
	s := x.Shape()
	s[1] /= 2
	return add(o, "Gate", s, func(out []float32, v [][]float32) {
		channel.Gate(out, v[0], o.out.n, o.out.c, o.out.hw())
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *GateOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("GateGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		channel.GateGradient(out, v[0], v[1], o.out.n, o.out.c, o.out.hw())
	}, grad, in[0]))
}

// ScaleOp multiplies channels by factors.
type ScaleOp struct {
	Base
	in image
}

// Scale returns x*factor for x (N,C,H,W). factor has the shape (N,C,1,1), with a factor for each channel of each
// image, or (1,C,1,1), with a factor for each channel.
func Scale(x, factor *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("Scale", x)
	if err != nil {
		return nil, err
	}
	if s := factor.Shape(); len(s) != 4 || s[0] != 1 && s[0] != in.n || s[1] != in.c || s[2]*s[3] != 1 {
		return nil, fmt.Errorf("Scale: factor %s has shape %v, want (%d,%d,1,1) or (1,%d,1,1)", factor.Name(), s, in.n, in.c, in.c)
	}
	o := &ScaleOp{in: in}
	return add(o, "Scale", x.Shape(), func(out []float32, v [][]float32) {
		channel.Scale(out, v[0], v[1], in.n, in.c, in.hw())
	}, x, factor)
}

// SymDiff implements gorgonia.SDOp.
func (o *ScaleOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	s := o.in
	gx, err := addGradient("ScaleGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		channel.Scale(out, v[0], v[1], s.n, s.c, s.hw())
	}, grad, in[1])
	if err != nil {
		return nil, err
	}
	gFactor, err := addGradient("FactorGradient", in[1].Shape(), func(out []float32, v [][]float32) {
		channel.FactorGradient(out, v[0], v[1], s.n, s.c, s.hw())
	}, grad, in[0])
	return gorgonia.Nodes{gx, gFactor}, err
}
