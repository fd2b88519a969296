package share_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"multiscale/pkg/random"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
)

// TestRange: shares of a batch follow one another, cover it, and hold nothing or enough.
func TestRange(t *testing.T) {
	for _, of := range []int{0, 1, 2, 8, 16} {
		for _, least := range []int{1, 2} {
			for n := 1; n < 50; n++ {
				var sizes []int
				next := 0
				for i := range max(of, 1) {
					from, to := share.Share{Index: i, Of: of}.Range(n, least)
					if from != next || to < from || to == 0 {
						t.Fatalf("share %d of %d of %d samples: %d to %d after %d", i, of, n, from, to, next)
					}
					if next = to; to > from {
						sizes = append(sizes, to-from)
					}
				}
				if next != n {
					t.Fatalf("%d shares of %d samples end at %d", of, n, next)
				}
				if small := slices.Min(sizes); small < min(least, n) || slices.Max(sizes) > small+1 {
					t.Errorf("%d shares of %d samples, at least %d: %v", of, n, least, sizes)
				}
			}
		}
	}
	var list []string
	for i := range 8 {
		from, to := share.Share{Index: i, Of: 8}.Range(9, 2)
		list = append(list, fmt.Sprint(from, "-", to))
	}
	if want := []string{"0-3", "3-3", "3-5", "5-5", "5-7", "7-7", "7-9", "9-9"}; !slices.Equal(list, want) {
		t.Errorf("9 samples in shares of 2 at least: %v, want %v", list, want)
	}
}

// values are what a share gives: numbers whose sum depends on the order.
func values(s share.Share, vector []float32, scalars []float64) {
	r := random.New(3, uint64(s.Index))
	r.Normals(vector)
	for i := range scalars {
		scalars[i] = float64(r.Normal()) * 1e10 / float64(s.Index+1)
	}
}

// TestSum: the sum is that of the tree, on any number of ranks.
func TestSum(t *testing.T) {
	const shares, n, m = 8, 1001, 3
	compute := func(_ context.Context, s share.Share, vector []float32, scalars []float64) error {
		values(s, vector, scalars)
		return nil
	}
	of := func(ranks share.Ranks) ([]float32, []float64) {
		sum := share.Sum{Shares: shares, Ranks: ranks}
		vector, scalars := make([]float32, n), make([]float64, m)
		vector[0] = 9 // is overwritten
		for i := range 2 {
			if err := sum.Of(t.Context(), i, vector, scalars, compute); err != nil {
				t.Error(err)
			}
		}
		return vector, scalars
	}
	var parts [shares][]float32
	for i := range parts {
		parts[i] = make([]float32, n)
		values(share.Share{Index: i, Of: shares}, parts[i], nil)
	}
	want, wantScalars := of(nil)
	for k := range want {
		p := func(i int) float32 { return parts[i][k] }
		if tree := ((p(0) + p(1)) + (p(2) + p(3))) + ((p(4) + p(5)) + (p(6) + p(7))); want[k] != tree {
			t.Fatalf("entry %d is %v, want %v", k, want[k], tree)
		}
	}
	for _, size := range []int{1, 2, 4, 8} {
		var wait sync.WaitGroup
		for _, r := range sharetest.Ranks(size) {
			wait.Go(func() {
				if got, scalars := of(r); !slices.Equal(got, want) || !slices.Equal(scalars, wantScalars) {
					t.Errorf("rank %d of %d has another sum", r.Rank(), size)
				}
			})
		}
		wait.Wait()
	}
}

// TestFailure: what one share gives no result for has none on any rank.
func TestFailure(t *testing.T) {
	failure := errors.New("no pictures")
	var wait sync.WaitGroup
	for _, r := range sharetest.Ranks(4) {
		wait.Go(func() {
			sum := share.Sum{Shares: 8, Ranks: r}
			err := sum.Of(t.Context(), 0, make([]float32, 5), nil, func(_ context.Context, s share.Share, _ []float32, _ []float64) error {
				if s.Index == 5 {
					return failure
				}
				return nil
			})
			if err == nil || errors.Is(err, failure) != (r.Rank() == 2) {
				t.Errorf("rank %d: error %v", r.Rank(), err)
			}
		})
	}
	wait.Wait()
}
