// Package share computes sums over the samples of a step in equal shares, which several processes
// can divide among them: a batch is cut into a fixed number of shares, a power of two, and what the
// shares give is added in the order of a binary tree, neighbours first. The tree is fixed, so that
// the sum has the same bytes on any number of processes.
package share

import (
	"context"
	"math/bits"

	"multiscale/pkg/kernel/pointwise"
)

// Share is one of Of equal parts of every batch of a step. The zero Share is the whole.
type Share struct{ Index, Of int }

// Range returns the numbers of the share's first sample of a batch of n and of the one after its
// last. Shares are of nearly equal size, and empty where there are fewer samples than shares. None
// but empty ones have fewer than least samples, unless the whole batch has: the batch is then cut
// into fewer parts, a power of two, which are spread evenly over the shares. The first share is
// never empty.
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

	right []level
}

// level is what the right half of a node of the tree gives.
type level struct {
	vector  []float32
	scalars []float64
}

// Compute overwrites the vector and the scalars with what a share gives.
type Compute func(ctx context.Context, s Share, vector []float32, scalars []float64) error

// Of overwrites vector and scalars with the sums over all shares of what compute gives. It takes
// memory for one further vector for each time that the number of shares of this process can be
// halved.
func (s *Sum) Of(ctx context.Context, iteration int, vector []float32, scalars []float64, compute Compute) error {
	shares, first := max(s.Shares, 1), 0
	own := shares
	if s.Ranks != nil {
		own /= s.Ranks.Size()
		first = own * s.Ranks.Rank()
	}
	for len(s.right) < bits.Len(uint(own))-1 {
		s.right = append(s.right, level{vector: make([]float32, len(vector))})
	}
	err := s.tree(ctx, Share{first, shares}, own, vector, scalars, compute)
	if s.Ranks != nil {
		return s.Ranks.Add(ctx, iteration, vector, scalars, err)
	}
	return err
}

// tree sums n shares, a power of two, from one on.
func (s *Sum) tree(ctx context.Context, from Share, n int, vector []float32, scalars []float64, compute Compute) error {
	if n == 1 {
		return compute(ctx, from, vector, scalars)
	}
	half := n / 2
	if err := s.tree(ctx, from, half, vector, scalars, compute); err != nil {
		return err
	}
	from.Index += half
	right := &s.right[bits.Len(uint(half))-1]
	if len(right.scalars) < len(scalars) {
		right.scalars = make([]float64, len(scalars))
	}
	also := right.scalars[:len(scalars)]
	if err := s.tree(ctx, from, half, right.vector, also, compute); err != nil {
		return err
	}
	pointwise.Axpy(vector, 1, right.vector)
	for i, v := range also {
		scalars[i] += v
	}
	return nil
}
