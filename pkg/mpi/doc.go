// Package mpi passes messages between the processes that mpirun starts. With the build tag mpi it
// is a thin binding of a dozen calls of the Message Passing Interface's C library; without the tag
// it needs no C, and only finds out that a program was started as one of several.
package mpi

import (
	"os"
	"strconv"
)

// sizes are the environment variables in which launchers say how many processes they have started:
// those of Open MPI, of MPICH and Slurm's PMI, and of Slurm, whose PMIx has none of its own.
var sizes = []string{"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}

// Launched returns how many processes a launcher has started together, and the environment variable
// that says so; 1 where there was none.
func Launched() (size int, variable string) {
	for _, variable := range sizes {
		if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 1 {
			return n, variable
		}
	}
	return 1, ""
}
