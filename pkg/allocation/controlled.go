package allocation

import (
	"math"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// Controlled chooses the batches of an estimator with coefficients.
type Controlled struct {
	Choice mge.Coefficients
	// Covariances are those of the terms for a single sample, by level. They are empty at levels
	// that were not measured. All are in the same norm, that of the optimizer if it has one.
	Covariances []mge.Covariance
	// Halves are the covariances by each half of the samples alone, in the same norm, if there are any. A choice
	// that only one half supports is not made: a single sample may decide variances of gradients with heavy tails.
	Halves [][]mge.Covariance
}

// terms returns the covariances of a stage's terms.
func (c Controlled) terms(s mge.Stage) []mge.Covariance { return of(c.Covariances, s) }

func of(covariances []mge.Covariance, s mge.Stage) []mge.Covariance {
	return covariances[s.Finest : s.Coarsest()+1]
}

// Of is the variance of a stage's estimate of the gradient with the best coefficients for its
// batches.
func (c Controlled) Of(s mge.Stage) float64 {
	_, variance := c.Choice.Best(c.terms(s), s.Batches)
	return lists.Sum(variance)
}

// pays bounds the variance with more meshes, relative to that with fewer, for the additional meshes to
// be used. Variances that are measured from few gradients are too favourable for the estimator with
// more coefficients.
const pays = 0.95

// rounds is the number of alternating choices of batches and coefficients. They converge within a few.
const rounds = 32

// Allocate returns the stage with the number of meshes and the batches that minimise the variance of its
// estimate at the same work units. Batches follow from coefficients, N_l proportional to sqrt(R_l/C_l)
// with R_l the sum over the layers of w_l^2 times the residual variance, and coefficients follow from
// batches, in turn. Meshes that do not pay are left out, from the coarsest on. A stage with one mesh
// takes the plain gradient, so that the variance is at most that of the plain gradient. An additional
// mesh must lower the variance by a twentieth, in each half of the samples too. The remainder of whole
// samples is carried; see mge.Stage.Fraction.
func (c Controlled) Allocate(s mge.Stage) mge.Stage {
	total := s.WorkUnits()
	best, smallest := s, math.Inf(1)
	if !s.Allocates() || !(c.Of(s) > 0) || math.IsInf(c.Of(s), 1) {
		return s
	}
	for meshes := 1; meshes <= len(s.Batches); meshes++ {
		next, possible := c.allocate(s, meshes, total)
		if v := c.Of(next); possible && v < pays*smallest && (meshes == 1 || c.agree(next, best)) {
			best, smallest = next, v
		}
	}
	return best
}

// agree reports whether more meshes pay by each half of the samples, with the coefficients by all samples.
func (c Controlled) agree(more, fewer mge.Stage) bool {
	for _, half := range c.Halves {
		if !(mge.Variance(of(half, more), more, c.Best(more)) < pays*mge.Variance(of(half, fewer), fewer, c.Best(fewer))) {
			return false
		}
	}
	return true
}

// allocate is Allocate for a given number of meshes. It returns false if the work units do not suffice
// for the smallest batches.
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

// residuals returns the variances of a stage's terms for one sample, with the best coefficients for its
// batches.
func (c Controlled) residuals(s mge.Stage) []float64 {
	return mge.Residuals(c.terms(s), c.Best(s))
}

// Best returns the best coefficients for the batches of a stage.
func (c Controlled) Best(s mge.Stage) [][]float64 {
	coefficients, _ := c.Choice.Best(c.terms(s), s.Batches)
	return coefficients
}

// CoarseShare is the fraction of a stage's work units that is spent on meshes coarser than its finest
// one.
func CoarseShare(s mge.Stage) float64 {
	fine := (float64(s.Batches[0]) + s.Fraction) * (mge.Stage{Finest: s.Finest, Batches: []int{1}}).WorkUnits()
	return 1 - fine/s.WorkUnits()
}
