// Package session opens an exported model in the best available runtime and runs it on
// pictures. A model that this project exported runs as the original network. Other models run
// in ONNX Runtime if its library is found, else in this project's backend for onnx-go.
//
// A [Session] has the properties of a model that a program needs to use it. The task and the
// normalisation come from the metadata. The factor of enlargement, the multiples that the sides
// of pictures must be, the number of pixels that a pixel of the result depends on, and the
// memory for a picture follow from the graph, without running it.
package session
