package model

import (
	"runtime"
	"testing"
	"weak"

	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
)

// TestMemoryIsGivenBack: nothing keeps the activations of a model that is no
// longer in use, neither Gorgonia nor the kernels' own memory.
func TestMemoryIsGivenBack(t *testing.T) {
	for _, n := range []network.Network{
		network.ResNet{Out: 3, Hidden: 32, Blocks: 1, Time: true},
		network.UNet{Out: 3, Base: 16, Multipliers: []int{1, 2}, Blocks: 1, Attention: []int{2}, Heads: 2, Groups: 16, Dropout: 0.5},
		network.NewESPCN(),
	} {
		block := weak.Make(evaluate(t, n))
		// Gorgonia's machines have finalizers and pools two generations, which
		// takes three collections; one more is no harm.
		for range 4 {
			runtime.GC()
		}
		if block.Value() != nil {
			t.Errorf("%s: the activations are still alive", n.Name())
		}
	}
}

// evaluate returns a place in the activations of a model that nobody has any
// more.
func evaluate(t *testing.T, n network.Network) *float32 {
	t.Helper()
	set, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := New(n, set, op.MSE)
	const images, side = 2, 16
	b := mesh.Batch{Input: pixel.NewImages(images, 3, side, side), T: make([]float32, images), Samples: make([]uint64, images),
		Target: pixel.NewImages(images, 3, n.Scale()*side, n.Scale()*side)}
	if _, err := m.AddGradient(t.Context(), make([]float32, set.Len()), b, 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.programs {
		return &floats(p.y)[0]
	}
	return nil
}
