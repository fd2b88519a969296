// Package op defines the Gorgonia operations that networks consist of, each together with its
// gradient. They call the kernels of pkg/kernel.
//
// Gorgonia provides the graph, its differentiation and the machine that runs it. The
// operations here differ from Gorgonia's own in three ways. An operation owns the memory of
// its result and overwrites it in every run, so that a planner can let results share
// memory (pkg/graph). It lists its operands in order, so that a graph can be exported
// (onnx/export). It never changes its operands.
//
// A constructor, such as Conv, returns a node. Its operation is of a type with the same name and
// the suffix Op, and its Kind is the same name. Images are float32 in NCHW order. Constructors
// check shapes and return errors that name the operation, the operand and the expected shape.
//
// A user's own operation embeds a [Base]; [Loss] makes a loss from two functions. Package optest
// tests both.
package op
