package graph

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/lists"
	"multiscale/pkg/op"
)

// Budget is a target for the memory of a graph's results.
type Budget struct {
	// Bytes is the target; 0 means no limit. If the results need more memory, some results
	// that the backward part of the graph reads are not kept: they are recomputed right
	// before they are read. The values are the same, because equal operands give equal
	// bytes. A graph that needs more than Bytes even with recomputation still compiles.
	Bytes int64
	// Forward is the last node of the forward part, which consists of the nodes that it
	// depends on.
	Forward *gorgonia.Node
}

// Cost is the memory and the recomputation of a compiled graph.
type Cost struct {
	Bytes int64   // of the results
	Again float64 // recomputed arithmetic, as a fraction of the forward part's
}

// forward is the forward part of a graph.
type forward struct {
	order  gorgonia.Nodes
	within map[*gorgonia.Node]bool
	// The results that can be recomputed, by the node that owns the memory:
	made     map[*gorgonia.Node]int  // position in order
	last     map[*gorgonia.Node]int  // position of the last use in the forward part
	backward map[*gorgonia.Node]bool // whether the backward part reads it
	results  gorgonia.Nodes          // in order
}

// owner returns the node that owns the memory of n's value: n, or the operand that it shares
// memory with, directly or through further nodes.
func owner(n *gorgonia.Node) *gorgonia.Node {
	for {
		o, ours := n.Op().(op.Operation)
		if !ours || o.Output().Alias < 0 {
			return n
		}
		n = o.Inputs()[o.Output().Alias]
	}
}

// read returns the owners of the operands that a node reads.
func read(n *gorgonia.Node) (owners gorgonia.Nodes) {
	o, ours := n.Op().(op.Operation)
	if !ours {
		return nil
	}
	for i, in := range o.Inputs() {
		if !slices.Contains(o.Output().OrderOnly, i) {
			owners = append(owners, owner(in))
		}
	}
	return owners
}

// forwardPart returns the part of the graph that the node end depends on. It returns nil if
// the graph has one of Gorgonia's own operations.
func forwardPart(order gorgonia.Nodes, end *gorgonia.Node) *forward {
	f := &forward{order: order, within: map[*gorgonia.Node]bool{end: true}, made: map[*gorgonia.Node]int{},
		last: map[*gorgonia.Node]int{}, backward: map[*gorgonia.Node]bool{}}
	for _, n := range slices.Backward(order) {
		if stock(n) && n.Op().Arity() > 0 {
			return nil
		}
		if f.within[n] {
			for _, in := range operands(n) {
				f.within[in] = true
			}
		}
	}
	for at, n := range order {
		for _, in := range read(n) {
			if _, known := f.made[in]; !known {
				continue
			}
			if f.within[n] {
				f.last[in] = at
			} else {
				f.backward[in] = true
			}
		}
		if o, ours := n.Op().(op.Operation); ours && f.within[n] && o.Output().Alias < 0 && o.Output().Len > 0 {
			f.made[n], f.last[n] = at, at
			f.results = append(f.results, n)
		}
	}
	return f
}

// work estimates the cost of a result: its floating-point operations, or its length if the
// operation is not op.Counted. The latter operations are bound by memory.
func work(n *gorgonia.Node) float64 {
	if c, ok := n.Op().(op.Counted); ok {
		return float64(c.FLOP())
	}
	return float64(length(n))
}

func length(n *gorgonia.Node) int { return n.Op().(op.Operation).Output().Len }

// keepExpensive keeps the results of counted operations, which take long to compute.
func (f *forward) keepExpensive() map[*gorgonia.Node]bool {
	kept := map[*gorgonia.Node]bool{}
	for _, n := range f.results {
		if _, counted := n.Op().(op.Counted); counted {
			kept[n] = true
		}
	}
	return kept
}

// keepBetween cuts the forward part into segments and keeps the results that are in use at
// the cuts, and all results of the last segment. Each segment has about the given number of
// elements that the backward part reads. In the second half of a segment the cut is placed
// where the fewest elements are in use.
func (f *forward) keepBetween(segment int) map[*gorgonia.Node]bool {
	cuts, held := []int{}, 0
	best, least := -1, math.MaxInt
	for i, n := range f.results {
		if f.backward[n] {
			held += length(n)
		}
		if held < segment/2 {
			continue
		}
		crossing := 0
		for _, r := range f.results[:i+1] {
			if f.last[r] > f.made[n] {
				crossing += length(r)
			}
		}
		if crossing < least {
			best, least = f.made[n], crossing
		}
		if held >= segment {
			cuts = append(cuts, best)
			best, least, held = -1, math.MaxInt, 0
			for _, r := range f.results[:i+1] {
				if f.made[r] > cuts[len(cuts)-1] && f.backward[r] {
					held += length(r)
				}
			}
		}
	}
	kept := map[*gorgonia.Node]bool{}
	for _, n := range f.results {
		crosses := func(cut int) bool { return f.made[n] <= cut && cut < f.last[n] }
		if len(cuts) == 0 || f.made[n] > cuts[len(cuts)-1] || slices.ContainsFunc(cuts, crosses) {
			kept[n] = true
		}
	}
	return kept
}

// schedule is the order of execution, in which results that are not kept are recomputed
// before the backward part reads them.
func (f *forward) schedule(kept map[*gorgonia.Node]bool) gorgonia.Nodes {
	var steps gorgonia.Nodes
	gone := map[*gorgonia.Node]bool{}
	due := map[int]gorgonia.Nodes{} // by position in order, the results that the forward part last uses there
	for _, n := range f.results {
		if !kept[n] {
			due[f.last[n]] = append(due[f.last[n]], n)
		}
	}
	var again func(n *gorgonia.Node)
	again = func(n *gorgonia.Node) {
		if !gone[n] {
			return
		}
		gone[n] = false
		for _, in := range read(n) {
			again(in)
		}
		steps = append(steps, n)
	}
	for at, n := range f.order {
		if !f.within[n] {
			for _, in := range read(n) {
				again(in)
			}
		}
		steps = append(steps, n)
		for _, r := range due[at] {
			gone[r] = true
		}
	}
	return steps
}

// again is the recomputed arithmetic of a schedule, as a fraction of the forward part's.
func (f *forward) again(schedule gorgonia.Nodes) float64 {
	seen, all, twice := map[*gorgonia.Node]bool{}, 0.0, 0.0
	for _, n := range schedule {
		if _, ok := f.made[n]; !ok {
			continue
		}
		if seen[n] {
			twice += work(n)
		} else {
			all += work(n)
		}
		seen[n] = true
	}
	return twice / max(all, 1)
}

// planWithin chooses the order of execution of a graph and plans its memory. The schedule is
// order itself if the results fit the budget. Otherwise more and more results are recomputed,
// until the plan fits or all numbers of segments have been tried.
func planWithin(order gorgonia.Nodes, b Budget, keep gorgonia.Nodes) (schedule gorgonia.Nodes, best *plan, again float64) {
	shareBranches(order)
	schedule, best = order, planMemory(order, order, keep)
	if b.Bytes == 0 || b.Forward == nil || best.bytes() <= b.Bytes {
		return schedule, best, 0
	}
	f := forwardPart(order, b.Forward)
	if f == nil {
		return schedule, best, 0
	}
	kept := lists.Set(f.results)
	try := func(k map[*gorgonia.Node]bool, most int64) {
		s := f.schedule(k)
		if p := planMemory(s, order, keep); p.bytes() <= most {
			schedule, best, kept = s, p, k
		}
	}
	try(f.keepExpensive(), best.bytes())
	held := 0
	for _, n := range f.results {
		if f.backward[n] {
			held += length(n)
		}
	}
	for parts := 2; parts <= maxSegments && best.bytes() > b.Bytes; parts += (parts + 3) / 4 {
		try(f.keepBetween(held/parts), best.bytes()-1)
	}
	// As far as there is room, results are kept after all, the most expensive first. The room is the
	// budget, or, where the smallest plan exceeds it, a 32nd more than that plan.
	room := b.Bytes
	if smallest := best.bytes(); smallest > room {
		room = smallest + smallest/32
	}
	costly := slices.DeleteFunc(slices.Clone(f.results), func(n *gorgonia.Node) bool { return kept[n] })
	slices.SortStableFunc(costly, func(a, b *gorgonia.Node) int { return cmp.Compare(work(b), work(a)) })
	for _, n := range costly {
		more := maps.Clone(kept)
		more[n] = true
		try(more, room)
	}
	return schedule, best, f.again(schedule)
}

// maxSegments bounds the number of segments that are tried.
const maxSegments = 64
