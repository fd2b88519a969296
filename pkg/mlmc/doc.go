// Package mlmc measures the gradient estimator as Multilevel Monte Carlo is
// measured (M. B. Giles, Multilevel Monte Carlo methods, Acta Numerica 24, 2015,
// section 3): mean and variance of each term of the telescoping sum, kurtosis,
// the consistency of neighbouring levels, and the rates at which means,
// variances and cost change from mesh to mesh.
//
// The quantities are vectors with millions of entries. Their mean is measured by
// its Euclidean norm, their variance by the trace of their covariance, which is
// the mean squared distance from the mean; both come from running sums, so that
// no more than one vector of means is kept at a time. What needs a distribution
// (kurtosis, consistency) is read off sixteen fixed random projections.
package mlmc
