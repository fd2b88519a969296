package allocation

import (
	"math"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// Variances are those of the gradient of a single sample, as traces of
// covariances, by level; 0 at levels that were not measured.
type Variances struct {
	Single     []float64 // V of g^{2^l h}
	Difference []float64 // V of g^{2^l h} - g^{2^{l+1} h}
}

// Terms returns the variances of the terms of a stage, from its finest mesh.
func (v Variances) Terms(s mge.Stage) []float64 {
	terms := make([]float64, len(s.Batches))
	for i := range terms {
		if level := s.Finest + i; s.Differs(i) {
			terms[i] = v.Difference[level]
		} else {
			terms[i] = v.Single[level]
		}
	}
	return terms
}

// Of is the variance of a stage's estimate of the gradient that those of its terms
// predict: the sum of V_l/N_l.
func (v Variances) Of(s mge.Stage) float64 {
	var sum float64
	for i, variance := range v.Terms(s) {
		sum += variance / float64(s.Batches[i])
	}
	return sum
}

// Bound is the largest factor by which Allocate enlarges the batch of a level. It bounds memory and
// time: samples of every mesh are read and degraded on the finest one.
const Bound = 4

// Max returns the largest batches that Allocate may give the terms of a stage, apart from
// what rounding leaves for the coarsest mesh.
func Max(s mge.Stage) []int {
	largest, budget := make([]int, len(s.Batches)), s.WorkUnits()
	for i, cost := range s.Costs() {
		largest[i] = max(1, min(Bound*s.Batches[i], int(budget/cost)))
	}
	return largest
}

// Allocate returns the stage with the batches that give its estimate the smallest
// variance at the same work units: N_l proportional to sqrt(V_l/C_l), in whole samples,
// at least 1 and at most Bound times what the stage has. What then remains of the work
// units goes to the coarsest mesh, of whose cost all others are multiples, so that they
// are met exactly. A stage of one mesh, and one of which no variance is known, stays as it
// is.
func (v Variances) Allocate(s mge.Stage) mge.Stage {
	b := budget{min: 1, total: s.WorkUnits(), variances: v.Terms(s), costs: s.Costs(), max: Max(s)}
	total := lists.Sum(b.variances)
	if !s.Allocates() || !(total > 0) || math.IsInf(total, 1) {
		return s
	}
	s.Batches = b.whole(s)
	return s
}

// whole returns the batches that the budget buys, in whole samples.
func (b budget) whole(s mge.Stage) []int {
	// The cost grows with the scale: halve the interval to rounding.
	low, high := 0.0, 1.0
	for doublings := 0; doublings < maxDoublings && b.cost(b.batches(high)) <= b.total; doublings++ {
		high *= 2
	}
	for range maxHalvings {
		middle := (low + high) / 2
		if b.cost(b.batches(middle)) > b.total {
			high = middle
		} else {
			low = middle
		}
	}
	s.Batches = make([]int, len(s.Batches))
	for i, n := range b.batches(low) {
		s.Batches[i] = int(n)
	}
	b.fill(s)
	return s.Batches
}

// Beyond these the scale leaves the range of its type, or its precision.
const (
	maxDoublings = 1000
	maxHalvings  = 128
)

// budget is what batches are chosen for: work units, and of each term the variance and
// cost of a sample and the largest batch, and the smallest of all.
type budget struct {
	total, min       float64
	variances, costs []float64
	max              []int
}

// batches are the real-valued batches of a scale: scale*sqrt(V/C) within their bounds.
func (b budget) batches(scale float64) []float64 {
	batches := make([]float64, len(b.costs))
	for i, v := range b.variances {
		batches[i] = min(max(scale*math.Sqrt(v/b.costs[i]), b.min), float64(b.max[i]))
	}
	return batches
}

func (b budget) cost(batches []float64) (cost float64) {
	for i, n := range batches {
		cost += float64(n * b.costs[i])
	}
	return cost
}

// fill spends what rounding down left: sample by sample where one lowers the variance
// most for its cost, and the last rest on the coarsest mesh.
func (b budget) fill(s mge.Stage) {
	for {
		rest := b.total - s.WorkUnits()
		best, gain := -1, -1.0
		for i, n := range s.Batches {
			g := b.variances[i] / (float64(n) * float64(n+1) * b.costs[i])
			if b.costs[i] <= rest && n < b.max[i] && g > gain {
				best, gain = i, g
			}
		}
		if best < 0 {
			last := len(b.costs) - 1
			s.Batches[last] += int(rest / b.costs[last])
			return
		}
		s.Batches[best]++
	}
}

// Depth returns with how many coarser meshes, from 0 to max, the estimator of the finest
// mesh has the smallest product of variance and work units. Variance falls as work grows,
// so the product does not depend on how much is spent. stage gives the batches for a
// number of coarser meshes.
func (v Variances) Depth(max int, stage func(levels int) mge.Stage) int {
	return depth(max, stage, v.Of)
}

func depth(max int, stage func(levels int) mge.Stage, variance func(mge.Stage) float64) int {
	best, smallest := 0, math.Inf(1)
	for levels := range max + 1 {
		s := stage(levels)
		if product := variance(s) * s.WorkUnits(); product < smallest {
			best, smallest = levels, product
		}
	}
	return best
}
