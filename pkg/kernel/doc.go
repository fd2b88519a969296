// Package kernel is the basis of all numerical kernels: it chooses the instruction
// set, runs chunks of work on all cores, and defines the types that the kernels in
// its sub-packages share.
//
// Kernels work on plain []float32 slices in NCHW order. Every kernel exists in
// portable Go. For amd64 and arm64, some also exist in generated assembly, which is
// tested against the portable version. Results never depend on the number of cores.
package kernel
