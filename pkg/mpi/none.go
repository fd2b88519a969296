//go:build !mpi

package mpi

import "multiscale/pkg/ranks"

// Built is true if the program has the binding.
const Built = false

// Start panics. Programs call it only if Built is true.
func Start() (ranks.Transport, error) { panic("mpi: not built") }
