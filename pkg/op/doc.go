// Package op holds the Gorgonia operations that the networks are made of:
// each one with its gradient beside it, over the kernels of pkg/kernel.
//
// The graph, its symbolic differentiation and the machine that runs it stay
// Gorgonia's. What is our own is the arithmetic, and three habits that
// Gorgonia's stock operations do not have: an operation owns its result's
// memory and writes it anew in every run (so that a planner can let results
// share memory, see pkg/graph), it tells its operands in order (so that a graph
// can be exported, see onnx/export), and it never changes its operands.
//
// Images are float32 in NCHW order. Constructors check shapes and return
// errors that name the operation, the operand and the shape they want.
package op
