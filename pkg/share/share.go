// Package share computes sums over the samples of a step in equal shares, which several processes
// can divide among them: a batch is cut into a fixed number of shares, a power of two, and what the
// shares give is added in the order of a binary tree, neighbours first. The tree is fixed, so that
// the sum has the same bytes on any number of processes.
package share

import (
	"context"
	"math/bits"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Share is one of Of equal parts of every batch of a step. The zero Share is the whole.
type Share struct{ Index, Of int }

// Range returns the number of the share's first sample in a batch of n, and of the one after its last.
// Shares are of nearly equal size, and some are empty where there are fewer samples than shares. A
// share that is not empty has at least `least` samples: where there are too few of them, the batch is
// cut into fewer parts, a power of two, which are spread evenly over the shares. If n itself is
// smaller than least, the first share is the whole batch. The first share is never empty.
func (s Share) Range(n, least int) (from, to int) {
	parts := max(s.Of, 1)
	for least > 1 && parts > 1 && parts*least > n {
		parts /= 2
	}
	every := max(s.Of, 1) / parts
	at := func(share int) int { // of the first part that is not before the share
		part := (share + every - 1) / every
		return (part*n + parts - 1) / parts
	}
	return at(s.Index), at(s.Index + 1)
}

// Ranks are the processes that compute the shares of a step together.
type Ranks interface {
	// Rank is the number of this process, from 0, and Size that of all: a power of two.
	Rank() int
	Size() int
	// Add replaces vector and scalars, which have the same lengths on all ranks, by the sums over the
	// ranks in the order of the tree: rank 2i and 2i+1 first, then pairs of these. failed is what has
	// kept this rank from computing its own: no rank then has a sum, and all get an error.
	Add(ctx context.Context, iteration int, vector []float32, scalars []float64, failed error) error
}

// Sum adds what shares give. The zero Sum is that of one share in one process.
type Sum struct {
	// Shares is their number, a power of two; 0 stands for 1.
	Shares int
	// Ranks compute them; nil stands for this process alone. There are no more than shares.
	Ranks Ranks

	further [][]float32 // vectors beside the caller's
	shares  []Share     // that are computed at once, and what they give
	pass    pass
	rows    [][]float64
}

// Together is how many shares are computed at once.
const Together = 8

// Vectors is the number of vectors that a process of own shares, a power of two, holds in memory, the
// sum included.
func Vectors(own int) int {
	if own <= Together {
		return max(own, 1)
	}
	return Together + bits.Len(uint(own/Together)) - 1
}

// Compute computes neighbouring shares: it overwrites vectors[i] and scalars[i] with the results of
// shares[i].
type Compute func(ctx context.Context, shares []Share, vectors [][]float32, scalars [][]float64) error

// Of overwrites vector and scalars with the sums over all shares of what compute gives, for up to
// Together shares at once. See Vectors for the memory that it takes.
func (s *Sum) Of(ctx context.Context, iteration int, vector []float32, scalars []float64, compute Compute) error {
	shares, first := max(s.Shares, 1), 0
	own := shares
	if s.Ranks != nil {
		own /= s.Ranks.Size()
		first = own * s.Ranks.Rank()
	}
	for len(s.further) < Vectors(own)-1 {
		s.further = append(s.further, make([]float32, len(vector)))
	}
	err := s.tree(ctx, Share{first, shares}, own, vector, scalars, compute)
	if s.Ranks != nil {
		return s.Ranks.Add(ctx, iteration, vector, scalars, err)
	}
	return err
}

// tree sums n shares, a power of two, from one on.
func (s *Sum) tree(ctx context.Context, from Share, n int, vector []float32, scalars []float64, compute Compute) error {
	if n <= Together {
		return s.together(ctx, from, n, vector, scalars, compute)
	}
	half := n / 2
	if err := s.tree(ctx, from, half, vector, scalars, compute); err != nil {
		return err
	}
	from.Index += half
	right, also := s.further[Together-2+bits.Len(uint(half/Together))], make([]float64, len(scalars))
	if err := s.tree(ctx, from, half, right, also, compute); err != nil {
		return err
	}
	pointwise.Axpy(vector, 1, right)
	for i, v := range also {
		scalars[i] += v
	}
	return nil
}

// together is tree for shares that are computed at once.
func (s *Sum) together(ctx context.Context, from Share, n int, vector []float32, scalars []float64, compute Compute) error {
	s.shares, s.pass, s.rows = s.shares[:0], append(s.pass[:0], vector), append(s.rows[:0], scalars)
	s.pass = append(s.pass, s.further[:n-1]...)
	for i := range n {
		s.shares = append(s.shares, Share{from.Index + i, from.Of})
		if i > 0 {
			s.rows = append(s.rows, make([]float64, len(scalars)))
		}
	}
	if err := compute(ctx, s.shares, s.pass, s.rows); err != nil {
		return err
	}
	if n == 1 {
		return nil
	}
	kernel.Run((len(vector)+piece-1)/piece, &s.pass)
	for half := 1; half < n; half *= 2 {
		for i := 0; i < n; i += 2 * half {
			for k, v := range s.rows[i+half] {
				s.rows[i][k] += v
			}
		}
	}
	return nil
}

// pass adds vectors, a power of two, in the order of the tree, to the first: piece by piece, so that
// those of all are in the cache.
type pass [][]float32

const piece = 1 << 12

// Do implements kernel.Job.
func (p *pass) Do(i int) {
	lo, hi := i*piece, min((i+1)*piece, len((*p)[0]))
	for half := 1; half < len(*p); half *= 2 {
		for k := 0; k < len(*p); k += 2 * half {
			vector.Axpy((*p)[k][lo:hi], 1, (*p)[k+half][lo:hi])
		}
	}
}
