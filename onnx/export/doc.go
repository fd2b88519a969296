// Package export writes networks as ONNX models. It walks the Gorgonia graph of
// any network that is built from the operations of pkg/op, so a network of one's
// own exports like the paper's.
//
// The result does not depend on the sizes that the graph was built for: batch,
// height and width are symbolic. It is idiomatic ONNX of opset 17, in which
// group and layer norm are InstanceNormalization between two Reshapes. Equal
// networks give equal bytes: names and order follow from the graph alone.
package export
