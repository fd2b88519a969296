package graph

import (
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/random"
)

// training compiles a network's graph with the gradients of all parameters, within a budget of
// bytes; 0 means no limit. Inputs are random.
func training(t *testing.T, n network.Network, batch, side int, bytes int64) (p *Program, losses *gorgonia.Node, gradients gorgonia.Nodes) {
	t.Helper()
	set, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := layer.NewBuilder(set, true)
	b.Sampling.Samples = make([]uint64, batch)
	x, target, time := b.Input("x", batch, 3, side, side), b.Input("target", batch, 3, side, side), b.Input("t", batch)
	y := n.Build(b, x, time)
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	if losses, err = op.MSE(y, target); err != nil {
		t.Fatal(err)
	}
	cost, err := op.Mean(losses)
	if err != nil {
		t.Fatal(err)
	}
	params, err := b.ParamNodes()
	if err != nil {
		t.Fatal(err)
	}
	if gradients, err = gorgonia.Grad(cost, params...); err != nil {
		t.Fatal(err)
	}
	r := random.New(1)
	for _, in := range []*gorgonia.Node{x, target, time} {
		r.Normals(in.Value().Data().([]float32))
	}
	p, err = CompileWithin(Budget{bytes, losses}, b.Graph, new(Arena), append(gorgonia.Nodes{losses}, gradients...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p, losses, gradients
}

// TestPlan: results that are in use at the same time do not overlap, no result
// is read before it is computed, and training takes much less memory than all
// results together.
func TestPlan(t *testing.T) {
	for _, tc := range []struct {
		network network.Network
		// most bounds the plan's size, as a fraction of all results' memory. A training
		// graph keeps what its backward pass reads, about half.
		most float64
	}{
		{network.NewUNet(), 0.5},
		{network.NewResNet(), 0.6},
	} {
		p, _, _ := training(t, tc.network, 2, 32, 0)
		sum := 0
		for i, a := range p.plan.places {
			sum += a.output.Len
			for _, s := range a.spans {
				if s.last < s.first {
					t.Errorf("%s: a result is in use from step %d to %d", tc.network.Name(), s.first, s.last)
				}
			}
			if a.offset+a.output.Len > p.plan.size {
				t.Errorf("%s: a result ends beyond the block", tc.network.Name())
			}
			for _, b := range p.plan.places[:i] {
				overlap := a.offset < b.offset+b.output.Len && b.offset < a.offset+a.output.Len
				if a.meets(b) && overlap {
					t.Errorf("%s: results of steps %d and %d overlap", tc.network.Name(), a.spans[0].first, b.spans[0].first)
				}
			}
		}
		ratio := float64(p.plan.size) / float64(sum)
		t.Logf("%s: %d results, %.1f MB, planned into %.1f MB: %.2f of it", tc.network.Name(), len(p.plan.places), float64(sum)*4e-6, float64(p.Bytes())*1e-6, ratio)
		if ratio > tc.most {
			t.Errorf("%s: the plan takes %.2f of all results' memory, more than %.2f", tc.network.Name(), ratio, tc.most)
		}
	}
}
