package attention

import "sync"

// scratch is what one chunk works in.
type scratch struct {
	w, gw        []float32 // rows x T matrices
	q, out, gout []float32 // ch x rows matrices
	inverse      []float32 // of rows
	shift        []float32 // of positions
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch(j *job, p part) *scratch {
	s := scratches.Get().(*scratch)
	s.w = grow(s.w, p.count*p.rows*j.t)
	if p.rows < j.t {
		s.q, s.out = grow(s.q, j.ch*p.rows), grow(s.out, j.ch*p.rows)
	}
	return s
}

func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// inverses gathers the reciprocal sums of the rows.
func (s *scratch) inverses(stats []float32) []float32 {
	s.inverse = grow(s.inverse, len(stats)/2)
	for r := range s.inverse {
		s.inverse[r] = stats[2*r+1]
	}
	return s.inverse
}
