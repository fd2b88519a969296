package op

import "gorgonia.org/gorgonia"

// Mean is the mean of all elements of x, a scalar. It makes the loss of a batch from the
// losses of its samples.
func Mean(x *gorgonia.Node) (*gorgonia.Node, error) {
	o := &mean{}
	return add(o, "Mean", nil, func(out []float32, v [][]float32) {
		var sum float64
		for _, x := range v[0] {
			sum += float64(x)
		}
		out[0] = float32(sum / float64(len(v[0])))
	}, x)
}

type mean struct{ Base }

// SymDiff implements gorgonia.SDOp.
func (o *mean) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return only(addGradient("MeanGradient", in[0].Shape(), func(out []float32, v [][]float32) {
		share := v[0][0] / float32(len(out))
		for i := range out {
			out[i] = share
		}
	}, grad))
}
