package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// Dot is the sum of y*weights over all elements, of any shape. As a cost it
// makes Gorgonia compute a vector-Jacobian product: its gradient is weights.
func Dot(y, weights *gorgonia.Node) (*gorgonia.Node, error) {
	if err := want("Dot", "weights", weights, y.Shape()...); err != nil {
		return nil, err
	}
	o := &Loss{}
	o.define("Dot", nil, func(v [][]float32) error {
		var sum float64
		for i, y := range v[0] {
			sum += float64(y) * float64(v[1][i])
		}
		o.setScalar(sum)
		return nil
	}, y, weights)
	o.symDiff = func(y, weights, grad *gorgonia.Node) (*gorgonia.Node, error) {
		var back *backward
		gy, back, err := gradient("DotGradient", y.Shape(), func(v [][]float32) error {
			pointwise.Scale(back.out, v[1][0], v[0])
			return nil
		}, weights, grad)
		return gy, err
	}
	return apply(o)
}
