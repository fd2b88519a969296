package graph

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// small networks, whose results take more memory than their weights.
var small = []network.Network{
	network.UNet{Base: 8, Multipliers: []int{1, 2}, Blocks: 1, Heads: 1, Groups: 4, Dropout: 0.5},
	network.ResNet{Hidden: 8, Blocks: 2, Time: true},
	network.NAFNet{Width: 4, Blocks: []int{1}, Middle: 1, Up: []int{1}},
}

const side = 32

// TestBudget: with a budget, a graph takes less memory and recomputes results, and gives the
// same bits in every run, also after its arena has moved.
func TestBudget(t *testing.T) {
	results := func(losses *gorgonia.Node, gradients gorgonia.Nodes) (all [][]float32) {
		for _, n := range append(gorgonia.Nodes{losses}, gradients...) {
			all = append(all, slices.Clone(n.Value().Data().([]float32)))
		}
		return all
	}
	for _, n := range small {
		free, losses, gradients := training(t, n, 1, side, 0)
		if err := free.Run(); err != nil {
			t.Fatal(err)
		}
		want := results(losses, gradients)
		if free.Again() != 0 {
			t.Errorf("%s: %v is computed again without a budget", n.Name(), free.Again())
		}
		for _, share := range []float64{0.95, 0.8, 0.01} {
			t.Run(fmt.Sprintf("%s %v", n.Name(), share), func(t *testing.T) {
				budget := int64(share * float64(free.Bytes()))
				p, losses, gradients := training(t, n, 1, side, budget)
				t.Logf("%d of %d bytes, %.2f of the forward part again", p.Bytes(), free.Bytes(), p.Again())
				if p.Bytes() > budget && share > 0.9 || p.Bytes() >= free.Bytes() || p.Again() <= 0 || p.Again() > 1 {
					t.Errorf("%d bytes with a budget of %d, %d without; %v is computed again", p.Bytes(), budget, free.Bytes(), p.Again())
				}
				for run := range 3 {
					if run == 2 {
						p.steps = nil // as after the arena has moved
					}
					if err := p.Run(); err != nil {
						t.Fatal(err)
					}
					for i, got := range results(losses, gradients) {
						if !slices.Equal(got, want[i]) {
							t.Fatalf("run %d: result %d differs from the one without a budget", run, i)
						}
					}
				}
				if err := p.Check(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestBudgetIsKept: a plan exceeds its budget only where no plan fits it.
func TestBudgetIsKept(t *testing.T) {
	for _, n := range small {
		free, _, _ := training(t, n, 1, side, 0)
		type plan struct{ budget, bytes int64 }
		var plans []plan
		smallest := free.Bytes()
		for percent := int64(40); percent < 100; percent++ {
			budget := free.Bytes() * percent / 100
			p, _, _ := training(t, n, 1, side, budget)
			plans = append(plans, plan{budget, p.Bytes()})
			smallest = min(smallest, p.Bytes())
		}
		for _, p := range plans {
			if p.bytes > p.budget && smallest <= p.budget {
				t.Errorf("%s: %d bytes with a budget of %d; %d are possible", n.Name(), p.bytes, p.budget, smallest)
			}
		}
	}
}

// TestScheduleReadsWhatIsThere: every result that a step reads is in use then, and results that
// are in use at the same time do not overlap.
func TestScheduleReadsWhatIsThere(t *testing.T) {
	p, _, _ := training(t, small[0], 1, side, 1)
	places := map[*op.Output]*place{}
	for _, r := range p.plan.places {
		places[r.output] = r
	}
	for step, n := range p.schedule {
		for _, in := range read(n) {
			o, ours := in.Op().(op.Operation)
			if !ours {
				continue // an input or a constant
			}
			r := places[o.Output()]
			if r != nil && !slices.ContainsFunc(r.spans, func(s span) bool { return s.first < step && step <= s.last }) {
				t.Errorf("step %d, %v, reads %v, which is not kept then", step, n, in)
			}
		}
	}
	for i, a := range p.plan.places {
		for _, b := range p.plan.places[:i] {
			if a.meets(b) && a.offset < b.offset+b.output.Len && b.offset < a.offset+a.output.Len {
				t.Errorf("results in use from steps %v and %v overlap", a.spans, b.spans)
			}
		}
	}
}
