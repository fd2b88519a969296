// Package norm computes group normalisation, and layer normalisation over
// (C,H,W) as its case of a single group without affine parameters, with the
// activation that follows fused into the same pass over memory.
//
// Means and variances are accumulated in float64: a difference of the two
// moments is then exact enough even where the mean dwarfs the deviation.
package norm
