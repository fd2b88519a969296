// Package kernel is the base of the numerical work: it chooses the instruction set,
// runs chunks of work on all cores, and defines the types that the kernels in its
// sub-packages share.
//
// Kernels work on plain []float32 slices in NCHW order. Every kernel exists in
// portable Go; on amd64 some also exist in assembly, generated and checked
// against the portable one. Results never depend on the number of cores.
package kernel
