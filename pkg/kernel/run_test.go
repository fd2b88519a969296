package kernel_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"multiscale/pkg/kernel"
)

// job adapts a function to kernel.Job.
type job func(chunk int)

func (j job) Do(chunk int) { j(chunk) }

// withCores runs f with several values of GOMAXPROCS, also more than the machine has cores.
func withCores(t *testing.T, f func(t *testing.T)) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, cores := range []int{1, 2, 3, 8, 1} {
		runtime.GOMAXPROCS(cores)
		t.Run(fmt.Sprint("cores=", cores), f)
	}
}

func TestRunEveryChunkOnce(t *testing.T) {
	withCores(t, func(t *testing.T) {
		for _, n := range []int{-1, 0, 1, 2, 3, 7, 100, 10000} {
			counts := make([]atomic.Int32, max(n, 0))
			kernel.Run(n, job(func(i int) { counts[i].Add(1) }))
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Fatalf("%d chunks: chunk %d was done %d times", n, i, c)
				}
			}
		}
	})
}

// TestRunHappensBefore: the caller sees what the chunks wrote, without atomics.
func TestRunHappensBefore(t *testing.T) {
	withCores(t, func(t *testing.T) {
		y := make([]int, 1000)
		for round := range 20 {
			kernel.Run(len(y), job(func(i int) { y[i] += i }))
			if got, want := y[999], 999*(round+1); got != want {
				t.Fatalf("chunk 999 wrote %d, want %d", got, want)
			}
		}
	})
}

func TestRunNested(t *testing.T) {
	withCores(t, func(t *testing.T) {
		const outer, middle, inner = 7, 5, 9
		var sum atomic.Int64
		kernel.Run(outer, job(func(i int) {
			kernel.Run(middle, job(func(j int) {
				kernel.Run(inner, job(func(k int) { sum.Add(int64((i*middle+j)*inner + k)) }))
			}))
		}))
		const n = outer * middle * inner
		if got := sum.Load(); got != n*(n-1)/2 {
			t.Errorf("sum %d, want %d", got, n*(n-1)/2)
		}
	})
}

func TestRunConcurrent(t *testing.T) {
	withCores(t, func(t *testing.T) {
		var callers sync.WaitGroup
		for range 16 {
			callers.Add(1)
			go func() {
				defer callers.Done()
				for n := range 100 {
					y := make([]int, n)
					kernel.Run(n, job(func(i int) { y[i] = i + 1 }))
					for i, v := range y {
						if v != i+1 {
							t.Errorf("%d chunks: chunk %d is missing", n, i)
						}
					}
				}
			}()
		}
		callers.Wait()
	})
}

// TestRunPanics: a panic in a chunk is raised in the caller, after the other
// chunks are done, and the workers go on working.
func TestRunPanics(t *testing.T) {
	withCores(t, func(t *testing.T) {
		for _, bad := range []int{0, 17, 99} {
			caught := func() (r any) {
				defer func() { r = recover() }()
				kernel.Run(100, job(func(i int) {
					if i == bad {
						panic("chunk " + fmt.Sprint(i))
					}
				}))
				return nil
			}()
			if want := fmt.Sprint("chunk ", bad); caught != want {
				t.Errorf("caught %v, want %q", caught, want)
			}
		}
		nested := func() (r any) {
			defer func() { r = recover() }()
			kernel.Run(3, job(func(int) { kernel.Run(3, job(func(int) { panic("deep") })) }))
			return nil
		}()
		if nested != "deep" {
			t.Errorf("caught %v from a nested run", nested)
		}
		var done atomic.Int32
		kernel.Run(50, job(func(int) { done.Add(1) }))
		if done.Load() != 50 {
			t.Errorf("after panics %d of 50 chunks were done", done.Load())
		}
	})
}

// TestCoresChangeMidway: the number of cores may change while chunks run.
func TestCoresChangeMidway(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	y := make([]int, 500)
	kernel.Run(len(y), job(func(i int) {
		if i%100 == 0 {
			runtime.GOMAXPROCS(1 + i/100)
		}
		y[i] = i
	}))
	if !slices.IsSorted(y) || y[499] != 499 {
		t.Error("chunks are missing")
	}
}

// add is a job like those of the kernels: a struct with state, not a closure.
type add struct{ y, x []float32 }

func (a *add) Do(i int) { a.y[i] += a.x[i] }

// TestRunDoesNotAllocate: a run allocates nothing once the workers have been started.
func TestRunDoesNotAllocate(t *testing.T) {
	a := &add{make([]float32, 64), make([]float32, 64)}
	if n := testing.AllocsPerRun(100, func() { kernel.Run(64, a) }); n >= 1 {
		t.Errorf("%v allocations a run", n)
	}
}

func Example() {
	squares := make([]int, 6)
	kernel.Run(len(squares), job(func(i int) { squares[i] = i * i }))
	fmt.Println(squares)
	// Output: [0 1 4 9 16 25]
}
