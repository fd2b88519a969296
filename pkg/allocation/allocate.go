package allocation

import (
	"math"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// Variances has the variances of the gradient of a single sample by level, as traces of
// covariance matrices. They are 0 at levels that were not measured.
type Variances struct {
	Single     []float64 // V of g^{2^l h}
	Difference []float64 // V of g^{2^l h} - g^{2^{l+1} h}
}

// Terms returns the variances of the terms of a stage, starting with its finest mesh.
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

// Of is the variance of a stage's estimate of the gradient, as predicted by the variances of its
// terms: the sum of V_l/N_l.
func (v Variances) Of(s mge.Stage) float64 {
	var sum float64
	for i, variance := range v.Terms(s) {
		sum += variance / float64(s.Batches[i])
	}
	return sum
}

// Bound is the largest factor by which Allocate enlarges the batch of a level. It bounds memory and
// time, because samples of every mesh are read and degraded on the finest one.
const Bound = 4

// Max returns the largest batches that Allocate may give the terms of a stage. The coarsest mesh may
// also get the remainder of rounding.
func Max(s mge.Stage) []int {
	largest, budget := make([]int, len(s.Batches)), s.WorkUnits()
	for i, cost := range s.Costs() {
		largest[i] = max(1, min(Bound*s.Batches[i], int(budget/cost)))
	}
	return largest
}

// Allocate returns the stage with the batches that minimise the variance of its estimate at the
// same work units: N_l proportional to sqrt(V_l/C_l), rounded to whole samples, at least 1 and at
// most Bound times the stage's batches. The remaining work units go to the coarsest mesh. All
// other costs are multiples of its cost, so that the work units are met exactly. A stage with one
// mesh or without known variances does not change.
func (v Variances) Allocate(s mge.Stage) mge.Stage {
	b := budget{min: 1, total: s.WorkUnits(), variances: v.Terms(s), costs: s.Costs(), max: Max(s)}
	total := lists.Sum(b.variances)
	if !s.Allocates() || !(total > 0) || math.IsInf(total, 1) {
		return s
	}
	s.Batches = b.whole(s)
	return s
}

// whole returns the best batches within the budget, in whole samples.
func (b budget) whole(s mge.Stage) []int {
	// The cost increases with the scale, so that bisection finds the scale.
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

// More doublings would leave the range of a float64, more halvings its precision.
const (
	maxDoublings = 1000
	maxHalvings  = 128
)

// budget is the input of a choice of batches.
type budget struct {
	total            float64   // work units
	min              float64   // smallest batch of any term
	variances, costs []float64 // of a sample of each term
	max              []int     // largest batch of each term
}

// batches returns real-valued batches: scale*sqrt(V/C), clipped to their bounds.
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

// fill spends the remainder of rounding down. It adds sample by sample to the term where one
// lowers the variance most for its cost, and spends the last remainder on the coarsest mesh.
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

// Depth returns the number of coarser meshes, from 0 to max, for which the estimator on the
// finest mesh has the smallest product of variance and work units. The variance is inversely
// proportional to the work, so that the product does not depend on the amount of work. stage
// returns the stage with a number of coarser meshes.
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
