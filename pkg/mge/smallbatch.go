package mge

import (
	"fmt"
	"math"
)

// SmallBatch takes the plain gradient on the finest mesh, with the steps and the cost of another
// strategy; see Work.Against. The batch is the cost divided by the number of steps, with a Fraction. A
// multiscale gradient should be better than this.
var SmallBatch = Strategy{"smallbatch", smallBatch}

func smallBatch(w Work) ([]Stage, error) {
	against := FullMultiscale
	for _, other := range []Strategy{MGE, Progressive} {
		if other.Name == w.Against {
			against = other
		}
	}
	if w.Against != "" && against.Name != w.Against {
		return nil, fmt.Errorf("it cannot be compared with %s", w.Against)
	}
	p, err := against.Plan(w)
	if err != nil {
		return nil, err
	}
	steps := p.Iterations()
	whole, fraction := math.Modf(p.WorkUnits(steps) / float64(steps))
	if whole < 1 {
		return nil, fmt.Errorf("a step of %s takes less than one picture on the finest mesh; use a larger -batch", against.Name)
	}
	return []Stage{{Batches: []int{int(whole)}, Fraction: fraction, Iterations: steps}}, nil
}
