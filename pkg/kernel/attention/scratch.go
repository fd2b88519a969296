package attention

import (
	"sync"

	"multiscale/pkg/kernel/lanes"
)

// space is the memory that the chunks of a pass share.
type space struct {
	keys, values []float32 // packed tiles

	// The backward pass accumulates the gradients with respect to keys and values in gk and
	// gv, one row of channels for each key. gq holds the part of each tile in the gradient
	// with respect to the queries.
	gk, gv, gq []float32
	blocks     []queries // the current block of each head
}

// queries holds a block of queries of one head and the gradients with respect to its results,
// in the layouts that products read.
type queries struct {
	q, gout              []float32 // panels of channels by queries: in room, or in place
	room                 [2][]float32
	qT, goutT            []float32 // panels of queries by channels
	maxima, shift, scale []float32 // of each query
}

var spaces = sync.Pool{New: func() any { return new(space) }}

// scratch is the memory of one chunk.
type scratch struct {
	product lanes.Product
	gather  lanes.Gather
	scatter lanes.Scatter
	table   []int32
	step    int // of table

	packed, out       []float32 // panels
	scores, gradients []float32 // panels of keys (of one or several tiles) by queries
	square            []float32
	unread            []float64
	maxima, inverses  []float32
	old               []float32
	sums              []float64
	segments          []lanes.Segment

	own space // for a chunk that computes whole heads
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// places returns the offsets of the rows of a panel.
func (s *scratch) places(wide int) []int32 {
	if s.step != wide {
		s.step, s.table = wide, make([]int32, 2*wide)
		for i := range s.table {
			s.table[i] = int32(i * wide)
		}
	}
	return s.table
}

// groups sets up a product of n rows. Its groups are inA elements apart in A and inC elements
// apart in C.
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
