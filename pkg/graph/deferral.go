package graph

import (
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// deferrable returns the operations that a replay defers: all Deferrers whose results no
// other operation reads. One of them at a time is in progress, until the next one starts
// or the run ends.
func deferrable(order gorgonia.Nodes) map[*gorgonia.Node]op.Deferrer {
	d := make(map[*gorgonia.Node]op.Deferrer)
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
