package matmul

import (
	"sync"

	"multiscale/pkg/kernel/lanes"
)

// job is one call of Batch.
type job struct {
	c, a, b                   []float32
	strideC, strideA, strideB int
	m, n, k                   int
	transA, transB            bool
	alpha, beta               float32
	kernels                   *lanes.Kernels
	rows                      int // of a block
	down, across              int // blocks of a matrix, in a column and in a row
}

var jobs = sync.Pool{New: func() any { return new(job) }}

// scratch is the memory that one worker needs for one block.
type scratch struct {
	product           lanes.Product
	gather            lanes.Gather
	panel, tile, rows []float32
	table             [depth]int32
	step              int
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// places returns the offsets of the rows of a panel.
func (s *scratch) places(wide int) []int32 {
	if s.step != wide {
		s.step = wide
		for i := range s.table {
			s.table[i] = int32(i * wide)
		}
	}
	return s.table[:]
}

func grow(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n)
	}
	return v[:n]
}
