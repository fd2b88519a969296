package norm

import (
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// core is a job on one core, with memory for what rows take from their groups and
// channels: a value for each row, so that one call does the rows of several groups.
type core struct {
	*job
	lo, hi                           int // the rows that are prepared
	mean, scale, shift, tilt, offset []float32
	rstd, rest                       []float64
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

// part takes a part of a group through the phase at hand.
func (c *core) part(chunk int) {
	if c.round == 1 { // backwards: what the first round left in the cache comes first
		chunk = c.total*c.parts - 1 - chunk
	}
	first := chunk / c.parts * c.rows
	lo := first + chunk%c.parts*c.partRows
	hi := min(lo+c.partRows, first+c.rows)
	if c.round == 0 {
		c.phases.read(c, lo, hi)
	} else {
		c.phases.write(c, lo, hi)
	}
}

// batch takes groups [from, to) through the phases.
func (c *core) batch(from, to int) {
	c.phases.read(c, from*c.rows, to*c.rows)
	for g := from; g < to; g++ {
		c.phases.conclude(c.job, g)
	}
	c.phases.write(c, from*c.rows, to*c.rows)
}

// data is rows [lo, hi) of an array of the input's shape.
func (j *job) data(x []float32, lo, hi int) []float32 { return x[lo*j.width : hi*j.width] }

// prepare fills in mean, scale and shift of rows [lo, hi) so that the output before
// the activation is (x-mean)*scale + shift.
func (c *core) prepare(lo, hi int) {
	if c.lo == lo && c.hi == hi {
		return // the phase before has needed them too
	}
	c.lo, c.hi = lo, hi
	n := hi - lo
	c.mean, c.scale, c.shift = resize(c.mean, n), resize(c.scale, n), resize(c.shift, n)
	c.rstd, c.rest = resize(c.rstd, n), resize(c.rest, n)
	for r := lo; r < hi; {
		g := r / c.rows
		mean, rstd, rest := c.job.mean[g], c.deviation[2*g], c.deviation[2*g+1]
		for end := min((g+1)*c.rows, hi); r < end; r++ {
			c.mean[r-lo], c.rstd[r-lo], c.rest[r-lo] = mean, rstd, rest
		}
	}
	for r := lo; r < hi; { // from sample to sample
		channel := r % c.channels
		end := min(r+c.channels-channel, hi)
		vector.AffineRows(c.scale[r-lo:end-lo], c.shift[r-lo:], from(c.gamma, channel), from(c.beta, channel), c.rstd[r-lo:], c.rest[r-lo:])
		r = end
	}
}

// from is a list of all channels' values from a channel on, or nil.
func from(values []float32, channel int) []float32 {
	if values == nil {
		return nil
	}
	return values[channel:]
}
