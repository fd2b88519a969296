package attention

import (
	"multiscale/pkg/kernel/matmul"
	"multiscale/pkg/kernel/pointwise/vector"
)

// backward treats a group of heads, block after block: every block adds to the
// gradients of all keys and values.
func (j *job) backward(group int) {
	whole := j.part(group, 0)
	s := newScratch(j, whole)
	s.gw = grow(s.gw, len(s.w))
	s.gout = grow(s.gout, whole.count*j.ch*whole.rows)
	j.shifts(s, whole)
	for block := range j.blocks {
		j.backwardBlock(s, j.part(group, block), block > 0)
	}
	scratches.Put(s)
}

// shifts computes, for each position, the sum over s of weight times gradient
// of the weight. It equals the sum over c of gy*y.
func (j *job) shifts(s *scratch, p part) {
	s.shift = grow(s.shift, p.count*j.t)
	clear(s.shift)
	for i := range p.count * j.ch {
		at := p.head*j.size + i*j.t
		vector.MulAdd(s.shift[i/j.ch*j.t:], j.gy[at:][:j.t], j.y[at:])
	}
}

func (j *job) backwardBlock(s *scratch, p part, add bool) {
	q, k, v := j.matrices(j.qkv, p.head)
	gq, gk, gv := j.matrices(j.gqkv, p.head)
	size, all, weights := j.size, 3*j.size, p.rows*j.t

	q = j.columns(s.q, q, p)
	j.weights(s.w, q, k, p, false)
	gout := j.columns(s.gout, j.gy[p.head*size:], p)
	matmul.Batch(p.count, s.gw, weights, gout, size, v, all, p.rows, j.t, j.ch, true, false, 1, 0)
	inverses := s.inverses(j.statistics(p))
	for r, inverse := range inverses {
		w, gw := s.w[r*j.t:][:j.t], s.gw[r*j.t:][:j.t]
		vector.SoftGrad(gw, gw, w, s.shift[p.first+r], j.scale*inverse)
	}

	var beta float32
	if add {
		beta = 1
	}
	j.divide(s.gout, p.rows, 0, gout, p.rows, inverses, p) // the factor that the weights lack
	matmul.Batch(p.count, gv, all, s.gout, size, s.w, weights, j.ch, j.t, p.rows, false, false, 1, beta)
	matmul.Batch(p.count, gk, all, q, all, s.gw, weights, j.ch, j.t, p.rows, false, false, 1, beta)
	out := gq
	if p.rows < j.t {
		out = s.out
	}
	matmul.Batch(p.count, out, all, k, all, s.gw, weights, j.ch, p.rows, j.t, false, true, 1, 0)
	if p.rows < j.t {
		for c := range j.ch {
			copy(gq[c*j.t+p.first:][:p.rows], s.out[c*p.rows:])
		}
	}
}
