// Package share computes sums over the samples of a step, divided among several processes. Each
// batch is cut into a fixed number of shares, a power of two, of nearly equal size. The results of
// the shares are added in the order of a binary tree, neighbours first. The tree is fixed, so that
// the sum has the same bytes on any number of processes.
package share

import (
	"context"
	"math/bits"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Share is one of Of parts of nearly equal size of every batch of a step. The zero Share is the
// whole batch.
type Share struct{ Index, Of int }

// Range returns the range [from,to) of the share's samples in a batch of n. A share that is not empty
// has at least `least` samples. If n is too small for this, the batch is cut into a smaller power of two
// of parts, which are spread evenly over the shares; all other shares are empty. If n is smaller than
// least, the first share is the whole batch. With fewer samples than shares, some shares are empty. The
// first share is never empty.
func (s Share) Range(n, least int) (from, to int) {
	parts := max(s.Of, 1)
	for least > 1 && parts > 1 && parts*least > n {
		parts /= 2
	}
	every := max(s.Of, 1) / parts
	at := func(share int) int { // start of the first part that belongs to the share or a later one
		part := (share + every - 1) / every
		return (part*n + parts - 1) / parts
	}
	return at(s.Index), at(s.Index + 1)
}

// Ranks are the processes that compute the shares of a step together.
type Ranks interface {
	// Rank is the number of this process, from 0. Size is the number of all processes, a power of
	// two.
	Rank() int
	Size() int
	// Add replaces vector and scalars, which have the same lengths on all ranks, by the sums over the
	// ranks in the order of the tree: rank 2i and 2i+1 first, then pairs of these. If this rank could
	// not compute its vector, failed is the reason; all ranks then get an error instead of sums.
	Add(ctx context.Context, iteration int, vector []float32, scalars []float64, failed error) error
}

// Sum adds the results of shares. The zero Sum has one share in one process.
type Sum struct {
	// Shares is the number of shares, a power of two; 0 stands for 1.
	Shares int
	// Ranks are the processes, at most as many as shares; nil stands for this process alone.
	Ranks Ranks

	further [][]float32 // vectors in addition to the caller's
	// The shares that are computed at once, and their results:
	shares []Share
	pass   pass
	rows   [][]float64
}

// Together is the largest number of shares that are computed at once.
const Together = 8

// Vectors is the number of vectors, including the sum, that a process with own shares holds in memory.
// own must be a power of two.
func Vectors(own int) int {
	if own <= Together {
		return max(own, 1)
	}
	return Together + bits.Len(uint(own/Together)) - 1
}

// Compute computes neighbouring shares. It overwrites vectors[i] and scalars[i] with the results of
// shares[i].
type Compute func(ctx context.Context, shares []Share, vectors [][]float32, scalars [][]float64) error

// Of overwrites vector and scalars with the sums over all shares of the results of compute, which it
// calls for up to Together shares at once. See Vectors for the memory that it needs.
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

// tree sums n shares, a power of two, starting with from.
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

// together is tree for up to Together shares, which are computed at once.
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

// pass is a power of two of vectors, which it adds to the first one in the order of the tree. It works
// piece by piece, so that a piece of all vectors fits the cache.
type pass [][]float32

// piece is a number of elements.
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
