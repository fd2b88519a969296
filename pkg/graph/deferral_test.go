package graph

import (
	"slices"
	"testing"

	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// deferredSteps lists when the deferred operations of a program start.
func deferredSteps(p *Program) (steps []int) {
	d := deferrable(p.order)
	for step, n := range p.order {
		if d[n] != nil {
			steps = append(steps, step)
		}
	}
	return steps
}

// TestOperandsOutlastDeferral: the operands of a deferred operation are kept until the next
// deferred operation has started, or the run ends.
func TestOperandsOutlastDeferral(t *testing.T) {
	for _, n := range []network.Network{network.NewUNet(), network.NewResNet()} {
		p, _, _ := training(t, n, 2, 16, 0)
		last := make(map[*op.Output]int)
		for _, r := range p.plan.places {
			last[r.output] = *r.end()
		}
		steps := append(deferredSteps(p), len(p.order))
		convolutions := 0
		for _, n := range p.order {
			if _, ok := n.Op().(*op.ConvOp); ok {
				convolutions++
			}
		}
		if len(steps)-1 != convolutions {
			t.Errorf("%s: %d of %d convolutions defer the gradient of their weights", n.Name(), len(steps)-1, convolutions)
		}
		for i, end := range steps[1:] {
			for _, in := range operands(p.order[steps[i]]) {
				o, ours := owner(in).Op().(op.Operation)
				if !ours {
					continue // an input of the graph
				}
				if got := last[o.Output()]; got < end {
					t.Errorf("%s: step %d's operand %v is kept until step %d only, not %d", n.Name(), steps[i], in, got, end)
				}
			}
		}
	}
}

// TestReplayDefersTheSame: replays, which defer, give the same bits as the first run, on
// Gorgonia's machine, which does not.
func TestReplayDefersTheSame(t *testing.T) {
	p, _, _ := training(t, network.NewResNet(), 3, 16, 0)
	var want [][]float32
	for run := range 4 {
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		for i, step := range deferredSteps(p) {
			got := p.order[step].Value().Data().([]float32)
			if run == 0 {
				want = append(want, slices.Clone(got))
			} else if !slices.Equal(got, want[i]) {
				t.Errorf("run %d: %v differs from the first run's", run, p.order[step])
			}
		}
	}
	for i, g := range want {
		if slices.Max(g) == 0 {
			t.Errorf("gradient %d is zero", i)
		}
	}
}

// TestReadResultsAreNotDeferred: a gradient that another operation reads is complete when
// that operation runs.
func TestReadResultsAreNotDeferred(t *testing.T) {
	p, _, _ := training(t, network.NewResNet(), 1, 8, 0)
	step := deferredSteps(p)[1]
	n := p.order[step]
	sum, err := op.Sum(n, n)
	if err != nil {
		t.Fatal(err)
	}
	if d := deferrable(append(slices.Clone(p.order), sum)); d[n] != nil {
		t.Errorf("%v is deferred, and read by %v", n, sum)
	}
}
