package kernel_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"multiscale/pkg/kernel"
)

// TestStartEveryChunkOnce: when Wait returns, each chunk has been done once, whether or not
// cores have waited in between, also with several pending runs.
func TestStartEveryChunkOnce(t *testing.T) {
	withCores(t, func(t *testing.T) {
		var callers sync.WaitGroup
		for range 4 {
			callers.Add(1)
			go func() {
				defer callers.Done()
				for _, n := range []int{-1, 0, 1, 2, 7, 300} {
					first, second := make([]int, max(n, 0)), make([]int, max(n, 0))
					a := kernel.Start(n, job(func(i int) { first[i]++ }))
					kernel.Run(5, job(func(int) {}))
					b := kernel.Start(n, job(func(i int) { second[i]++ }))
					kernel.Run(5, job(func(int) {}))
					a.Wait()
					b.Wait()
					for i := range first {
						if first[i] != 1 || second[i] != 1 {
							t.Errorf("%d chunks: chunk %d was done %d and %d times", n, i, first[i], second[i])
						}
					}
				}
			}()
		}
		callers.Wait()
	})
}

// TestWaitingCoresDoSpareChunks: a Run ends although one of its chunks waits for a chunk of
// a pending run.
func TestWaitingCoresDoSpareChunks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	spare := make(chan bool, 1)
	p := kernel.Start(1, job(func(int) { spare <- true }))
	kernel.Run(2, job(func(i int) {
		if i == 1 {
			select {
			case <-spare:
			case <-time.After(time.Minute):
				t.Error("the chunk was not done in a minute")
			}
		}
	}))
	p.Wait()
}

// TestStartPanics: a panic in a chunk is raised by Wait and nowhere else.
func TestStartPanics(t *testing.T) {
	withCores(t, func(t *testing.T) {
		p := kernel.Start(3, job(func(i int) {
			if i == 1 {
				panic("chunk 1")
			}
		}))
		var done atomic.Int32
		kernel.Run(50, job(func(int) { done.Add(1) }))
		if done.Load() != 50 {
			t.Errorf("%d of 50 chunks were done", done.Load())
		}
		caught := func() (r any) {
			defer func() { r = recover() }()
			p.Wait()
			return nil
		}()
		if caught != "chunk 1" {
			t.Errorf("caught %v", caught)
		}
	})
}

func TestStartDoesNotAllocate(t *testing.T) {
	a := &add{make([]float32, 64), make([]float32, 64)}
	if n := testing.AllocsPerRun(100, func() { kernel.Start(64, a).Wait() }); n >= 1 {
		t.Errorf("%v allocations a run", n)
	}
}

func ExampleStart() {
	squares, cubes := make([]int, 4), make([]int, 4)
	p := kernel.Start(len(cubes), job(func(i int) { cubes[i] = i * i * i }))
	kernel.Run(len(squares), job(func(i int) { squares[i] = i * i }))
	fmt.Println(squares)
	p.Wait()
	fmt.Println(cubes)
	// Output:
	// [0 1 4 9]
	// [0 1 8 27]
}
