// Package optimize updates parameters: Adam and gradient descent with momentum
// as Gorgonia solvers whose state can be saved, and schedules of the learning
// rate.
package optimize
