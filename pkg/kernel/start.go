package kernel

import "sync/atomic"

// Pending is a Run that Start has begun. The zero value is a Run without chunks.
type Pending struct{ call *call }

// Start begins a Run in the background. Cores that wait for the end of another Run do
// its chunks meanwhile; on coarse meshes these waits take a few per cent of a training
// step. job must not need anything that the caller of another Run may hold, such as a
// lock.
func Start(n int, job Job) Pending {
	if n <= 0 {
		return Pending{}
	}
	c := prepare(n, job)
	spare.Store(c) // the Wait of an earlier spare call finishes that call
	return Pending{c}
}

// Wait does the remaining chunks and returns when all are done. A panic inside a chunk
// is raised again here. Wait must be called once.
func (p Pending) Wait() {
	if p.call != nil {
		spare.CompareAndSwap(p.call, nil)
		p.call.finish()
	}
}

// spare is the call whose chunks waiting cores do.
var spare atomic.Pointer[call]

// doSpare does a chunk of the spare call, if one is left.
func doSpare(core int) bool {
	c := spare.Load()
	if c == nil || !c.acquire() {
		return false
	}
	// The call may have been reused for another Run since it was loaded; to help that one is as good.
	done := c.work(core, 1)
	if done == 0 {
		spare.CompareAndSwap(c, nil)
	}
	c.release()
	return done > 0
}
