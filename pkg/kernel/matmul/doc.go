// Package matmul multiplies row-major float32 matrices: B is packed panel by
// panel into vectors, A is read where it lies, and package lanes forms the
// products. Results do not depend on the number of cores.
package matmul
