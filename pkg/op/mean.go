package op

import "gorgonia.org/gorgonia"

// Mean is the mean of all elements of x, a scalar: the cost of a batch from the
// costs of its samples.
func Mean(x *gorgonia.Node) (*gorgonia.Node, error) {
	o := &mean{}
	o.define("Mean", nil, func(v [][]float32) error {
		var sum float64
		for _, x := range v[0] {
			sum += float64(x)
		}
		o.setScalar(sum / float64(len(v[0])))
		return nil
	}, x)
	return apply(o)
}

type mean struct{ operation }

// DiffWRT implements gorgonia.SDOp.
func (o *mean) DiffWRT(n int) []bool { return all(n) }

// SymDiff implements gorgonia.SDOp.
func (o *mean) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	var back *backward
	gx, back, err := gradient("MeanGradient", in[0].Shape(), func(v [][]float32) error {
		share := v[0][0] / float32(len(back.out))
		for i := range back.out {
			back.out[i] = share
		}
		return nil
	}, grad)
	return gorgonia.Nodes{gx}, err
}
