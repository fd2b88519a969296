package mge_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/param"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
)

// ranged draws the samples of a request's range.
type ranged struct{ fresh }

func (r ranged) Draw(q mesh.Request) (mesh.Batch, mesh.Batch, error) {
	from, to := q.Range()
	fine, coarser, err := r.fresh.Draw(q)
	for i := range fine.Samples {
		fine.Samples[i] = uint64(i)
	}
	if q.Coarse {
		coarser.Samples = fine.Samples
		coarser = coarser.Slice(from, to)
	}
	return fine.Slice(from, to), coarser, err
}

// TestShares: the gradient of shares agrees with that of whole batches up to rounding, also if shares are
// uneven or empty. Any number of ranks computes the same bytes.
func TestShares(t *testing.T) {
	const rounding = 1e-5
	type source interface {
		Gradient(context.Context, []float32, int, mge.Stage) (mge.Estimate, error)
	}
	n := smallUNet(t).Params.Len()
	stage := mge.Stage{Batches: []int{1, 3, 9}}
	for name, of := range map[string]func(sum share.Sum) source{
		"plain": func(sum share.Sum) source {
			return &mge.Estimator{Model: smallUNet(t), Sampler: ranged{}, Seed: 7, Sum: sum}
		},
		"coefficients": func(sum share.Sum) source {
			m := smallUNet(t)
			return &mge.Controlled{Estimator: mge.Estimator{Model: m, Sampler: ranged{}, Seed: 7, Sum: sum},
				Choice: mge.Layer, Layers: param.Layers(m.Params.Groups()), Memory: 0.9}
		},
	} {
		// steps returns the gradient of the last of a number of steps. Coefficients follow from earlier ones.
		steps := func(steps int, sum share.Sum) ([]float32, mge.Estimate) {
			g, s := make([]float32, n), of(sum)
			var estimate mge.Estimate
			var err error
			for i := range steps {
				if estimate, err = s.Gradient(t.Context(), g, i, stage); err != nil {
					t.Error(err)
				}
			}
			return g, estimate
		}
		whole, _ := steps(1, share.Sum{})
		cut, _ := steps(1, share.Sum{Shares: 8})
		var off, norm float64
		for i := range whole {
			off += math.Pow(float64(cut[i]-whole[i]), 2)
			norm += math.Pow(float64(whole[i]), 2)
		}
		if rel := math.Sqrt(off / norm); !(rel < rounding) || rel == 0 {
			t.Errorf("%s: shares are off by %g of the whole", name, rel)
		}
		want, estimate := steps(3, share.Sum{Shares: 8})
		for _, size := range []int{2, 8} {
			var wait sync.WaitGroup
			for _, r := range sharetest.Ranks(size) {
				wait.Go(func() {
					got, e := steps(3, share.Sum{Shares: 8, Ranks: r})
					if !slices.Equal(got, want) || e.Loss != estimate.Loss {
						t.Errorf("%s: rank %d of %d has another gradient", name, r.Rank(), size)
					}
				})
			}
			wait.Wait()
		}
	}
}
