// Package mlmc computes the diagnostics of Multilevel Monte Carlo (M. B. Giles, Multilevel Monte
// Carlo methods, Acta Numerica 24, 2015, section 3) for the gradient estimator: mean and variance
// of each term of the telescoping sum, kurtosis, the consistency of neighbouring levels, and the
// rates at which means, variances and cost change from mesh to mesh.
//
// The quantities are vectors with millions of entries. The measure of a mean is its Euclidean
// norm, and that of a variance is the trace of the covariance matrix, the mean squared distance
// from the mean. Both come from running sums, so that an accumulator keeps only one vector of
// means. Kurtosis and consistency, which need a distribution, are computed from sixteen fixed
// random projections.
package mlmc
