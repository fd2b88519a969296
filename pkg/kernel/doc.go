// Package kernel is the ground floor of the numerical work: the choice of the
// instruction set, the workers that share out chunks of work over the cores,
// and the vocabulary that the kernels in its sub-packages share.
//
// Kernels work on plain []float32 slices in NCHW order. Every kernel exists in
// portable Go; on amd64 some also exist in assembly, generated and checked
// against the portable one. Results never depend on the number of cores.
package kernel
