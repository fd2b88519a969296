package kernel_test

import (
	"slices"
	"testing"

	"multiscale/pkg/kernel"
)

type squares struct{ y, x []int }

var square = kernel.NewLoop(func(a *squares, lo, hi int) {
	for i := lo; i < hi; i++ {
		a.y[i] += a.x[i] * a.x[i]
	}
})

// TestLoop: every item is done once, for any number of items in a chunk.
func TestLoop(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000, 100_000} {
		for _, work := range []int{0, 1, 1 << 10, 1 << 20} {
			x, want := make([]int, n), make([]int, n)
			for i := range x {
				x[i], want[i] = i, i*i
			}
			y := make([]int, n)
			square.Run(n, work, squares{y, x})
			if !slices.Equal(y, want) {
				t.Errorf("%d items of work %d: not all were done once", n, work)
			}
		}
	}
}

// TestLoopAllocations: a loop that has run before allocates nothing.
func TestLoopAllocations(t *testing.T) {
	x, y := make([]int, 100), make([]int, 100)
	if n := testing.AllocsPerRun(10, func() { square.Run(len(x), 1, squares{y, x}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
