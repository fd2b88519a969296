package op

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/batchnorm"
)

// BatchNormOp normalises each channel, in training with the statistics of the batch, otherwise with running statistics.
type BatchNormOp struct {
	Base
	Eps      float32
	Training bool

	size           batchnorm.Shape
	mean, variance []float32 // of the last batch, in training
}

// BatchNorm normalises the channels of x (N,C,H,W) (Ioffe and Szegedy 2015):
//
//	y[n,c,i,j] = gamma[c]*(x[n,c,i,j]-m[c])/sqrt(v[c]+eps) + beta[c]
//
// In training m and v are the mean and the biased variance over N, H and W, and the gradient takes their dependence on x
// into account. Otherwise m and v are the operands mean and variance, which have no gradient. gamma, beta, mean and
// variance have the shape (C).
func BatchNorm(x, gamma, beta, mean, variance *gorgonia.Node, eps float32, training bool) (*gorgonia.Node, error) {
	in, err := imageOf("BatchNorm", x)
	if err != nil {
		return nil, err
	}
	for i, name := range []string{"gamma", "beta", "mean", "variance"} {
		if err := want("BatchNorm", name, []*gorgonia.Node{gamma, beta, mean, variance}[i], in.c); err != nil {
			return nil, err
		}
	}
	o := &BatchNormOp{Eps: eps, Training: training, size: batchnorm.Shape{N: in.n, C: in.c, HW: in.hw()}}
	o.mean, o.variance = make([]float32, in.c), make([]float32, in.c)
	return add(o, "BatchNorm", x.Shape(), func(out []float32, v [][]float32) {
		mean, variance := v[3], v[4]
		if training {
			mean, variance = o.mean, o.variance
			batchnorm.Statistics(mean, variance, v[0], o.size)
		}
		batchnorm.Forward(out, v[0], v[1], v[2], mean, variance, o.size, float64(eps))
	}, x, gamma, beta, mean, variance)
}

// Follow moves running statistics (C) towards the statistics of the last training batch:
//
//	mean     = (1-momentum)*mean     + momentum*(mean of the batch)
//	variance = (1-momentum)*variance + momentum*(unbiased variance of the batch)
//
// It is an error if the batch has only one value per channel.
func (o *BatchNormOp) Follow(mean, variance []float32, momentum float64) error {
	n := float64(o.size.N * o.size.HW)
	if n < 2 {
		return fmt.Errorf("%s: one value a channel has no variance", o)
	}
	for c := range mean {
		mean[c] = float32(float64((1-momentum)*float64(mean[c])) + float64(momentum*float64(o.mean[c])))
		variance[c] = float32(float64((1-momentum)*float64(variance[c])) + momentum*float64(o.variance[c])*n/(n-1))
	}
	return nil
}

// DiffWRT implements gorgonia.SDOp.
func (o *BatchNormOp) DiffWRT(int) []bool { return []bool{true, true, true, false, false} }

// SymDiff implements gorgonia.SDOp.
func (o *BatchNormOp) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gGamma, gBeta := make([]float32, o.size.C), make([]float32, o.size.C)
	gx, err := addGradient("BatchNormGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		mean, variance := v[4], v[5]
		if o.Training {
			mean, variance = o.mean, o.variance
		}
		batchnorm.Backward(out, gGamma, gBeta, v[1], v[2], v[3], mean, variance, o.size, float64(o.Eps), !o.Training)
	}, out, grad, in[0], in[1], in[3], in[4])
	if err != nil {
		return nil, err
	}
	OrderOnly(gx, 0) // gx reads the statistics that the forward pass has stored
	grads, err := withExtras(gx, o.size.C, gGamma, gBeta)
	return append(grads, nil, nil), err
}
