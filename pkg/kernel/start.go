package kernel

import "sync/atomic"

// Pending is a Run that Start has begun. The zero value is one of no chunks.
type Pending struct{ call *call }

// Start begins a Run in the background. Cores that wait for the end of another Run do
// its chunks meanwhile: on coarse meshes they would wait for some per cent of a training
// step. job must not need anything that the caller of another Run may hold, such as a
// lock.
func Start(n int, job Job) Pending {
	if n <= 0 {
		return Pending{}
	}
	c := prepare(n, job)
	spare.Store(c) // an earlier one is finished by its Wait
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

// spare is the call whose chunks are done by cores that would wait.
var spare atomic.Pointer[call]

// doSpare does a chunk of the spare call, if one is left.
func doSpare(core int) bool {
	c := spare.Load()
	if c == nil || !c.acquire() {
		return false
	}
	// The call may have been reused since it was loaded; helping the new one is fine.
	done := c.work(core, 1)
	if done == 0 {
		spare.CompareAndSwap(c, nil)
	}
	c.release()
	return done > 0
}
