package share_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"multiscale/pkg/random"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
)

// TestRange: the shares of a batch are contiguous and cover it, and those that are not empty have at
// least the required number of samples.
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

// values sets the results of a share to numbers whose sum depends on the order.
func values(s share.Share, vector []float32, scalars []float64) {
	r := random.New(3, uint64(s.Index))
	r.Normals(vector)
	for i := range scalars {
		scalars[i] = float64(r.Normal()) * 1e10 / float64(s.Index+1)
	}
}

// TestSum: the sum has the order of the tree, on any number of ranks.
func TestSum(t *testing.T) {
	for _, shares := range []int{1, 2, 8, 32} {
		testSum(t, shares)
	}
}

func testSum(t *testing.T, shares int) {
	const n, m = 9001, 3
	compute := sharetest.Each(func(s share.Share, vector []float32, scalars []float64) error {
		values(s, vector, scalars)
		return nil
	})
	of := func(ranks share.Ranks) ([]float32, []float64) {
		sum := share.Sum{Shares: shares, Ranks: ranks}
		vector, scalars := make([]float32, n), make([]float64, m)
		vector[0] = 9 // to be overwritten
		for i := range 2 {
			if err := sum.Of(t.Context(), i, vector, scalars, compute); err != nil {
				t.Error(err)
			}
		}
		return vector, scalars
	}
	parts, scalarParts := make([][]float32, shares), make([][]float64, shares)
	for i := range parts {
		parts[i], scalarParts[i] = make([]float32, n), make([]float64, m)
		values(share.Share{Index: i, Of: shares}, parts[i], scalarParts[i])
	}
	want, wantScalars := of(nil)
	if !slices.Equal(want, tree(parts)) || !slices.Equal(wantScalars, tree(scalarParts)) {
		t.Errorf("%d shares: not the sum of the tree", shares)
	}
	for size := 1; size <= shares; size *= 2 {
		var wait sync.WaitGroup
		for _, r := range sharetest.Ranks(size) {
			wait.Go(func() {
				if got, scalars := of(r); !slices.Equal(got, want) || !slices.Equal(scalars, wantScalars) {
					t.Errorf("%d shares: rank %d of %d has another sum", shares, r.Rank(), size)
				}
			})
		}
		wait.Wait()
	}
}

// tree returns the sum of a list: the sum of the sums of its two halves.
func tree[T float32 | float64](list [][]T) []T {
	n := len(list)
	if n == 1 {
		return list[0]
	}
	sum := slices.Clone(tree(list[:n/2]))
	for i, v := range tree(list[n/2:]) {
		sum[i] += v
	}
	return sum
}

// TestFailure: if one share fails, all ranks get an error.
func TestFailure(t *testing.T) {
	failure := errors.New("no pictures")
	var wait sync.WaitGroup
	for _, r := range sharetest.Ranks(4) {
		wait.Go(func() {
			sum := share.Sum{Shares: 8, Ranks: r}
			err := sum.Of(t.Context(), 0, make([]float32, 5), nil, sharetest.Each(func(s share.Share, _ []float32, _ []float64) error {
				if s.Index == 5 {
					return failure
				}
				return nil
			}))
			if err == nil || errors.Is(err, failure) != (r.Rank() == 2) {
				t.Errorf("rank %d: error %v", r.Rank(), err)
			}
		})
	}
	wait.Wait()
}
