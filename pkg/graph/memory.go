package graph

import (
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// place is the position of an operation's result in the shared block.
type place struct {
	output *op.Output
	offset int
	spans  []span // in order
}

// span is a range of steps, both ends included, in which a result is in use. A result that is
// recomputed has several spans.
type span struct{ first, last int }

// end points to the last step at which the result is in use.
func (p *place) end() *int { return &p.spans[len(p.spans)-1].last }

// meets reports whether two results are in use at the same time.
func (p *place) meets(other *place) bool {
	for _, a := range p.spans {
		for _, b := range other.spans {
			if a.first <= b.last && b.first <= a.last {
				return true
			}
		}
	}
	return false
}

// plan is the layout of a graph's results in the shared block.
type plan struct {
	places []*place
	size   int // of the block, in float32
}

// align is the granularity of places, in float32: one cache line.
const align = 16

func (p *plan) bytes() int64 { return 4 * int64(p.size) }

// planMemory gives each result a place. Results that are in use at the same time do not
// overlap. order lists operands before their uses; schedule is order with some nodes repeated.
func planMemory(schedule, order, keep gorgonia.Nodes) *plan {
	p := &plan{}
	made := make(map[*gorgonia.Node]*place)
	memory := make(map[*gorgonia.Node][]*place) // the places that may hold a node's value
	use := func(n *gorgonia.Node, step int) {
		for _, m := range memory[n] {
			*m.end() = max(*m.end(), step)
		}
	}
	deferred := deferrable(order)
	var pending gorgonia.Nodes // operands of the deferred operation in progress
	for step, n := range schedule {
		if n.Op() == nil {
			continue
		}
		if stock(n) {
			for _, in := range stockOperands(n) {
				use(in, step)
				memory[n] = append(memory[n], memory[in]...)
			}
			continue
		}
		o := n.Op().(op.Operation)
		out := o.Output()
		for i, in := range o.Inputs() {
			if !slices.Contains(out.OrderOnly, i) {
				use(in, step)
			}
		}
		if deferred[n] != nil {
			for _, in := range pending {
				use(in, step)
			}
			pending = o.Inputs()
		}
		switch {
		case out.Alias >= 0:
			memory[n] = memory[o.Inputs()[out.Alias]]
		case made[n] != nil:
			made[n].spans = append(made[n].spans, span{step, step})
		case out.Len > 0:
			r := &place{output: out, spans: []span{{step, step}}}
			made[n], memory[n] = r, []*place{r}
			p.places = append(p.places, r)
		}
	}
	for _, n := range slices.Concat(pending, keep) {
		use(n, len(schedule))
	}
	p.arrange()
	return p
}

// shareBranches lets the branches of forks share their operand's memory, unless one of
// Gorgonia's own operations writes its result over the operand or the branch.
func shareBranches(order gorgonia.Nodes) {
	overwritten := make(map[*gorgonia.Node]bool)
	for _, n := range slices.Backward(order) {
		// The result of a stock operation may be in the memory of its operands.
		if stock(n) && (n.Op().OverwritesInput() >= 0 || overwritten[n]) {
			for _, in := range stockOperands(n) {
				overwritten[in] = true
			}
		}
	}
	for _, n := range order {
		if b, ok := n.Op().(*op.ForkOp); ok {
			if x := b.Inputs()[0]; !stock(x) && !overwritten[x] && !overwritten[n] {
				b.Share()
			}
		}
	}
}

// stock reports whether a node is the result of one of Gorgonia's own operations.
func stock(n *gorgonia.Node) bool {
	_, ours := n.Op().(op.Operation)
	return n.Op() != nil && !ours
}

// stockOperands returns the operands of one of Gorgonia's own operations. Its
// result may be in the memory of any of them.
func stockOperands(n *gorgonia.Node) gorgonia.Nodes {
	var operands gorgonia.Nodes
	for from := n.Graph().From(n.ID()); from.Next(); {
		operands = append(operands, from.Node().(*gorgonia.Node))
	}
	return operands
}

// arrange assigns offsets, largest result first. Each result gets the lowest offset that
// is free while the result is in use.
func (p *plan) arrange() {
	bySize := slices.Clone(p.places)
	slices.SortStableFunc(bySize, func(a, b *place) int { return b.output.Len - a.output.Len })
	var placed []*place // by offset
	for _, r := range bySize {
		offset := 0
		for _, other := range placed {
			if !r.meets(other) {
				continue
			}
			if offset+r.output.Len <= other.offset {
				break
			}
			offset = max(offset, (other.offset+other.output.Len+align-1)/align*align)
		}
		r.offset = offset
		p.size = max(p.size, offset+r.output.Len)
		at, _ := slices.BinarySearchFunc(placed, r, func(a, b *place) int { return a.offset - b.offset })
		placed = slices.Insert(placed, at, r)
	}
}

// place gives all operations the memory of their results.
func (p *plan) place(memory []float32) {
	for _, r := range p.places {
		end := r.offset + r.output.Len
		r.output.Place(memory[r.offset:end:end])
	}
}
