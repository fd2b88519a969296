package mge

import (
	"fmt"
	"slices"
)

// Coefficients says how the coarse parts of differences are weighted. With a coefficient
// a_l of the coarse part of term l, w_0 = 1 and w_{l+1} = w_l a_l,
//
//	g = sum_l w_l (mean over B_l of g^l - a_l mean over B_l of g^{l+1})
//
// without a coarse part in the last term, is unbiased for the gradient on the finest mesh
// for all a_l that do not depend on the batches B_l. A coefficient of 1 everywhere is MGE,
// 0 the plain gradient of B_0.
type Coefficients uint8

// The coefficients.
const (
	NoCoefficients Coefficients = iota // 1 everywhere: the paper's sum
	Global                             // one for each term
	Layer                              // one for each term and layer
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

// Covariance is that of the gradients of a term's two meshes for a single sample, group by
// group of parameters: the traces of the covariances of a group. A term without a coarse
// part does not use Cross and Coarse.
type Covariance struct {
	Fine   []float64 // var(g^l)
	Cross  []float64 // cov(g^l, g^{l+1})
	Coarse []float64 // var(g^{l+1}), of the same samples
}

// Best returns the coefficients that give the estimate the smallest variance, term by term and
// group by group, and that variance, group by group. terms are those of a stage, from its finest
// mesh; batches are their numbers of samples. With the variance T of the estimate of a mesh's
// gradient, from the coarsest mesh L on,
//
//	T_L = V_L / N_L
//	a_l = C_l / (V'_{l+1} + N_l T_{l+1}), clipped to [0,1]
//	T_l = (V_l - 2 a_l C_l + a_l^2 V'_{l+1}) / N_l + a_l^2 T_{l+1}
//
// where cov/var = C_l/V'_{l+1} alone would treat the mean on the coarser mesh as known. With Global
// the groups have one coefficient, for the sum of their variances in units of those on the finest
// mesh, so that each counts alike. With NoCoefficients all are 1.
//
// Coefficients of terms without known covariances (no groups), and of all finer terms, are
// 1, and the variance is then nil.
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

// best is the coefficients of one term, where coarser is the variance of the estimate of the
// coarser mesh's gradient, and unit what variances are measured in.
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

// residual is the variance of a group's difference for one sample, with a coefficient.
func (t Covariance) residual(p int, a float64) float64 {
	return max(0, t.Fine[p]-float64(2*a*t.Cross[p])+float64(a*a*t.Coarse[p]))
}

// Variance is that of a stage's estimate for any coefficients, term by term and group by group:
// the sum over the terms of their residuals, weighted, over their batches.
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

// Residuals returns the variances of the terms of an estimator for one sample, with coefficients:
// the sums over the groups of w_l^2 times the residual variance.
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

// clipped is cross/whole in [0,1]; 1 where nothing is known, which is the paper's.
func clipped(cross, whole float64) float64 {
	if !(whole > 0) {
		return 1
	}
	return min(max(cross/whole, 0), 1)
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }
