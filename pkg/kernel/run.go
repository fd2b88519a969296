package kernel

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Job is work that has been cut into chunks. The cut depends on the size of the problem
// and never on the number of cores. The result of a chunk must not depend on when or where
// it runs.
type Job interface {
	Do(chunk int)
}

// Local is a Job that needs separate memory on every core. A core calls Local once for all
// its chunks. Calls for every chunk would make the cores wait for each other.
type Local interface {
	Job
	// Local returns the job that does the chunks of one core.
	Local() Job
	// Done takes back a job that Local has returned.
	Done(Job)
}

// Run calls job.Do once for every chunk in [0, n), on all cores, and returns
// when all calls have returned. Jobs may call Run themselves. A panic inside
// Do is raised again in the caller of Run.
func Run(n int, job Job) {
	if n > 0 {
		prepare(n, job).finish()
	}
}

// prepare makes a call for all cores, or for one core per chunk if there are fewer chunks.
func prepare(n int, job Job) *call {
	c := calls.Get()
	if c.done == nil {
		c.done = make(chan struct{}, 1)
	}
	c.cut(job, n, min(n, runtime.GOMAXPROCS(0)))
	c.refs.Store(1)
	return c
}

// finish does the remaining chunks of a call on all cores and releases the call.
func (c *call) finish() {
	if helpers := len(c.shares) - 1; helpers > 0 {
		startWorkers()
		for range helpers {
			c.refs.Add(1)
			select {
			case queue <- c:
			default:
				c.refs.Add(-1)
			}
		}
	}
	c.work(0, math.MaxInt)
	c.await()
	failure := c.failure.Swap(nil)
	c.release()
	if failure != nil {
		panic(*failure)
	}
}

// call is one Run in progress. It returns to the free list when the caller and all
// workers have released it.
type call struct {
	job      Job
	chunks   int64
	shares   []share
	finished atomic.Int64
	refs     atomic.Int64
	asleep   atomic.Bool // the caller waits for done
	done     chan struct{}
	failure  atomic.Pointer[any]
}

var calls Free[call]

// share is a range of consecutive chunks. A core begins with its own share. It thereby
// gets the same part of the images in successive calls, which its cache still holds.
type share struct {
	next atomic.Int64
	end  int64
	_    [112]byte // no two shares in one pair of cache lines
}

// cut divides the chunks of a job among cores.
func (c *call) cut(job Job, chunks, cores int) {
	c.job, c.chunks = job, int64(chunks)
	if cap(c.shares) < cores {
		c.shares = make([]share, cores)
	}
	c.shares = c.shares[:cores]
	for i := range c.shares {
		c.shares[i].next.Store(int64(i * chunks / cores))
		c.shares[i].end = int64((i + 1) * chunks / cores)
	}
	c.finished.Store(0)
}

// take returns a remaining chunk: from the core's own share, and after that from the
// other shares.
func (c *call) take(core int) (chunk int, left bool) {
	for i := range c.shares {
		s := &c.shares[(core+i)%len(c.shares)]
		if s.next.Load() < s.end {
			if next := s.next.Add(1) - 1; next < s.end {
				return int(next), true
			}
		}
	}
	return 0, false
}

// work does at most limit chunks and returns their number.
func (c *call) work(core, limit int) (done int) {
	job := c.job
	local, isLocal := job.(Local)
	for ; done < limit; done++ {
		chunk, left := c.take(core)
		if !left {
			break
		}
		if isLocal && done == 0 {
			job = local.Local()
		}
		c.do(job, chunk)
		if c.finished.Add(1) == c.chunks && c.asleep.CompareAndSwap(true, false) {
			c.done <- struct{}{}
		}
	}
	if isLocal && done > 0 {
		local.Done(job)
	}
	return done
}

// do does one chunk. It records the first panic of the call.
func (c *call) do(job Job, chunk int) {
	defer func() {
		if r := recover(); r != nil {
			failure := r // a separate variable, so that only a failure allocates
			c.failure.CompareAndSwap(nil, &failure)
		}
	}()
	job.Do(chunk)
}

// await returns when all chunks are finished. It polls before it sleeps, because the last
// chunk usually ends within microseconds.
func (c *call) await() {
	if awake(0, func() bool { return c.finished.Load() == c.chunks }) {
		return
	}
	c.asleep.Store(true)
	if c.finished.Load() == c.chunks && c.asleep.CompareAndSwap(true, false) {
		return
	}
	<-c.done
}

// acquire keeps a call from becoming free; it returns false if the call is free.
func (c *call) acquire() bool {
	for {
		n := c.refs.Load()
		if n == 0 {
			return false
		}
		if c.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives up one reference to a call. The last one returns it to the free list.
func (c *call) release() {
	if c.refs.Add(-1) == 0 {
		c.job = nil
		calls.Put(c)
	}
}

var (
	queue chan *call
	start sync.Once
)

// startWorkers starts one goroutine for every core except the caller's own.
func startWorkers() {
	start.Do(func() {
		workers := max(runtime.NumCPU(), runtime.GOMAXPROCS(0)) - 1
		queue = make(chan *call, 4*max(workers, 1))
		for i := range workers {
			go func() {
				for {
					c := next(i + 1)
					c.work(i+1, math.MaxInt)
					c.release()
				}
			}()
		}
	})
}

// next waits for a call.
func next(core int) (c *call) {
	if awake(core, func() bool {
		if len(queue) == 0 {
			return false
		}
		select {
		case c = <-queue:
			return true
		default:
			return false
		}
	}) {
		return c
	}
	return <-queue
}

// Waking a sleeping thread takes up to 100 microseconds, longer than a whole layer on
// a coarse mesh, and the next call of a training step usually comes after a few
// microseconds. A core therefore polls for about 300 microseconds before it sleeps.
// It polls in rounds; between rounds it does spare work or yields to other goroutines.
const (
	rounds = 500
	polls  = 500
)

// awake polls until happened returns true. It returns false after the last of the
// rounds, which are counted anew after spare work.
func awake(core int, happened func() bool) bool {
	for idle := 0; idle < rounds; idle++ {
		for range polls {
			if happened() {
				return true
			}
		}
		if doSpare(core) {
			idle = 0
		} else {
			runtime.Gosched()
		}
	}
	return false
}
