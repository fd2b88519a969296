// Package norm computes group normalisation, fused with the activation that
// follows. Layer normalisation over (C,H,W) is the case of a single group without
// affine parameters.
//
// Both moments are accumulated in float64, so that the variance, which is computed
// from their difference, is accurate even if the mean is much larger than the
// deviation.
package norm
