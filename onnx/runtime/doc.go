// Package runtime runs ONNX models in ONNX Runtime, the reference implementation. It loads
// the shared library at first use.
//
// The library is optional and not part of this program. [Find] searches for it in the usual
// places; if it is missing, [Load] returns an error of one line that says how to get it. The
// binding needs cgo. A program built without it (as Go does if there is no C compiler) has the
// same functions, and Load returns the same kind of error.
package runtime
