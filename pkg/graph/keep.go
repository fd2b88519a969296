package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// protect keeps the nodes of keep in use until the end of a run. Gorgonia's own operations may write their
// result over an operand that no later operation uses.
func protect(g *gorgonia.ExprGraph, keep gorgonia.Nodes) error {
	nodes := g.AllNodes()
	computed := func(n *gorgonia.Node) bool { return n.Op() != nil && n.Op().Arity() > 0 } // no input or constant
	if !slices.ContainsFunc(nodes, func(n *gorgonia.Node) bool { return stock(n) && computed(n) }) {
		return nil
	}
	k := &keeper{}
	var inputs gorgonia.Nodes
	use := func(n *gorgonia.Node) {
		if !slices.Contains(inputs, n) {
			inputs = append(inputs, n)
		}
	}
	for _, n := range keep {
		for _, m := range sharing(n) {
			use(m)
		}
	}
	// Results that nothing uses are operands, too, so that the keeper runs after all operations.
	for _, n := range nodes {
		if computed(n) && g.To(n.ID()).Len() == 0 {
			use(n)
		}
	}
	k.Define("Keep", nil, nil, inputs...)
	if _, err := op.Apply(k); err != nil {
		return fmt.Errorf("graph: keeping results: %w", err)
	}
	return nil
}

// sharing returns n and all nodes whose memory may hold its value.
func sharing(n *gorgonia.Node) gorgonia.Nodes {
	nodes := gorgonia.Nodes{n}
	for i := 0; i < len(nodes); i++ {
		if stock(nodes[i]) {
			nodes = append(nodes, stockOperands(nodes[i])...)
		}
	}
	return nodes
}

// keeper is an operation whose operands stay in use until it runs. It reads none of them.
type keeper struct {
	op.Base
	done gorgonia.F32
}

// Do implements gorgonia.Op.
func (k *keeper) Do(...gorgonia.Value) (gorgonia.Value, error) { return &k.done, nil }

// Again implements op.Operation.
func (k *keeper) Again() error { return nil }
