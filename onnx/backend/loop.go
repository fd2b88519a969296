package backend

import (
	"multiscale/pkg/kernel"
)

// grain is the number of elements in one part of parallel work.
const grain = 1 << 14

// parallel calls f for ranges that cover [0, n). cost is the number of elements per index; each
// range has about grain elements. The ranges do not depend on the number of cores.
func parallel(n, cost int, f func(lo, hi int)) {
	step := max(1, grain/max(1, cost))
	kernel.Run((n+step-1)/step, job(func(i int) { f(i*step, min(n, (i+1)*step)) }))
}

type job func(chunk int)

func (j job) Do(chunk int) { j(chunk) }

// loop is a nest of loops over shape. Each operand moves by its own strides: transposing,
// slicing, joining, repeating and broadcasting differ only in these.
type loop struct {
	shape   []int
	strides [][]int // of each operand
	starts  []int   // of each operand; nil for zeros
}

// rows calls f on all cores for every run along the innermost axis: at are the operands'
// offsets, n is the length of the run, and steps are the operands' strides along it.
func (l loop) rows(f func(at []int, n int, steps []int)) {
	l = l.merged()
	last := len(l.shape) - 1
	outer := count(l.shape[:last])
	n := l.shape[last]
	if outer*n == 0 {
		return
	}
	steps := make([]int, len(l.strides))
	for k, s := range l.strides {
		steps[k] = s[last]
	}
	parallel(outer, n, func(lo, hi int) {
		at := make([]int, len(l.strides))
		for r := lo; r < hi; r++ {
			copy(at, l.starts)
			for i, rest := last-1, r; i >= 0; i-- {
				j := rest % l.shape[i]
				rest /= l.shape[i]
				for k, s := range l.strides {
					at[k] += j * s[i]
				}
			}
			f(at, n, steps)
		}
	})
}

// merged drops axes of length one, and joins neighbouring axes if the strides of all operands
// allow it, so that runs are as long as possible.
func (l loop) merged() loop {
	m := loop{strides: make([][]int, len(l.strides)), starts: l.starts}
	if m.starts == nil {
		m.starts = make([]int, len(l.strides))
	}
	for i, d := range l.shape {
		if d == 1 {
			continue
		}
		last := len(m.shape) - 1
		joins := last >= 0
		for k := range l.strides {
			joins = joins && m.strides[k][last] == l.strides[k][i]*d
		}
		if joins {
			m.shape[last] *= d
		} else {
			m.shape = append(m.shape, d)
		}
		for k := range l.strides {
			if joins {
				m.strides[k][last] = l.strides[k][i]
			} else {
				m.strides[k] = append(m.strides[k], l.strides[k][i])
			}
		}
	}
	if len(m.shape) == 0 {
		m.shape = []int{1}
		for k := range m.strides {
			m.strides[k] = []int{0}
		}
	}
	return m
}

// move copies elements of any type along the loop, whose operands are dst and src.
func (l loop) move(dst, src any) {
	switch d := dst.(type) {
	case []float32:
		moveTyped(l, d, src.([]float32))
	case []int64:
		moveTyped(l, d, src.([]int64))
	case []bool:
		moveTyped(l, d, src.([]bool))
	}
}

func moveTyped[T any](l loop, dst, src []T) {
	l.rows(func(at []int, n int, steps []int) {
		d, s := at[0], at[1]
		if steps[0] == 1 && steps[1] == 1 {
			copy(dst[d:d+n], src[s:s+n])
			return
		}
		for range n {
			dst[d] = src[s]
			d += steps[0]
			s += steps[1]
		}
	})
}
