package attention

import (
	"multiscale/pkg/kernel/matmul"
	"multiscale/pkg/kernel/pointwise/vector"
)

// backward treats one head, block after block: every block adds to the
// gradients of all keys and values.
func (j *job) backward(head int) {
	q, k, v := j.head(j.qkv, head)
	gq, gk, gv := j.head(j.gqkv, head)
	n := j.ch * j.t
	gy, y := j.gy[head*n:][:n], j.y[head*n:][:n]

	s := scratches.Get().(*scratch)
	s.shift = grow(s.shift, j.t)
	clear(s.shift)
	for c := range j.ch { // sum over s of weight*gweight equals that over c of gy*y
		vector.MulAdd(s.shift, gy[c*j.t:][:j.t], y[c*j.t:][:j.t])
	}
	var beta float32 // the first block overwrites
	for block := range j.blocks {
		first, rows := j.block(block)
		stats := j.stats[2*(head*j.t+first):][:2*rows]
		s.size(rows*j.t, j.ch*rows, rows)
		s.gw, s.gout = grow(s.gw, rows*j.t), grow(s.gout, j.ch*rows)
		j.columns(s.q, q, first, rows)
		j.columns(s.gout, gy, first, rows)
		j.weights(s.w, s.q, k, rows, stats, false)

		matmul.Batch(1, s.gw, 0, s.gout, 0, v, 0, rows, j.t, j.ch, true, false, 1, 0)
		for r := range rows {
			w, gw := s.w[r*j.t:][:j.t], s.gw[r*j.t:][:j.t]
			vector.SoftGrad(gw, gw, w, s.shift[first+r], j.scale*stats[2*r+1])
		}
		s.inverses(stats)
		for c := range j.ch { // the weights' missing factor
			g := s.gout[c*rows:][:rows]
			vector.Mul(g, g, s.inverse)
		}
		matmul.Batch(1, gv, 0, s.gout, 0, s.w, 0, j.ch, j.t, rows, false, false, 1, beta)
		matmul.Batch(1, gk, 0, s.q, 0, s.gw, 0, j.ch, j.t, rows, false, false, 1, beta)
		matmul.Batch(1, s.out, 0, k, 0, s.gw, 0, j.ch, rows, j.t, false, true, 1, 0)
		for c := range j.ch {
			copy(gq[c*j.t+first:][:rows], s.out[c*rows:])
		}
		beta = 1
	}
	scratches.Put(s)
}
