//go:build mpi && !mpich

package mpi

// Each library has its own file, because the build cache distinguishes files but not the results of pkg-config.

// #cgo pkg-config: mpi-c
import "C"
