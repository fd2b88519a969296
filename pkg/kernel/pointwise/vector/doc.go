// Package vector holds the inner loops of the memory-bound kernels: what one
// core does to contiguous float32 data. The packages norm, pointwise,
// resample, attention and ssim cut their work into pieces and call it.
//
// Every loop exists in portable Go and, on amd64, in AVX2+FMA assembly that a
// generator in the asm folder writes. A value never depends on where in the
// slice it stands: the assembly treats the tail of a slice with the same
// instructions, under a mask.
package vector
