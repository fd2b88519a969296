package pointwise

import (
	"sort"

	"multiscale/pkg/kernel"
)

// List distributes passes over many vectors, such as all parameters of a network, among
// the cores. Most of these vectors are too short to be divided among several cores.
type List struct {
	lengths []int
	ends    []int // number of chunks up to the end of each vector
	pass    Pass
}

// Pass is an operation on the vectors of a List.
type Pass interface {
	// Elements processes elements [lo,hi) of vector i. Calls come in any order, on any core.
	Elements(i, lo, hi int)
}

// NewList returns a list of vectors of the given lengths.
func NewList(lengths []int) *List {
	l := &List{lengths: lengths, ends: make([]int, len(lengths))}
	chunks := 0
	for i, n := range lengths {
		chunks += (n + chunkSize - 1) / chunkSize
		l.ends[i] = chunks
	}
	return l
}

// Run runs one pass on all cores. It is not safe for concurrent use.
func (l *List) Run(p Pass) {
	if len(l.ends) == 0 {
		return
	}
	l.pass = p
	kernel.Run(l.ends[len(l.ends)-1], l)
	l.pass = nil
}

// Do implements kernel.Job.
func (l *List) Do(chunk int) {
	i := sort.SearchInts(l.ends, chunk+1)
	if i > 0 {
		chunk -= l.ends[i-1]
	}
	lo := chunk * chunkSize
	l.pass.Elements(i, lo, min(lo+chunkSize, l.lengths[i]))
}
