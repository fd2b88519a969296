package kernel

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// PathVariable is the environment variable that forces a kernel path.
const PathVariable = "MULTISCALE_KERNEL"

// The kernel paths. Results of different paths differ by rounding; results of the same
// path are equal bit by bit.
const (
	Portable = "portable"
	AVX2     = "avx2"
	AVX512   = "avx512"
	NEON     = "neon"
)

// known are the names of all kernel paths, on any machine.
var known = []string{Portable, AVX2, AVX512, NEON}

var path, pathError = choose(os.Getenv(PathVariable))

// Path returns the instruction set that the kernels use: Portable, AVX2,
// AVX512 or NEON. It is chosen once, at start-up: the one that the environment
// variable MULTISCALE_KERNEL names, by default the best that the CPU has. If Check
// returns an error, Path is empty.
func Path() string { return path }

// Check returns an error if MULTISCALE_KERNEL names a path that does not exist
// or that this CPU lacks. Commands call it when they start, graphs when they are
// compiled; a kernel that runs nevertheless panics with this error.
func Check() error { return pathError }

// Supported returns the paths of this machine, the best last, so that tests can
// check every path in one process.
func Supported() []string { return supported() }

// choose returns the path that a value of the environment variable selects.
func choose(value string) (string, error) {
	paths := supported()
	switch {
	case value == "":
		return paths[len(paths)-1], nil
	case slices.Contains(paths, value):
		return value, nil
	case slices.Contains(known, value):
		return "", fmt.Errorf("%s=%q: this CPU (%s) has only %s", PathVariable, value, runtime.GOARCH, strings.Join(paths, ", "))
	}
	return "", fmt.Errorf("%s=%q: unknown kernel path; use one of %s", PathVariable, value, strings.Join(paths, ", "))
}

// Implementations holds a package's implementations, one for each path. Packages with
// inner loops in assembly use it to choose among them.
type Implementations[T any] struct {
	byPath map[string]*T
	active *T
}

// Choose returns the implementations byPath, which must have one for every path that
// this machine supports.
func Choose[T any](byPath map[string]*T) *Implementations[T] {
	return &Implementations[T]{byPath, byPath[path]}
}

// Active returns the implementation for the process's path. It panics if Check
// returns an error.
func (i *Implementations[T]) Active() *T {
	if i.active == nil {
		panic(pathError)
	}
	return i.active
}

// For returns the implementation for a path that this machine supports.
func (i *Implementations[T]) For(path string) *T {
	if !slices.Contains(supported(), path) {
		panic(fmt.Sprintf("kernel: path %q is not supported here", path))
	}
	return i.byPath[path]
}
