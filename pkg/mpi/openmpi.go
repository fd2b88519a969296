//go:build mpi && !mpich

package mpi

// The libraries have files of their own: the build cache tells files apart, and not the answers of pkg-config.

// #cgo pkg-config: mpi-c
import "C"
