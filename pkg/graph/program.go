package graph

import (
	"fmt"
	"slices"
	"weak"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/distinct"
	"multiscale/pkg/kernel"
	"multiscale/pkg/op"
)

// Arena is a block of memory that the programs of one or several models share. They run one
// after the other, and the results of a program must be read before the next one runs.
type Arena struct {
	// Budget is the size in bytes that the block is expected to reach; 0 if unknown.
	Budget int64

	memory   []float32
	programs []weak.Pointer[Program] // of programs that may have been collected
}

// Bytes is the size of the block.
func (a *Arena) Bytes() int64 { return 4 * int64(len(a.memory)) }

// Reserve makes room for programs of up to the given size. If a block grows from program to
// program, the system clears the pages of every new block. In the first steps on a mesh this
// can take longer than the steps.
func (a *Arena) Reserve(bytes int64) {
	if need := int((bytes + 3) / 4); need > len(a.memory) {
		a.move(need)
	}
}

// add places the results of p in the block, which grows if it has to.
func (a *Arena) add(p *Program) {
	a.programs = append(a.programs, weak.Make(p))
	if p.plan.size <= len(a.memory) {
		p.plan.place(a.memory)
		return
	}
	a.move(a.grown(p.plan.size))
}

// move takes all programs to a new block of n float32.
func (a *Arena) move(n int) {
	a.memory = make([]float32, n)
	a.programs = slices.DeleteFunc(a.programs, func(w weak.Pointer[Program]) bool {
		p := w.Value()
		if p == nil {
			return true
		}
		p.plan.place(a.memory)
		p.steps = nil
		return false
	})
}

// grown is the size of a new block with room for need float32. A block of at least a quarter
// of the budget takes all of it at once, and a 16th more, because plans of equal budget differ
// by a few per cent. Pages that are never touched cost nothing, but a block that is too small
// stays alive until all of its programs have run again.
func (a *Arena) grown(need int) int {
	if budget := int(a.Budget / 4); budget > 0 && need >= budget/4 {
		return max(need, budget) + budget/16
	}
	return need
}

// Program is a compiled graph: Gorgonia's tape machine, with the results of all
// operations placed in an arena by liveness.
type Program struct {
	machine  gorgonia.VM
	order    gorgonia.Nodes
	schedule gorgonia.Nodes // order, with recomputed nodes repeated
	plan     *plan
	again    float64
	steps    []step // of a replay; nil before the machine has run
}

// Compile prepares g for Run. After a run the values of keep can be read until another
// program of the arena runs; those of other nodes may have been overwritten. The graph must
// be complete: nodes added later are not executed. To a graph with Gorgonia's own operations
// Compile adds a node that prevents them from overwriting keep. Compile returns the error of
// kernel.Check, if any.
func Compile(g *gorgonia.ExprGraph, arena *Arena, keep ...*gorgonia.Node) (*Program, error) {
	return CompileWithin(Budget{}, g, arena, keep...)
}

// CompileWithin is Compile with a budget for the results.
func CompileWithin(b Budget, g *gorgonia.ExprGraph, arena *Arena, keep ...*gorgonia.Node) (*Program, error) {
	if err := kernel.Check(); err != nil {
		return nil, err
	}
	if err := protect(g, keep); err != nil {
		return nil, err
	}
	order, err := sorted(g)
	if err != nil {
		return nil, err
	}
	p := &Program{machine: gorgonia.NewTapeMachine(g), order: order}
	p.schedule, p.plan, p.again = planWithin(order, b, keep)
	arena.add(p)
	return p, nil
}

// Bytes is the memory in bytes that the results of g would take if it were compiled, without
// inputs and parameters.
func Bytes(g *gorgonia.ExprGraph, keep ...*gorgonia.Node) (int64, error) {
	c, err := CostWithin(Budget{}, g, keep...)
	return c.Bytes, err
}

// CostWithin is the cost of the program that CompileWithin would make of g.
func CostWithin(b Budget, g *gorgonia.ExprGraph, keep ...*gorgonia.Node) (Cost, error) {
	order, err := sorted(g)
	if err != nil {
		return Cost{}, err
	}
	_, p, again := planWithin(order, b, keep)
	return Cost{p.bytes(), again}, nil
}

// sorted returns the nodes of g in the machine's order: operands first.
func sorted(g *gorgonia.ExprGraph) (gorgonia.Nodes, error) {
	if err := distinct.Check(g); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	order, err := gorgonia.Sort(g)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	slices.Reverse(order)
	return order, nil
}

// Run executes the graph once, on the present values of its inputs.
//
// Gorgonia's machine does the first run, and the first run after the arena has moved. If all
// operations are this project's, other runs replay its steps.
func (p *Program) Run() error {
	if p.steps != nil {
		return p.replay()
	}
	again := len(p.schedule) > len(p.order)
	if again {
		// The machine cannot run an operation twice, so it only binds a value to every node.
		p.bind(true)
	}
	p.machine.Reset()
	err := p.machine.RunAll()
	if again {
		p.bind(false)
	}
	if err != nil {
		return err
	}
	p.steps = record(p.order, p.schedule)
	if again {
		return p.replay()
	}
	return nil
}

// bind makes operations return their results without computing them, or undoes this.
func (p *Program) bind(only bool) {
	for _, n := range p.order {
		if o, ours := n.Op().(op.Operation); ours {
			o.Output().Bind = only
		}
	}
}

// Bytes is the memory in bytes of all results, without inputs and parameters.
func (p *Program) Bytes() int64 { return p.plan.bytes() }

// Again is the recomputed arithmetic of a run, as a fraction of the forward part's.
func (p *Program) Again() float64 { return p.again }

// Operations returns the number of operations of the graph, each counted once.
func (p *Program) Operations() int {
	n := 0
	for _, node := range p.order {
		if node.Op() != nil {
			n++
		}
	}
	return n
}
