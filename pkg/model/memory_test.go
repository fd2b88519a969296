package model

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"weak"

	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestMemoryIsGivenBack: the activations of an unused model are collected. Neither Gorgonia nor
// the kernels' pools keep them alive.
func TestMemoryIsGivenBack(t *testing.T) {
	for _, n := range []network.Network{
		network.ResNet{Out: 3, Hidden: 32, Blocks: 1, Time: true},
		network.UNet{Out: 3, Base: 16, Multipliers: []int{1, 2}, Blocks: 1, Attention: []int{2}, Heads: 2, Groups: 16, Dropout: 0.5},
		network.NewESPCN(),
	} {
		block := weak.Make(evaluate(t, n))
		// Gorgonia's machines have finalizers and pools have two generations, which takes three
		// collections; one more does no harm.
		for range 4 {
			runtime.GC()
		}
		if block.Value() != nil {
			t.Errorf("%s: the activations are still alive", n.Name())
		}
	}
}

// TestSameWithinAnyMemory: the gradient of a single image does not depend on the memory budget,
// which decides what is kept and what is recomputed.
func TestSameWithinAnyMemory(t *testing.T) {
	n := network.UNet{Base: 8, Multipliers: []int{1, 2}, Blocks: 1, Heads: 1, Groups: 4, Dropout: 0.5}
	const side = 32
	b := mesh.Batch{Input: pixel.NewImages(1, 3, side, side), Target: pixel.NewImages(1, 3, side, side), T: []float32{0.3}, Samples: []uint64{5}}
	r := random.New(1)
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	var want []float32
	for _, memory := range []int64{math.MaxInt64, 1 << 20, 900 << 10, 1} {
		set, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		m := New(n, set, op.MSE)
		m.Memory = memory
		cost, err := m.Cost(1, 3, side, side)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, set.Len())
		step := func() {
			parts, to := [...]mesh.Part{{Batch: b, Weight: 1, Key: 7}}, [...][]float32{got}
			if err := m.Gradients(t.Context(), to[:], parts[:], false); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if want == nil {
			want = slices.Clone(got)
		}
		if (memory == math.MaxInt64) != (cost.Again == 0) {
			t.Errorf("with %d bytes %v of the forward pass is computed again", memory, cost.Again)
		}
		step()
		if !slices.Equal(got, want) {
			t.Errorf("with %d bytes (%d are taken, %.2f of the forward pass again) the gradient is another", memory, cost.Bytes, cost.Again)
		}
	}
}

// evaluate returns a pointer into the activations of a model that nothing else refers to.
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
