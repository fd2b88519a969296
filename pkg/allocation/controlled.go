package allocation

import (
	"math"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// Controlled is what the batches of an estimator with coefficients follow from.
type Controlled struct {
	Choice mge.Coefficients
	// Covariances are those of the terms for a single sample, by level; empty at levels that
	// were not measured. All are in one norm: that of the optimizer, if it has one.
	Covariances []mge.Covariance
}

// terms returns the covariances of a stage's terms.
func (c Controlled) terms(s mge.Stage) []mge.Covariance {
	return c.Covariances[s.Finest : s.Coarsest()+1]
}

// Of is the variance of a stage's estimate of the gradient, with the best coefficients for its
// batches.
func (c Controlled) Of(s mge.Stage) float64 {
	_, variance := c.Choice.Best(c.terms(s), s.Batches)
	return lists.Sum(variance)
}

// pays is how small a variance must be, in units of that with fewer meshes, for a further mesh to
// be taken: what is measured from few gradients flatters the estimator with more coefficients.
const pays = 0.95

// rounds of choosing batches for coefficients and coefficients for batches. They settle within a few.
const rounds = 32

// Allocate returns the stage with the number of meshes and the batches that give its estimate the
// smallest variance at the same work units. Batches follow from coefficients, N_l proportional to
// sqrt(R_l/C_l) with R_l the sum over the layers of w_l^2 times the residual variance, and
// coefficients from batches, in turn. Meshes that do not pay are left out, from the coarsest on:
// a stage of one mesh is the plain gradient, and the variance is never more than its. What whole
// samples leave of the work units is carried; see mge.Stage.Fraction. A further mesh must lower the
// variance by a twentieth.
func (c Controlled) Allocate(s mge.Stage) mge.Stage {
	total := s.WorkUnits()
	best, smallest := s, math.Inf(1)
	if !s.Allocates() || !(c.Of(s) > 0) || math.IsInf(c.Of(s), 1) {
		return s
	}
	for meshes := 1; meshes <= len(s.Batches); meshes++ {
		next, possible := c.allocate(s, meshes, total)
		if v := c.Of(next); possible && v < pays*smallest {
			best, smallest = next, v
		}
	}
	return best
}

// allocate is Allocate for a number of meshes. It is not possible where the work units do not
// suffice for the smallest batches.
func (c Controlled) allocate(s mge.Stage, meshes int, total float64) (mge.Stage, bool) {
	s.Fraction = 0
	s.Batches = append([]int(nil), s.Batches[:meshes]...)
	costs := s.Costs()
	if meshes == 1 {
		whole, fraction := math.Modf(total / costs[0])
		s.Batches[0], s.Fraction = int(whole), fraction
		return s, whole >= 1
	}
	b := budget{total: total, costs: costs, min: mge.MinControlled}
	b.max = lists.Of(costs, func(cost float64) int { return max(mge.MinControlled, int(total/cost)) })
	for i, n := range s.Batches {
		b.max[i] = min(b.max[i], max(mge.MinControlled, Bound*n))
		s.Batches[i] = mge.MinControlled
	}
	if s.WorkUnits() > total {
		return s, false
	}
	copy(s.Batches, b.max)
	for range rounds {
		b.variances = c.residuals(s)
		s.Batches = b.whole(s)
	}
	s.Fraction = (total - s.WorkUnits()) / costs[0]
	if whole, fraction := math.Modf(s.Fraction); whole > 0 {
		s.Batches[0], s.Fraction = s.Batches[0]+int(whole), fraction
	}
	return s, true
}

// residuals are the variances of a stage's terms for one sample, with the weights and coefficients
// that are best for its batches.
func (c Controlled) residuals(s mge.Stage) []float64 {
	return mge.Residuals(c.terms(s), c.Best(s))
}

// Best returns the coefficients that are best for the batches of a stage.
func (c Controlled) Best(s mge.Stage) [][]float64 {
	coefficients, _ := c.Choice.Best(c.terms(s), s.Batches)
	return coefficients
}

// CoarseShare is the share of a stage's work units that is spent on meshes coarser than its finest.
func CoarseShare(s mge.Stage) float64 {
	fine := (float64(s.Batches[0]) + s.Fraction) * (mge.Stage{Finest: s.Finest, Batches: []int{1}}).WorkUnits()
	return 1 - fine/s.WorkUnits()
}
