package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/channel"
	"multiscale/pkg/kernel/pool"
)

// MaxPoolOp is the maximum over windows of Kernel x Kernel pixels.
type MaxPoolOp struct {
	Base
	Kernel, Stride, Padding int

	size pool.Shape
}

// MaxPool takes maxima over windows of kernel x kernel pixels of x (N,C,H,W), stride apart. padding
// enlarges each side of the image by at most kernel/2 pixels, which never are the maximum. Windows that
// do not fit are dropped. The gradient goes to the maximum, the first one of equal pixels.
func MaxPool(x *gorgonia.Node, kernel, stride, padding int) (*gorgonia.Node, error) {
	in, err := imageOf("MaxPool", x)
	if err != nil {
		return nil, err
	}
	if kernel < 1 || stride < 1 || padding < 0 || padding > kernel/2 {
		return nil, fmt.Errorf("MaxPool: kernel %d, stride %d, padding %d: want padding at most half the kernel", kernel, stride, padding)
	}
	if in.h+2*padding < kernel || in.w+2*padding < kernel {
		return nil, fmt.Errorf("MaxPool: %dx%d windows do not fit into %dx%d pixels", kernel, kernel, in.h, in.w)
	}
	o := &MaxPoolOp{Kernel: kernel, Stride: stride, Padding: padding}
	o.size = pool.Shape{Planes: in.n * in.c, H: in.h, W: in.w, Kernel: kernel, Stride: stride, Padding: padding}
	return add(o, "MaxPool", image{in.n, in.c, o.size.OutH(), o.size.OutW()}.shape(), func(out []float32, v [][]float32) {
		pool.Max(out, v[0], o.size)
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *MaxPoolOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("MaxPoolGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		pool.MaxGradient(out, v[0], v[1], o.size)
	}, grad, in[0]))
}

// GlobalAveragePoolOp is the mean over all pixels.
type GlobalAveragePoolOp struct {
	Base
	in image
}

// GlobalAveragePool takes the mean over the pixels of each channel of x (N,C,H,W): (N,C,1,1).
func GlobalAveragePool(x *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := imageOf("GlobalAveragePool", x)
	if err != nil {
		return nil, err
	}
	o := &GlobalAveragePoolOp{in: in}
	return add(o, "GlobalAveragePool", image{in.n, in.c, 1, 1}.shape(), func(out []float32, v [][]float32) {
		channel.Mean(out, v[0], in.n, in.c, in.hw())
	}, x)
}

// SymDiff implements gorgonia.SDOp.
func (o *GlobalAveragePoolOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	s := o.in
	return only(addGradient("GlobalAveragePoolGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		channel.MeanGradient(out, v[0], s.n, s.c, s.hw())
	}, grad))
}
