// Package backend runs ONNX models on Gorgonia, with onnx-go as the decoder.
//
// [Graph] is an onnx-go backend: onnx-go's decoder fills it with the nodes of a model,
// and its Run makes a Gorgonia graph for the shapes of the current inputs, one
// Gorgonia operation for each ONNX node, and runs that on a tape machine. What
// depends on shapes alone (Shape, Gather, Concat and the like on the way to a Reshape)
// is computed while the graph is made. [Load] puts a safe door before all
// that: it refuses what onnx-go would crash on and removes what onnx-go cannot decode.
//
// The operators are written again here, in plain Go over gonum's matrix product, and
// share nothing with the kernels that networks are trained with: a model
// that agrees with its own network in this backend has been computed twice.
// They are meant to be right and readable first. [Operators] lists them.
package backend
