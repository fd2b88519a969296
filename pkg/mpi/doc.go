// Package mpi passes messages between processes that mpirun has started. With the build tag mpi it is
// a thin binding of about a dozen functions of the C library of the Message Passing Interface (MPI).
// Without the tag it needs no C, and can only detect that a program was started as one of several
// processes.
package mpi

import (
	"os"
	"strconv"
)

// sizes are the environment variables with the number of processes that a launcher has started: of
// Open MPI, of MPICH and Slurm's PMI, and of Slurm, whose PMIx has no variable of its own.
var sizes = []string{"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}

// Launched returns the number of processes that a launcher has started together, and the environment
// variable with this number. Without a launcher it returns 1 and an empty name.
func Launched() (size int, variable string) {
	for _, variable := range sizes {
		if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 1 {
			return n, variable
		}
	}
	return 1, ""
}
