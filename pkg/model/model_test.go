package model_test

import (
	"math"
	"testing"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

func batch(n, side int, seed uint64) mesh.Batch {
	r := random.New(seed)
	b := mesh.Batch{Input: mesh.NewImages(n, 3, side, side), Target: mesh.NewImages(n, 3, side, side),
		T: make([]float32, n), Samples: make([]uint64, n)}
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	for i := range b.Samples {
		b.Samples[i] = uint64(i)
	}
	return b
}

func newModel(t testing.TB, n network.Network) *model.Model {
	t.Helper()
	set, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Values away from the zeros of the initialisation, so that all gradients matter.
	r := random.New(2)
	for i := range set.Values() {
		set.Values()[i] += 0.03 * r.Normal()
	}
	set.Changed()
	return model.New(n, set, op.MSE)
}

func smallUNet() network.UNet {
	u := network.NewUNet()
	u.Base, u.Multipliers, u.Attention, u.Heads = 16, []int{1, 2}, []int{2}, 2
	return u
}

// TestGradientDirection compares the gradient with the difference quotient of
// the loss along the gradient itself, where rounding of the float32 loss
// matters least.
func TestGradientDirection(t *testing.T) {
	for _, n := range []network.Network{
		network.ResNet{Out: 3, Hidden: 16, Blocks: 2, Time: true},
		network.ResNet{Out: 3, Hidden: 10, Blocks: 1},
		smallUNet(),
	} {
		m := newModel(t, n)
		b := batch(3, 8, 5)
		g := make([]float32, m.Params.Len())
		if _, err := m.AddGradient(t.Context(), g, 1, b, 9); err != nil {
			t.Fatal(err)
		}
		norm := math.Sqrt(pointwise.SquaredNorm(g))
		const step = 5e-3
		at := func(h float64) float64 {
			pointwise.Axpy(m.Params.Values(), float32(h/norm), g)
			m.Params.Changed()
			loss, err := m.AddGradient(t.Context(), make([]float32, len(g)), 1, b, 9)
			if err != nil {
				t.Fatal(err)
			}
			pointwise.Axpy(m.Params.Values(), float32(-h/norm), g)
			return loss
		}
		got := (at(step) - at(-step)) / (2 * step)
		if rel := math.Abs(got-norm) / norm; rel > 2e-3 {
			t.Errorf("%s: slope along the gradient %g, norm of the gradient %g: relative difference %g", n.Name(), got, norm, rel)
		}
	}
}
