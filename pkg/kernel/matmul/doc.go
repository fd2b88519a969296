// Package matmul multiplies row-major float32 matrices with the products of
// package lanes. B is packed into panels; A is read in place. Results do not
// depend on the number of cores.
package matmul
