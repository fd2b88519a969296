// Package distinct keeps the nodes of Gorgonia graphs apart. Gorgonia takes two nodes for one
// if their 32-bit hashes agree, whatever they compute: of graphs with 700 nodes, one in
// some 17000 would be computed wrongly, or not at all.
package distinct

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Check names two nodes of g that Gorgonia would take for one another, if there are such.
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

// attempts is more than chance needs: what is alike after so many is alike by construction.
const attempts = 4

// Build calls build until Gorgonia can tell all nodes of the graph apart. Each time, the
// graph must have other names, or operations with other numbers in their hashes, where that is
// possible: what ends alike keeps equal hashes, so the difference must not come last.
// The error is that of build, or the last one of Check.
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
