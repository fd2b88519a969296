package graph

import (
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// deferral lists the operations of a graph that a replay leaves for later: those that
// can be, and whose results no other operation reads. One at a time is in progress,
// until the next of them starts or the run ends.
type deferral map[*gorgonia.Node]op.Deferrer

func deferrable(order gorgonia.Nodes) deferral {
	d := make(deferral)
	for _, n := range order {
		if o, ok := n.Op().(op.Deferrer); ok {
			d[n] = o
		}
	}
	for _, n := range order {
		for i, in := range operands(n) {
			if o, ours := n.Op().(op.Operation); !ours || !slices.Contains(o.Output().OrderOnly, i) {
				delete(d, in)
			}
		}
	}
	return d
}
