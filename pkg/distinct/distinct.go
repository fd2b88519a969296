// Package distinct builds Gorgonia graphs whose nodes have distinct hashes. Gorgonia merges
// two nodes with equal 32-bit hashes, even if they compute different things: about one graph of 700 nodes in
// 17000 would be computed wrongly.
package distinct

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Check returns an error that names two nodes of g with equal hashes, or nil.
func Check(g *gorgonia.ExprGraph) error {
	seen := make(map[uint32]*gorgonia.Node)
	for _, n := range g.AllNodes() {
		h := n.Hashcode()
		if other := seen[h]; other != nil {
			return fmt.Errorf("nodes %v and %v have the same hash: build the graph again, with other names", other, n)
		}
		seen[h] = n
	}
	return nil
}

// attempts is the number of builds: nodes with equal hashes in four of them are equal by
// construction, not by chance.
const attempts = 4

// Build calls build until the nodes of its graph have distinct hashes. Each attempt must give
// nodes other names, or operations other numbers in their hashes. The difference must not be
// at the end of what is hashed, for equal ends preserve equal hashes. The error is that
// of build, or the last one of Check.
func Build(build func(attempt int) (*gorgonia.ExprGraph, error)) (err error) {
	for i := range attempts {
		g, failed := build(i)
		if failed != nil {
			return failed
		}
		if err = Check(g); err == nil {
			return nil
		}
	}
	return err
}
