// Package op holds the Gorgonia operations that the networks are made of:
// each one with its gradient beside it, over the kernels of pkg/kernel.
//
// Gorgonia keeps the graph, its differentiation and the machine that runs it. The
// operations here differ from Gorgonia's own in three ways: an operation owns the memory of
// its result and overwrites it in every run, so that a planner can let results share
// memory (pkg/graph); it lists its operands in order, so that a graph can be exported
// (onnx/export); and it never changes its operands.
//
// A constructor, such as Conv, returns a node; its operation has the same name with the ending
// Op, and a Kind of the same name. Images are float32 in NCHW order. Constructors check shapes
// and return errors that name the operation, the operand and the shape that they want.
//
// A program's own operation embeds a [Base]; [Loss] makes a loss of two functions. Package optest
// tests both.
package op
