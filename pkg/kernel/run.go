package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Job is work that has been cut into chunks. Do must give the same result for
// a chunk whoever runs it and whenever: the cut depends on the problem's size
// only, never on the number of cores.
type Job interface {
	Do(chunk int)
}

// Local is a Job that needs memory of its own on every core. Who works on it asks for
// that once, not for every chunk: cores would wait for each other.
type Local interface {
	Job
	// Local returns what does the chunks on one core.
	Local() Job
	// Done takes it back.
	Done(Job)
}

// Run calls job.Do once for every chunk in [0, n), on all cores, and returns
// when all calls have returned. Jobs may call Run themselves. A panic inside
// Do is raised again in the caller of Run.
func Run(n int, job Job) {
	if n <= 0 {
		return
	}
	helpers := min(n, runtime.GOMAXPROCS(0)) - 1
	if helpers <= 0 {
		if l, ok := job.(Local); ok {
			job = l.Local()
			defer l.Done(job)
		}
		for i := range n {
			job.Do(i)
		}
		return
	}
	startWorkers()
	c := calls.Get().(*call)
	c.cut(job, n, helpers+1)
	c.refs.Store(1)
	for range helpers {
		c.refs.Add(1)
		select {
		case queue <- c:
		default:
			c.refs.Add(-1)
		}
	}
	c.work(0)
	c.await()
	failure := c.failure.Swap(nil)
	c.release()
	if failure != nil {
		panic(*failure)
	}
}

// call is one Run in progress. It goes back to the pool when the caller and
// every worker that was told of it have let go of it.
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

var calls = sync.Pool{New: func() any { return &call{done: make(chan struct{}, 1)} }}

// share is a run of neighbouring chunks. A core begins with a share of its own:
// call after call it has the same part of the images, which its cache still
// holds from the operation before.
type share struct {
	next atomic.Int64
	end  int64
	_    [112]byte // no two shares in one pair of cache lines
}

// cut deals the chunks of a job out to a number of cores.
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

// work takes chunks until none is left: those of the core's own share, then what
// others have left of theirs.
func (c *call) work(core int) {
	job := c.job
	local, isLocal := job.(Local)
	taken := false
	for i := range c.shares {
		s := &c.shares[(core+i)%len(c.shares)]
		for s.next.Load() < s.end {
			chunk := s.next.Add(1) - 1
			if chunk >= s.end {
				break
			}
			if isLocal && !taken {
				job, taken = local.Local(), true
			}
			c.do(job, int(chunk))
			if c.finished.Add(1) == c.chunks && c.asleep.CompareAndSwap(true, false) {
				c.done <- struct{}{}
			}
		}
	}
	if taken {
		local.Done(job)
	}
}

func (c *call) do(job Job, chunk int) {
	defer func() {
		if r := recover(); r != nil {
			failure := r // a variable of its own: only a failure allocates
			c.failure.CompareAndSwap(nil, &failure)
		}
	}()
	job.Do(chunk)
}

// Waking a sleeping thread takes up to 100 microseconds, longer than whole
// layers of a coarse mesh, and the next call of a training step is usually a few
// microseconds away. So who waits stays awake for about 300 microseconds first:
// rounds of looks, between which other goroutines may have the core.
const (
	rounds = 500
	looks  = 500
)

// await returns when all chunks are finished. A caller that is awake sees that
// for itself: a channel would put it to sleep in the moment between the last
// chunk's end and its message.
func (c *call) await() {
	for range rounds {
		for range looks {
			if c.finished.Load() == c.chunks {
				return
			}
		}
		runtime.Gosched()
	}
	c.asleep.Store(true)
	if c.finished.Load() == c.chunks && c.asleep.CompareAndSwap(true, false) {
		return
	}
	<-c.done
}

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

// startWorkers starts one goroutine for every core but the caller's own.
func startWorkers() {
	start.Do(func() {
		workers := max(runtime.NumCPU(), runtime.GOMAXPROCS(0)) - 1
		queue = make(chan *call, 4*max(workers, 1))
		for i := range workers {
			go func() {
				for {
					c := next()
					c.work(i + 1)
					c.release()
				}
			}()
		}
	})
}

// next waits for a call: a while awake, then asleep.
func next() *call {
	for range rounds {
		for range looks {
			if len(queue) > 0 {
				select {
				case c := <-queue:
					return c
				default:
				}
			}
		}
		runtime.Gosched()
	}
	return <-queue
}
