//go:build !mpi

package mpi

import "multiscale/pkg/ranks"

// Built says whether the program has the binding.
const Built = false

// Start is for programs that are Built.
func Start() (ranks.Transport, error) { panic("mpi: not built") }
