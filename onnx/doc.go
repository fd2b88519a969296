// Package onnx represents ONNX models as plain Go values. It reads them from untrusted
// files, and writes equal models as equal bytes.
//
// A [Model] has only the content of the file: graph, nodes, weights, named dimensions,
// metadata. [Decode] returns a valid model, or an error that names the problem;
// [Model.Encode] refuses to write an invalid one. Sub-packages run models: onnx/backend
// (onnx-go's decoder over Gorgonia) and onnx/runtime (ONNX Runtime); onnx/crosscheck
// compares the results. onnx/export makes models from Gorgonia graphs.
//
// The wire format is read and written with protowire, the lowest layer of the protobuf module. It
// is in the module graph anyway (through onnx-go) and needs no generated code. It also lets this
// package control three things that generated code would determine: the order of the bytes, the
// memory that an untrusted file can take, and the texts of errors.
package onnx
