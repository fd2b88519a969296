package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/op"
)

// Anomaly is the error of a run in which a NaN or an infinity appeared.
type Anomaly struct {
	// Node is its origin: the first operation, in order of execution, with a result
	// that is not finite, or an input of the graph.
	Node *gorgonia.Node
}

// Error implements error. It names the operation, the shape of its result and the nearest
// input of the graph, which tells the layer.
func (a *Anomaly) Error() string {
	const what = "the first NaN or infinity"
	if a.Node.Op() == nil {
		return fmt.Sprintf("%s is in %s, from the start", what, a.Node.Name())
	}
	kind := a.Node.Op().String()
	if o, ours := a.Node.Op().(op.Operation); ours {
		kind = o.Kind()
	}
	return fmt.Sprintf("%s is a result of %s near %s, of shape %v", what, kind, nearestInput(a.Node), a.Node.Shape())
}

// nearestInput is the name of the graph's input that is the fewest operations before n.
func nearestInput(n *gorgonia.Node) string {
	seen := map[*gorgonia.Node]bool{n: true}
	for queue := (gorgonia.Nodes{n}); len(queue) > 0; queue = queue[1:] {
		if queue[0].Op() == nil {
			return queue[0].Name()
		}
		for _, in := range operands(queue[0]) {
			if !seen[in] {
				seen[in] = true
				queue = append(queue, in)
			}
		}
	}
	return "no input"
}

func operands(n *gorgonia.Node) gorgonia.Nodes {
	if o, ours := n.Op().(op.Operation); ours {
		return o.Inputs()
	}
	return stockOperands(n)
}

// Check is Run that also checks every input of the graph, and every result right after it is
// computed. The error is an *Anomaly if one of them is not finite. If a result is not finite,
// the search for its origin goes back through Gorgonia's own operations, which are not checked
// themselves.
func (p *Program) Check() error {
	for _, n := range p.order {
		if n.Op() == nil && !finite(n) {
			return &Anomaly{n}
		}
	}
	var first *Anomaly
	for _, n := range p.order {
		o, ours := n.Op().(op.Operation)
		if !ours {
			continue
		}
		out := o.Output()
		out.Inspect = func(result []float32) error {
			if pointwise.Finite(result) {
				return nil
			}
			first = &Anomaly{origin(n)}
			return first
		}
		defer func() { out.Inspect = nil }()
	}
	err := p.Run()
	if first != nil {
		return first
	}
	return err
}

// origin follows a result that is not finite back through Gorgonia's own operations, which
// have no hook to inspect their results.
func origin(n *gorgonia.Node) *gorgonia.Node {
	for _, in := range operands(n) {
		if stock(in) && !finite(in) {
			return origin(in)
		}
	}
	return n
}

// finite reports whether all elements of a node's tensor are finite. It is true of a node
// without one.
func finite(n *gorgonia.Node) bool {
	v, ok := n.Value().(interface{ Float32s() []float32 })
	return !ok || pointwise.Finite(v.Float32s())
}
