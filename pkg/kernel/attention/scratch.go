package attention

import (
	"sync"

	"multiscale/pkg/kernel/lanes"
)

// space is what the chunks of a pass share.
type space struct {
	keys, values []float32 // packed tiles

	// Of the backward pass: the gradients of keys and values, which blocks of queries add
	// to, as rows of channels; what each tile contributes to the gradient of the queries.
	gk, gv, gq []float32
	blocks     []queries // of each head
}

// queries are a block of queries of one head, with all that belongs to them, in the forms
// that products read: panels of channels by queries, and panels of queries by channels.
type queries struct {
	q, gout              []float32 // in room, or where they lie
	room                 [2][]float32
	qT, goutT            []float32
	maxima, shift, scale []float32
}

var spaces = sync.Pool{New: func() any { return new(space) }}

// scratch is what one chunk works in.
type scratch struct {
	product lanes.Product
	gather  lanes.Gather
	scatter lanes.Scatter
	table   []int32
	step    int // of table

	packed, out       []float32 // panels
	scores, gradients []float32 // panels of a tile's, or several tiles', keys by queries
	square            []float32
	unread            []float64
	maxima, inverses  []float32
	old               []float32
	sums              []float64
	segments          []lanes.Segment

	own space // of a chunk that does whole heads
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// places lists where the rows of a panel start.
func (s *scratch) places(wide int) []int32 {
	if s.step != wide {
		s.step, s.table = wide, make([]int32, 2*wide)
		for i := range s.table {
			s.table[i] = int32(i * wide)
		}
	}
	return s.table
}

// groups sets up a product of n rows, whose groups lie the given distances apart in A and C.
func (s *scratch) groups(group, n, inA, inC int) *lanes.Product {
	p := &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for g := range ceil(n, group) {
		p.ARow, p.CRow = append(p.ARow, g*inA), append(p.CRow, g*inC)
	}
	p.Segments = lanes.Whole
	return p
}

func grow64(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
