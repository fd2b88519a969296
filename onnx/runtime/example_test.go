package runtime_test

import (
	"errors"
	"fmt"
	"os"

	"multiscale/onnx/runtime"
)

// A program can continue without ONNX Runtime, and say how to get it.
func ExampleLoad() {
	library, err := runtime.Load("")
	switch {
	case errors.Is(err, runtime.ErrUnavailable):
		fmt.Fprintln(os.Stderr, err)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return
	default:
		fmt.Fprintln(os.Stderr, "ONNX Runtime", library.Version())
	}
	fmt.Println("on we go")
	// Output: on we go
}
