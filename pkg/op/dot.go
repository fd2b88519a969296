package op

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
)

// Dot is the sum of y*weights over all elements, of any shape. Its gradient with respect to y
// is weights, so that with Dot as the cost Gorgonia computes a vector-Jacobian product.
func Dot(y, weights *gorgonia.Node) (*gorgonia.Node, error) {
	if err := want("Dot", "weights", weights, y.Shape()...); err != nil {
		return nil, err
	}
	return loss("Dot", nil, y, weights, func(out []float32, v [][]float32) error {
		var sum float64
		for i, y := range v[0] {
			sum += float64(float64(y) * float64(v[1][i]))
		}
		out[0] = float32(sum)
		return nil
	}, func(out []float32, v [][]float32) error {
		pointwise.Scale(out, v[2][0], v[1])
		return nil
	})
}
