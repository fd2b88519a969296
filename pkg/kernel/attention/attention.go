package attention

import (
	"fmt"
	"math"
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/matmul"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Shape says that N samples of C channels at T positions attend with Heads
// heads of C/Heads channels each.
type Shape struct{ N, C, T, Heads int }

// StatsSize is the length of the statistics that Forward saves.
func StatsSize(s Shape) int { return 2 * s.N * s.Heads * s.T }

// Forward writes y (N,C,T) from qkv (N,3C,T). The latter is read as
// (N*Heads, 3*ch, T), queries q, keys k and values v of ch = C/Heads channels
// one after the other; then
//
//	weight[t,s] = softmax over s of sum over c of q[c,t]*k[c,s]/sqrt(ch)
//	y[c,t]      = sum over s of weight[t,s]*v[c,s]
//
// stats, of length StatsSize(s), receives what Backward needs. It panics if a
// slice has the wrong length.
func Forward(y, qkv []float32, s Shape, stats []float32) {
	j := newJob(s, len(y), len(qkv), len(stats))
	j.y, j.qkv, j.stats = y, qkv, stats
	j.do = (*job).forward
	j.run(j.groups * j.blocks)
}

// Backward writes gqkv, the gradient of Forward with respect to qkv, from the
// gradient gy with respect to y, and from y, qkv and stats as Forward left
// them.
func Backward(gqkv, gy, y, qkv []float32, s Shape, stats []float32) {
	j := newJob(s, len(y), len(qkv), len(stats))
	if len(gqkv) != len(qkv) || len(gy) != len(y) {
		panic("attention: the gradients differ in length from what they belong to")
	}
	j.y, j.qkv, j.stats, j.gy, j.gqkv = y, qkv, stats, gy, gqkv
	j.do = (*job).backward
	j.run(j.groups)
}

// Blocks have about blockSize weights, but never fewer than minRows rows: the
// matrix products would be too thin to be fast. Heads with fewer than groupSize
// weights are treated several at a time, in enough groups for a handful of cores.
const (
	blockSize = 1 << 17
	minRows   = 64
	groupSize = 1 << 12
	minGroups = 16
)

// job is one call. A chunk is a block of rows of one head or, where heads are
// small, all rows of several heads; Backward goes through the blocks of a head
// in one chunk.
type job struct {
	do           func(j *job, chunk int)
	y, qkv       []float32
	gy, gqkv     []float32
	stats        []float32
	ch, t, heads int
	size         int // of one of q, k, v, y of a head
	rows, blocks int // rows of a block, blocks of a head
	group        int // heads treated together
	groups       int
	scale        float32
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(s Shape, ny, nqkv, nstats int) *job {
	n := s.N * s.C * s.T
	if s.Heads <= 0 || s.C%max(s.Heads, 1) != 0 || ny != n || nqkv != 3*n || nstats != StatsSize(s) {
		panic(fmt.Sprintf("attention: slices do not fit the shape %+v", s))
	}
	j := jobs.Get().(*job)
	j.ch, j.t, j.heads = s.C/s.Heads, s.T, s.N*s.Heads
	j.size = j.ch * j.t
	j.rows = min(max(blockSize/max(s.T, 1), minRows), max(s.T, 1))
	j.blocks = (s.T + j.rows - 1) / j.rows
	j.group = max(1, min(groupSize/max(s.T*s.T, 1), j.heads/minGroups))
	j.groups = (j.heads + j.group - 1) / j.group
	j.scale = float32(1 / math.Sqrt(float64(j.ch)))
	return j
}

func (j *job) run(chunks int) {
	kernel.Run(chunks, j)
	*j = job{}
	jobs.Put(j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) { j.do(j, chunk) }

// part is a block of rows of count heads from head on. Only whole heads, with
// rows = T, come several at a time.
type part struct{ head, count, first, rows int }

func (j *job) part(group, block int) part {
	head, first := group*j.group, block*j.rows
	return part{head, min(j.group, j.heads-head), first, min(j.rows, j.t-first)}
}

// matrices returns q, k and v of a head, and those of the heads after it at
// distances of 3*size, in an array shaped as qkv.
func (j *job) matrices(x []float32, head int) (q, k, v []float32) {
	x = x[3*head*j.size:]
	return x, x[j.size:], x[2*j.size:]
}

// columns returns the part's columns of the ch x T matrix x, in a copy at to
// unless they are all.
func (j *job) columns(to, x []float32, p part) []float32 {
	if p.rows == j.t {
		return x
	}
	for c := range j.ch {
		copy(to[c*p.rows:][:p.rows], x[c*j.t+p.first:])
	}
	return to
}

// statistics are the part's maxima and reciprocal sums.
func (j *job) statistics(p part) []float32 {
	return j.stats[2*(p.head*j.t+p.first):][:2*p.count*p.rows]
}

// weights writes the rows x T matrices exp(scale*q'k - max), the weights before
// their division by the sum. q is what columns returned for the queries. The two
// statistics of each row, the maximum and the reciprocal of the sum, are computed
// if fresh is set and used otherwise.
func (j *job) weights(w, q, k []float32, p part, fresh bool) {
	stats := j.statistics(p)
	matmul.Batch(p.count, w, p.rows*j.t, q, 3*j.size, k, 3*j.size, p.rows, j.t, j.ch, true, false, 1, 0)
	for r := range p.count * p.rows {
		row := w[r*j.t:][:j.t]
		if fresh {
			stats[2*r] = j.scale * vector.Maximum(row)
		}
		sum := vector.ExpShift(row, row, j.scale, stats[2*r])
		if fresh {
			stats[2*r+1] = float32(1 / sum)
		}
	}
}

func (j *job) forward(chunk int) {
	p := j.part(chunk/j.blocks, chunk%j.blocks)
	q, k, v := j.matrices(j.qkv, p.head)
	y := j.y[p.head*j.size:]

	s := newScratch(j, p)
	j.weights(s.w, j.columns(s.q, q, p), k, p, true)
	out := y
	if p.rows < j.t {
		out = s.out
	}
	matmul.Batch(p.count, out, j.size, v, 3*j.size, s.w, p.rows*j.t, j.ch, p.rows, j.t, false, true, 1, 0)
	j.divide(y, j.t, p.first, out, p.rows, s.inverses(j.statistics(p)), p)
	scratches.Put(s)
}

// divide writes the channels of x, each in the part's rows, divided by the
// rows' sums, to y. Channels of y are stride apart, and the rows begin at first.
func (j *job) divide(y []float32, stride, first int, x []float32, width int, inverses []float32, p part) {
	for head := range p.count {
		for c := range j.ch {
			to, from := y[head*j.size+c*stride+first:], x[head*j.size+c*width:][:p.rows]
			vector.Mul(to, from, inverses[head*p.rows:])
		}
	}
}
