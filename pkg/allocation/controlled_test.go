package allocation_test

import (
	"math"
	"slices"
	"testing"

	"multiscale/pkg/allocation"
	"multiscale/pkg/mge"
	"multiscale/pkg/random"
)

// correlated returns covariances of one layer with unit variances and the given correlations of
// neighbouring meshes.
func correlated(correlations ...float64) []mge.Covariance {
	terms := make([]mge.Covariance, len(correlations)+1)
	for l := range terms {
		terms[l].Fine = []float64{1}
		if l < len(correlations) {
			terms[l].Cross, terms[l].Coarse = []float64{correlations[l]}, []float64{1}
		}
	}
	return terms
}

// TestAllocateControlled: meshes that do not pay are left out, the others have nearly the best batches,
// and the work units are met up to rounding.
func TestAllocateControlled(t *testing.T) {
	stage := mge.Stage{Batches: mge.Doubling(16, 3)}
	for name, tc := range map[string]struct {
		choice       mge.Coefficients
		correlations []float64
		meshes       int
	}{
		"correlated":            {mge.Layer, []float64{0.98, 0.98, 0.98}, 4},
		"correlated once":       {mge.Layer, []float64{0.98, 0.1, 0.1}, 2},
		"hardly correlated":     {mge.Layer, []float64{0.5, 0.9, 0.9}, 1},
		"the paper's, strongly": {mge.NoCoefficients, []float64{0.98, 0.98, 0.98}, 4},
		"the paper's, hardly":   {mge.NoCoefficients, []float64{0.4, 0.4, 0.4}, 1},
	} {
		c := allocation.Controlled{Choice: tc.choice, Covariances: correlated(tc.correlations...)}
		got := c.Allocate(stage)
		if len(got.Batches) != tc.meshes {
			t.Errorf("%s: batches %v, want %d meshes", name, got.Batches, tc.meshes)
		}
		if off := got.WorkUnits() - stage.WorkUnits(); math.Abs(off) > 1e-9 {
			t.Errorf("%s: batches %v and %g cost %v, want %v", name, got.Batches, got.Fraction, got.WorkUnits(), stage.WorkUnits())
		}
		if alone := 1 / stage.WorkUnits(); c.Of(got) > alone*1.0001 {
			t.Errorf("%s: variance %g, of single-scale %g", name, c.Of(got), alone)
		}
		if share := allocation.CoarseShare(got); (share > 0) != (tc.meshes > 1) {
			t.Errorf("%s: a share of %g on coarse meshes", name, share)
		}
	}
	// Compare with all batches on two meshes of equal cost.
	two := mge.Stage{Batches: []int{16, 32}}
	c := allocation.Controlled{Choice: mge.Layer, Covariances: correlated(0.97)}
	got, best := c.Allocate(two), math.Inf(1)
	for n := 2; n < 20; n++ {
		if rest := int((two.WorkUnits() - 1.25*float64(n)) * 4); rest >= 2 {
			best = min(best, c.Of(mge.Stage{Batches: []int{n, rest}}))
		}
	}
	if v := c.Of(got); v > 1.01*best {
		t.Errorf("variance %g with %v, the smallest is %g", v, got.Batches, best)
	}
	// A choice that only one half of the samples supports is not made.
	for other, meshes := range map[float64]int{0.97: 2, 0.5: 1} {
		c.Halves = [][]mge.Covariance{correlated(0.97), correlated(other)}
		if got := c.Allocate(two); len(got.Batches) != meshes {
			t.Errorf("batches %v where the halves have correlations 0.97 and %g, want %d meshes", got.Batches, other, meshes)
		}
	}
	if s := (mge.Stage{Finest: 1, Batches: []int{3}}); !slices.Equal(c.Allocate(s).Batches, s.Batches) {
		t.Error("a stage of one mesh was changed")
	}
}

// TestControlledIsNeverWorse: for any covariances, the variance is at most that of the plain gradient at
// equal cost, with whole samples.
func TestControlledIsNeverWorse(t *testing.T) {
	r := random.New(3)
	for range 200 {
		terms := make([]mge.Covariance, 4)
		for l := range terms {
			for range 5 {
				v, w := float64(r.Float32())+0.01, float64(r.Float32())+0.01
				terms[l].Fine = append(terms[l].Fine, v)
				terms[l].Cross = append(terms[l].Cross, math.Sqrt(v*w)*(2*float64(r.Float32())-1))
				terms[l].Coarse = append(terms[l].Coarse, w)
			}
		}
		for _, choice := range mge.AllCoefficients() {
			c := allocation.Controlled{Choice: choice, Covariances: terms}
			stage := mge.Stage{Batches: mge.Doubling(8, 3)} // 18.5 work units
			got := c.Allocate(stage)
			var alone float64
			for _, v := range terms[0].Fine {
				alone += v / 18
			}
			if c.Of(got) > alone {
				t.Fatalf("%s: variance %g with %v, of single-scale %g", choice, c.Of(got), got.Batches, alone)
			}
		}
	}
}
