package main

import (
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// cauchy is the mean of log(1+d^2) over each sample, d = y-target.
func cauchy(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return op.Loss("Cauchy", y, target, func(out []float32, in [][]float32) error {
		per := len(in[0]) / len(out)
		for n := range out {
			var sum float64
			for i := n * per; i < (n+1)*per; i++ {
				d := float64(in[0][i] - in[1][i])
				sum += math.Log1p(d * d)
			}
			out[n] = float32(sum / float64(per))
		}
		return nil
	}, func(out []float32, in [][]float32) error { // in[2] is the gradient of each sample's loss
		per := len(in[0]) / len(in[2])
		for i := range out {
			d := in[0][i] - in[1][i]
			out[i] = in[2][i/per] * 2 * d / (1 + d*d) / float32(per)
		}
		return nil
	})
}
