package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// counts is a job that notes how often each chunk ran, and may run more inside.
type counts struct {
	seen  []atomic.Int32
	inner int
}

func (c *counts) Do(chunk int) {
	c.seen[chunk].Add(1)
	if c.inner > 0 {
		n := &counts{seen: make([]atomic.Int32, c.inner)}
		Run(c.inner, n)
		for i := range n.seen {
			if n.seen[i].Load() != 1 {
				c.seen[chunk].Add(100)
			}
		}
	}
}

func TestRunDoesEveryChunkOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 4, 2} {
		runtime.GOMAXPROCS(procs)
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				for n := range 40 {
					c := &counts{seen: make([]atomic.Int32, n), inner: n % 3 * 5}
					Run(n, c)
					for i := range c.seen {
						if got := c.seen[i].Load(); got != 1 {
							t.Errorf("GOMAXPROCS %d: chunk %d of %d counted %d", procs, i, n, got)
						}
					}
				}
			})
		}
		callers.Wait()
	}
}

type failing struct{}

func (failing) Do(chunk int) {
	if chunk == 5 {
		panic("chunk 5")
	}
}

func TestRunPassesOnPanics(t *testing.T) {
	for range 10 {
		func() {
			defer func() {
				if r := recover(); r != "chunk 5" {
					t.Errorf("recovered %v", r)
				}
			}()
			Run(8, failing{})
		}()
	}
}

type nothing struct{}

func (nothing) Do(int) {}

func TestRunAllocatesNothing(t *testing.T) {
	var job Job = nothing{}
	Run(8, job)
	// AllocsPerRun sets GOMAXPROCS to 1; the workers have their own benchmark.
	if n := testing.AllocsPerRun(100, func() { Run(8, job) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRun is the price of one call on all cores.
func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	var job Job = nothing{}
	for range b.N {
		Run(8, job)
	}
}
