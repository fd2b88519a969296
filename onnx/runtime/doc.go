// Package runtime runs ONNX models in ONNX Runtime, the reference implementation, whose
// shared library is loaded at first use.
//
// The library is not part of this program and nothing here needs it: [Find]
// looks for it in the usual places, and where it is missing [Load] returns an error
// that says in one line how to get it. The binding is written in C, so a program
// built without cgo (which is what Go does when there is no C compiler) has the same
// functions and the same kind of error.
package runtime
