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
	j.run(s.N * s.Heads * j.blocks)
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
	j.run(s.N * s.Heads)
}

// Blocks have about blockSize weights, but never fewer than minRows rows: the
// matrix products would be too thin to be fast.
const (
	blockSize = 1 << 17
	minRows   = 64
)

type job struct {
	do           func(j *job, chunk int)
	y, qkv       []float32
	gy, gqkv     []float32
	stats        []float32
	ch, t        int
	rows, blocks int // rows of a block, blocks of a head
	scale        float32
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(s Shape, ny, nqkv, nstats int) *job {
	n := s.N * s.C * s.T
	if s.Heads <= 0 || s.C%max(s.Heads, 1) != 0 || ny != n || nqkv != 3*n || nstats != StatsSize(s) {
		panic(fmt.Sprintf("attention: slices do not fit the shape %+v", s))
	}
	j := jobs.Get().(*job)
	j.ch, j.t = s.C/s.Heads, s.T
	j.rows = min(max(blockSize/max(s.T, 1), minRows), max(s.T, 1))
	j.blocks = (s.T + j.rows - 1) / j.rows
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

// head returns the three ch x T matrices of a head in an array shaped as qkv.
func (j *job) head(x []float32, head int) (q, k, v []float32) {
	n := j.ch * j.t
	x = x[3*head*n : 3*(head+1)*n]
	return x[:n], x[n : 2*n], x[2*n:]
}

// block returns the first row of a block and the number of its rows.
func (j *job) block(i int) (first, rows int) {
	first = i * j.rows
	return first, min(j.rows, j.t-first)
}

// columns copies columns [first, first+n) of the ch x T matrix x to y.
func (j *job) columns(y, x []float32, first, n int) {
	for c := range j.ch {
		copy(y[c*n:][:n], x[c*j.t+first:])
	}
}

// weights writes the rows x T block exp(q'k - max), the weights before their
// division by the sum; q is the ch x rows block of queries. The two statistics
// of each row are the maximum and the reciprocal of the sum; they are computed
// if fresh is set and used otherwise.
func (j *job) weights(w, q, k []float32, rows int, stats []float32, fresh bool) {
	matmul.Batch(1, w, 0, q, 0, k, 0, rows, j.t, j.ch, true, false, j.scale, 0)
	for r := range rows {
		row := w[r*j.t:][:j.t]
		if fresh {
			stats[2*r] = vector.Maximum(row)
		}
		sum := vector.ExpShift(row, row, 1, stats[2*r])
		if fresh {
			stats[2*r+1] = float32(1 / sum)
		}
	}
}

func (j *job) forward(chunk int) {
	head, block := chunk/j.blocks, chunk%j.blocks
	first, rows := j.block(block)
	q, k, v := j.head(j.qkv, head)
	y := j.y[head*j.ch*j.t:][:j.ch*j.t]
	stats := j.stats[2*(head*j.t+first):][:2*rows]

	s := scratches.Get().(*scratch)
	s.size(rows*j.t, j.ch*rows, rows)
	j.columns(s.q, q, first, rows)
	j.weights(s.w, s.q, k, rows, stats, true)
	matmul.Batch(1, s.out, 0, v, 0, s.w, 0, j.ch, rows, j.t, false, true, 1, 0)
	s.inverses(stats)
	for c := range j.ch {
		vector.Mul(y[c*j.t+first:][:rows], s.out[c*rows:][:rows], s.inverse)
	}
	scratches.Put(s)
}

// scratch is what one chunk works in.
type scratch struct {
	w, gw        []float32 // rows x T
	q, out, gout []float32 // ch x rows
	inverse      []float32 // rows
	shift        []float32 // T
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) size(weights, block, rows int) {
	s.w, s.q, s.out = grow(s.w, weights), grow(s.q, block), grow(s.out, block)
	s.inverse = grow(s.inverse, rows)
}

func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// inverses gathers the reciprocal sums of the rows.
func (s *scratch) inverses(stats []float32) {
	for r := range s.inverse {
		s.inverse[r] = stats[2*r+1]
	}
}
