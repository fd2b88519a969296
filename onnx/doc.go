// Package onnx holds ONNX models as plain Go values, reads them from untrusted
// files, and writes them as the same bytes every time.
//
// A [Model] is what the file says and nothing else: graph, nodes, weights, named
// dimensions, metadata. [Decode] gives a valid model or an error that names
// the problem; [Model.Encode] refuses to write an invalid one. What a model
// computes is the business of the sub-packages: onnx/backend (onnx-go's
// decoder over Gorgonia), onnx/runtime (ONNX Runtime) and onnx/crosscheck, which
// compares them; onnx/export makes models from Gorgonia graphs.
//
// The wire format is read and written with protowire, the lowest layer of the protobuf module: it
// is in the module graph anyway (through onnx-go), needs no generated code, and it leaves three
// things to this package that generated code would decide: the order of the bytes, the memory that
// an untrusted file can claim, and the words of an error.
package onnx
