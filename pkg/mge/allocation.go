package mge

import (
	"math"

	"multiscale/pkg/mesh"
)

// Variances are those of the gradient of a single sample, as traces of
// covariances, by level; 0 at levels that were not measured.
type Variances struct {
	Single     []float64 // V of g^{2^l h}
	Difference []float64 // V of g^{2^l h} - g^{2^{l+1} h}
}

// Terms returns the variances of the terms of the stage.
func (s Stage) Terms(v Variances) []float64 {
	terms := make([]float64, len(s.Batches))
	for i := range terms {
		if level := s.Finest + i; level < s.Coarsest() {
			terms[i] = v.Difference[level]
		} else {
			terms[i] = v.Single[level]
		}
	}
	return terms
}

// Costs returns the work units of one sample of each term: every sample of a
// difference is seen on two meshes.
func (s Stage) Costs() []float64 {
	costs := make([]float64, len(s.Batches))
	for i := range costs {
		level := s.Finest + i
		costs[i] = mesh.Cost(level)
		if level < s.Coarsest() {
			costs[i] += mesh.Cost(level + 1)
		}
	}
	return costs
}

// Variance is the variance of the stage's estimate of the gradient that those of
// its terms predict: the sum of V_l/N_l.
func (s Stage) Variance(v Variances) float64 {
	var sum float64
	for i, variance := range s.Terms(v) {
		sum += variance / float64(s.Batches[i])
	}
	return sum
}

// AllocationBound is how many times a level's batch Allocate may give it. It
// bounds memory and time: whatever the mesh, samples are read and degraded on the
// finest one.
const AllocationBound = 4

// Most returns the largest batches that Allocate may give the terms of the stage,
// but for what rounding leaves.
func (s Stage) Most() []int {
	most, budget := make([]int, len(s.Batches)), s.WorkUnits()
	for i, cost := range s.Costs() {
		most[i] = max(1, min(AllocationBound*s.Batches[i], int(budget/cost)))
	}
	return most
}

// Allocate returns the stage with the batches that give its estimate the least
// variance at the same work units: N_l proportional to sqrt(V_l/C_l) (Giles 2015,
// section 1.3), in whole samples, at least 1 and at most AllocationBound times
// what the stage has. What then remains of the work units goes to the coarsest
// mesh, of whose cost all others are multiples, so that they are met exactly. A
// stage of one mesh, and one of which no variance is known, stays as it is.
func (s Stage) Allocate(v Variances) Stage {
	variances, costs, budget := s.Terms(v), s.Costs(), s.WorkUnits()
	var total float64
	for _, t := range variances {
		total += t
	}
	if len(s.Batches) < 2 || !(total > 0) || math.IsInf(total, 1) {
		return s
	}
	most := s.Most()
	at := func(scale float64) (batches []float64, cost float64) {
		for i, t := range variances {
			n := min(max(scale*math.Sqrt(t/costs[i]), 1), float64(most[i]))
			batches, cost = append(batches, n), cost+n*costs[i]
		}
		return batches, cost
	}
	// The cost grows with the scale: halve the interval to rounding.
	low, high := 0.0, 1.0
	for grown := 0; grown < mostDoublings; grown++ {
		if _, cost := at(high); cost > budget {
			break
		}
		high *= 2
	}
	for range mostHalvings {
		middle := (low + high) / 2
		if _, cost := at(middle); cost > budget {
			high = middle
		} else {
			low = middle
		}
	}
	batches, _ := at(low)
	s.Batches = make([]int, len(batches))
	for i, n := range batches {
		s.Batches[i] = int(n)
	}
	s.fill(budget, variances, costs, most)
	return s
}

// Beyond these the scale leaves the range of its type, or its precision.
const (
	mostDoublings = 1000
	mostHalvings  = 128
)

// fill spends what rounding down left of a budget: sample by sample where one
// lowers the variance most for its cost, and in the end on the coarsest mesh.
func (s Stage) fill(budget float64, variances, costs []float64, most []int) {
	for {
		rest := budget - s.WorkUnits()
		best, gain := -1, -1.0
		for i, n := range s.Batches {
			g := variances[i] / (float64(n) * float64(n+1) * costs[i])
			if costs[i] <= rest && n < most[i] && g > gain {
				best, gain = i, g
			}
		}
		if best < 0 {
			last := len(costs) - 1
			s.Batches[last] += int(rest / costs[last])
			return
		}
		s.Batches[best]++
	}
}

// Depth returns with how many coarser meshes, from 0 to most, the estimator of
// the finest mesh has the least product of variance and work units: whoever
// spends more gets less variance in the same proportion, so it does not depend on
// how much is spent. stage says with which batches so many meshes would be used.
func (v Variances) Depth(most int, stage func(levels int) Stage) int {
	best, least := 0, math.Inf(1)
	for levels := range most + 1 {
		s := stage(levels)
		if product := s.Variance(v) * s.WorkUnits(); product < least {
			best, least = levels, product
		}
	}
	return best
}
