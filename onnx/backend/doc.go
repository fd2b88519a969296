// Package backend runs ONNX models on Gorgonia, with onnx-go as the decoder.
//
// [Graph] is an onnx-go backend: onnx-go's decoder fills it with the nodes of a model. Its
// Run makes a Gorgonia graph for the shapes of the current inputs, with one Gorgonia
// operation per result of an ONNX node, and runs it on a tape machine. Values that depend
// on shapes alone (such as Shape, Gather and Concat before a Reshape) are computed while
// the graph is made. [Load] makes untrusted models safe for onnx-go: it refuses those on
// which onnx-go would crash, and removes parts that onnx-go cannot decode.
//
// The operators are independent of the kernels for training: they are plain Go over gonum's
// matrix product. If the results for a model agree with those of its network, two separate
// implementations have computed them. The operators put correctness and readability before
// speed. [Operators] lists them.
package backend
