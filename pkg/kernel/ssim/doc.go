// Package ssim computes the structural similarity index (Wang et al. 2004) of
// float32 images and its gradient, with an 11x11 Gaussian window of deviation
// 1.5, a dynamic range of 1, zero padding, and separate channels.
//
// Variances are differences of filtered squares, and constants as small as 1e-4
// are added to them. All arithmetic is therefore in float64.
package ssim
