// Package sharetest has ranks for tests, each of which is a goroutine.
package sharetest

import (
	"context"
	"fmt"
	"sync"

	"multiscale/pkg/share"
)

// Each makes a Compute that computes one share after the other.
func Each(compute func(s share.Share, vector []float32, scalars []float64) error) share.Compute {
	return func(_ context.Context, shares []share.Share, vectors [][]float32, scalars [][]float64) error {
		for i, s := range shares {
			if err := compute(s, vectors[i], scalars[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// Ranks returns the given number of ranks, a power of two. Each must be used by its own goroutine.
func Ranks(size int) []share.Ranks {
	m := &meeting{vectors: make([][]float32, size), scalars: make([][]float64, size), failed: make([]error, size)}
	m.changed.L = &m.mu
	var all []share.Ranks
	for i := range size {
		all = append(all, rank{m, i})
	}
	return all
}

// meeting is a barrier at which ranks exchange their vectors.
type meeting struct {
	mu            sync.Mutex
	changed       sync.Cond
	round, inside int
	vectors       [][]float32
	scalars       [][]float64
	failed        []error
	outcome       error // of the last round
}

type rank struct {
	*meeting
	index int
}

func (r rank) Rank() int { return r.index }
func (r rank) Size() int { return len(r.vectors) }

// Add implements share.Ranks. The rank that arrives last adds for all.
func (r rank) Add(_ context.Context, _ int, vector []float32, scalars []float64, failed error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vectors[r.index], r.scalars[r.index], r.failed[r.index] = vector, scalars, failed
	round := r.round
	if r.inside++; r.inside == len(r.vectors) {
		r.add()
		r.inside = 0
		r.round++
		r.changed.Broadcast()
	}
	for r.round == round {
		r.changed.Wait()
	}
	if failed != nil {
		return failed
	}
	return r.outcome
}

// add sums pairs, pairs of pairs and so on into the vectors of the first rank, and copies these to all.
func (m *meeting) add() {
	m.outcome = nil
	for i, err := range m.failed {
		if err != nil {
			m.outcome = fmt.Errorf("rank %d has failed", i)
		}
	}
	for half := 1; half < len(m.vectors); half *= 2 {
		for i := 0; i < len(m.vectors); i += 2 * half {
			for k, v := range m.vectors[i+half] {
				m.vectors[i][k] += v
			}
			for k, v := range m.scalars[i+half] {
				m.scalars[i][k] += v
			}
		}
	}
	for i := range m.vectors {
		copy(m.vectors[i], m.vectors[0])
		copy(m.scalars[i], m.scalars[0])
	}
}
