package mge

import (
	"fmt"
	"slices"
)

// Coefficients is the way to choose weights of the coarse parts of differences. With a
// coefficient a_l of the coarse part of term l, w_0 = 1 and w_{l+1} = w_l a_l, the estimate is
//
//	g = sum_l w_l (mean over B_l of g^l - a_l mean over B_l of g^{l+1})
//
// where the last term has no coarse part. It is unbiased for the gradient on the finest mesh for
// all a_l that do not depend on the batches B_l. With a_l = 1 for all l it is MGE, with a_l = 0
// the plain gradient of B_0.
type Coefficients uint8

// The coefficients.
const (
	NoCoefficients Coefficients = iota // 1 everywhere: the paper's sum
	Global                             // one coefficient for each term
	Layer                              // one coefficient for each term and layer
)

var coefficients = [...]string{NoCoefficients: "none", Global: "global", Layer: "layer"}

// AllCoefficients returns all choices, the default first.
func AllCoefficients() []Coefficients { return []Coefficients{NoCoefficients, Global, Layer} }

// String returns the name of c.
func (c Coefficients) String() string {
	if int(c) < len(coefficients) {
		return coefficients[c]
	}
	return fmt.Sprintf("Coefficients(%d)", uint8(c))
}

// Covariance has variances and the covariance of the gradients of a single sample on the two
// meshes of a term. Each list has a number for each group of parameters: the trace of the group's
// covariance matrix. A term without a coarse part does not use Cross and Coarse.
type Covariance struct {
	Fine   []float64 // V_l = var(g^l)
	Cross  []float64 // C_l = cov(g^l, g^{l+1})
	Coarse []float64 // V'_{l+1} = var(g^{l+1}), of the same samples
}

// Best returns the coefficients that minimise the variance of the estimate, by term and group, and
// this variance by group. terms are the terms of a stage from its finest mesh, and batches their
// numbers of samples. With T_l the variance of the estimate of the gradient on mesh l, computed from
// the coarsest mesh L to the finest,
//
//	T_L = V_L / N_L
//	a_l = C_l / (V'_{l+1} + N_l T_{l+1}), clipped to [0,1]
//	T_l = (V_l - 2 a_l C_l + a_l^2 V'_{l+1}) / N_l + a_l^2 T_{l+1}
//
// The usual coefficient of a control variate, C_l/V'_{l+1}, would be right if the mean on the coarser
// mesh were known. With Global all groups have one coefficient. It minimises the sum of the groups'
// variances, each relative to the group's variance on the finest mesh, so that all groups count
// equally. With NoCoefficients all coefficients are 1.
//
// If the covariances of a term are unknown (its lists are empty), the coefficients of this term and of
// all finer ones are 1, and the variance is nil.
func (c Coefficients) Best(terms []Covariance, batches []int) (best [][]float64, variance []float64) {
	last := len(terms) - 1
	groups := 0
	for _, t := range terms {
		groups = max(groups, len(t.Fine))
	}
	best = make([][]float64, last)
	for l := last; l >= 0; l-- {
		known := len(terms[l].Fine) > 0 && (l == last || variance != nil && len(terms[l].Cross) > 0)
		switch {
		case l == last && known:
			variance = make([]float64, groups)
			for p, v := range terms[l].Fine {
				variance[p] = v / float64(batches[l])
			}
		case known:
			best[l] = c.best(terms[l], terms[0].Fine, variance, float64(batches[l]))
			next := make([]float64, groups)
			for p, a := range best[l] {
				next[p] = terms[l].residual(p, a)/float64(batches[l]) + float64(a*a*variance[p])
			}
			variance = next
		default:
			variance = nil
			if l < last {
				best[l] = ones(groups)
			}
		}
	}
	return best, variance
}

// best returns the coefficients of one term with n samples. coarser is the variance of the estimate of
// the coarser mesh's gradient. Global measures the variances of a group in units of unit, or of Fine if
// unit is empty.
func (c Coefficients) best(t Covariance, unit, coarser []float64, n float64) []float64 {
	a := ones(len(t.Fine))
	switch c {
	case Layer:
		for p := range a {
			a[p] = clipped(t.Cross[p], t.Coarse[p]+float64(n*coarser[p]))
		}
	case Global:
		var cross, whole float64
		for p := range a {
			of := t.Fine[p]
			if len(unit) > 0 {
				of = unit[p]
			}
			if of > 0 {
				cross += t.Cross[p] / of
				whole += (t.Coarse[p] + float64(n*coarser[p])) / of
			}
		}
		one := clipped(cross, whole)
		for p := range a {
			a[p] = one
		}
	}
	return a
}

// residual is the variance of group p's difference for one sample, with coefficient a.
func (t Covariance) residual(p int, a float64) float64 {
	return max(0, t.Fine[p]-float64(2*a*t.Cross[p])+float64(a*a*t.Coarse[p]))
}

// Variance is the variance of a stage's estimate with the given coefficients, by term and group: the sum
// over the terms of their Residuals divided by their batches.
func Variance(terms []Covariance, s Stage, coefficients [][]float64) float64 {
	var all float64
	for l, v := range Residuals(terms, coefficients) {
		n := float64(s.Batches[l])
		if l == 0 {
			n += s.Fraction
		}
		all += v / n
	}
	return all
}

// Residuals returns the variances of the terms for one sample with the given coefficients: the sum over
// the groups of w_l^2 times the residual variance.
func Residuals(terms []Covariance, coefficients [][]float64) []float64 {
	all, weights := make([]float64, len(terms)), ones(len(terms[0].Fine))
	for l, t := range terms {
		if l == len(terms)-1 {
			for p, v := range t.Fine {
				all[l] += float64(weights[p] * weights[p] * v)
			}
			break
		}
		for p, a := range coefficients[l] {
			all[l] += float64(weights[p] * weights[p] * t.residual(p, a))
			weights[p] *= a
		}
	}
	return all
}

// clipped is cross/whole clipped to [0,1]. If whole is not positive, it is 1, as in the paper.
func clipped(cross, whole float64) float64 {
	if !(whole > 0) {
		return 1
	}
	return min(max(cross/whole, 0), 1)
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }
