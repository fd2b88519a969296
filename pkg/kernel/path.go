package kernel

import (
	"fmt"
	"os"
	"runtime"
)

// PathVariable is the environment variable that forces a kernel path.
const PathVariable = "MULTISCALE_KERNEL"

// The kernel paths. Results differ between paths by rounding only, so equal
// bytes are promised for equal paths.
const (
	Portable = "portable"
	AVX2     = "avx2"
	AVX512   = "avx512"
)

var path = choosePath()

// Path returns the instruction set that the kernels use: AVX512, AVX2 (with
// FMA) or Portable. It is chosen once, at start-up: the best that the CPU has,
// or the one that the environment variable MULTISCALE_KERNEL names.
func Path() string { return path }

// rank orders the paths: a CPU that has one has those below it.
var rank = map[string]int{Portable: 0, AVX2: 1, AVX512: 2}

// Supports tells whether this machine can run a path, so that tests can check
// every path in one process.
func Supports(path string) bool {
	r, known := rank[path]
	return known && r <= rank[bestPath()]
}

func choosePath() string {
	best := bestPath()
	want, set := os.LookupEnv(PathVariable)
	if !set || want == "" {
		return best
	}
	r, known := rank[want]
	switch {
	case !known:
		fail("%s=%q: unknown kernel path; use portable, avx2 or avx512", PathVariable, want)
	case r > rank[best]:
		fail("%s=%q: this CPU (%s) offers %s at most", PathVariable, want, runtime.GOARCH, best)
	}
	return want
}

// fail ends the program before any of it has run: there is no caller yet that
// could handle an error of the environment.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}
