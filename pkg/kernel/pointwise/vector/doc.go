// Package vector holds the inner loops of the memory-bound kernels, which one core
// runs on contiguous float32 data. The packages norm, pointwise, resample,
// attention, ssim and others cut their work into chunks and call it.
//
// Every loop exists in portable Go, in AVX2+FMA assembly for amd64 and in NEON
// assembly for arm64. The generators asm and neon write the assembly. The result for
// an element never depends on its position in the slice: the assembly processes the
// tail of a slice with the same instructions, under a mask (AVX2) or element by
// element (NEON). Loops without code for a tail leave it to the portable loop, which
// rounds in the same way.
package vector
