package network_test

import (
	"math"
	"testing"

	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"

	"multiscale/pkg/kernel/resample"
)

// TestESPCNStartsBilinear: before training, the result is nearly the bilinear enlargement, for every
// seed. The border is left out, because convolutions see zeros there.
func TestESPCNStartsBilinear(t *testing.T) {
	// bend bounds the difference in pixel values. It comes from two tanh of numbers up to 0.15,
	// which are not quite linear, and from the small random weights.
	const bend = 0.02
	for factor := 2; factor <= 3; factor++ {
		for seed := range uint64(5) {
			n := network.NewESPCN()
			n.Factor = factor
			params, err := network.Parameters(n, 3, seed)
			if err != nil {
				t.Fatal(err)
			}
			const side = 9
			x, r := pixel.NewImages(1, 3, side, side), random.New(seed)
			r.Uniforms(x.Data)
			out := side * factor
			got, want := make([]float32, 3*out*out), make([]float32, 3*out*out)
			if err := model.New(n, params, op.MSE).Apply(t.Context(), got, x, nil); err != nil {
				t.Fatal(err)
			}
			resample.Bilinear(want, x.Data, 3, side, side, out, out, 1/float64(factor), 1/float64(factor))
			for i := range want {
				y, x := i/out%out, i%out
				inside := min(x, y) >= factor && max(x, y) < out-factor
				if off := math.Abs(float64(got[i] - want[i])); inside && off > bend {
					t.Fatalf("factor %d, seed %d, pixel (%d,%d): %g, bilinear is %g", factor, seed, x, y, got[i], want[i])
				}
			}
		}
	}
}
