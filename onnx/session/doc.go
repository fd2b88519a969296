// Package session opens an exported model in the best available runtime and runs it
// on pictures: as the network that it was, if this project exported the model; else in ONNX
// Runtime where its library is there; else in this project's own backend for onnx-go.
//
// What a program must know of a model to use it, it finds out itself: the task and the
// normalisation from the metadata; from the graph, without running it, by how much
// pictures are enlarged, of what their sides must be multiples, how far a pixel of the result sees,
// and how much memory a picture takes.
package session
