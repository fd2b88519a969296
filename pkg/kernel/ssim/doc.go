// Package ssim computes the structural similarity index (Wang et al. 2004) of
// float32 images and its gradient, with an 11x11 Gaussian window of deviation
// 1.5, a dynamic range of 1, zero padding, and channels treated apart.
//
// Variances come as differences of filtered squares, beside constants as small
// as 1e-4, so the arithmetic is float64 throughout.
package ssim
