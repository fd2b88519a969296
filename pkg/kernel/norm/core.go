package norm

import (
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// core is a job on one core. It holds the parameters of each row, which come from the
// row's group and channel, so that one call can process the rows of several groups.
type core struct {
	*job
	lo, hi                           int // rows with prepared parameters
	mean, scale, shift, tilt, offset []float32
}

var cores = sync.Pool{New: func() any { return new(core) }}

// Local implements kernel.Local.
func (j *job) Local() kernel.Job {
	c := cores.Get().(*core)
	c.job, c.lo, c.hi = j, 0, 0
	return c
}

// Done implements kernel.Local.
func (j *job) Done(c kernel.Job) {
	c.(*core).job = nil
	cores.Put(c)
}

// Do implements kernel.Job.
func (c *core) Do(chunk int) {
	switch {
	case c.adding:
		c.add(chunk)
	case c.parts == 0:
		c.batch(chunk*c.batchGroups, min((chunk+1)*c.batchGroups, c.total))
	default:
		c.part(chunk)
	}
}

// part processes a part of a group in the current round.
func (c *core) part(chunk int) {
	if c.round == 1 { // in reverse order, beginning with what the first round left in the cache
		chunk = (c.to-c.from)*c.parts - 1 - chunk
	}
	first := (c.from + chunk/c.parts) * c.rows
	lo := first + chunk%c.parts*c.partRows
	hi := min(lo+c.partRows, first+c.rows)
	if c.round == 0 {
		c.phases.read(c, lo, hi)
	} else {
		c.phases.write(c, lo, hi)
	}
}

// batch runs all phases on groups [from, to).
func (c *core) batch(from, to int) {
	c.phases.read(c, from*c.rows, to*c.rows)
	c.phases.conclude(c.job, from, to)
	c.phases.write(c, from*c.rows, to*c.rows)
}

// data returns rows [lo, hi) of an array of the shape of the input.
func (j *job) data(x []float32, lo, hi int) []float32 { return x[lo*j.width : hi*j.width] }

// prepare sets mean, scale and shift of rows [lo, hi). The output before the activation
// is (x-mean)*scale + shift.
func (c *core) prepare(lo, hi int) {
	if c.lo == lo && c.hi == hi {
		return // prepared for the previous phase
	}
	c.lo, c.hi = lo, hi
	n := hi - lo
	c.mean, c.scale, c.shift = resize(c.mean, n), resize(c.scale, n), resize(c.shift, n)
	from, to, rows := c.groupsOf(lo, hi)
	vector.AffineGroups(c.mean, c.scale, c.shift, c.gamma, c.beta, lo%c.channels, rows, c.job.mean[from:to], c.deviation[2*from:2*to])
}

// groupsOf returns the groups [from, to) of rows [lo, hi), which are whole groups or a part
// of one, and the number of rows of each group.
func (j *job) groupsOf(lo, hi int) (from, to, rows int) {
	return lo / j.rows, (hi-1)/j.rows + 1, min(j.rows, hi-lo)
}
