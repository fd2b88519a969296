package kernel

import "sync/atomic"

// Pending is a Run that Start has begun. The zero value is one of no chunks.
type Pending struct{ call *call }

// Start begins a Run that nothing waits for yet. The chunks of other Runs never
// end at the same moment, and cores that would wait there do one of its chunks
// instead: on coarse meshes they would wait for some per cent of a training step.
// job must not need what the caller of another Run may hold, such as a lock.
func Start(n int, job Job) Pending {
	if n <= 0 {
		return Pending{}
	}
	c := prepare(n, job)
	spare.Store(c) // what is left of an earlier one is left to its Wait
	return Pending{c}
}

// Wait does what is left and returns when all chunks have been done. A panic inside
// of one is raised again here. It must be called once.
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
	// Whoever was late holds another call by now, which it may help as well.
	done := c.work(core, 1)
	if done == 0 {
		spare.CompareAndSwap(c, nil)
	}
	c.release()
	return done > 0
}
