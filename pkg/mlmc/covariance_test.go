package mlmc_test

import (
	"math"
	"slices"
	"testing"

	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/param"
)

// TestCovariances: pairs of gradients give the same variances as running sums of the same gradients, and
// layers add up to the whole gradient.
func TestCovariances(t *testing.T) {
	m := tiny(t, 0.5)
	layers := param.Layers(m.Params.Groups())
	measurement := mlmc.Measurement{Estimator: mge.Estimator{Model: m, Sampler: honest}, Parameters: m.Params.Len(), Coarsest: 2, Repetitions: 400}
	levels, err := measurement.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := make([]float32, m.Params.Len())
	for i := range one {
		one[i] = 1
	}
	var done, total float64
	measurement.Progress = func(d, of float64) { done, total = d, of }
	got, halves, err := measurement.Covariances(t.Context(), layers, one)
	if err != nil {
		t.Fatal(err)
	}
	if done != total {
		t.Errorf("%v of %v work units are done", done, total)
	}
	sum := func(list []float64) (all float64) {
		for _, v := range list {
			all += v
		}
		return all
	}
	// near allows for some standard errors: about 5% on both sides, of the same samples.
	near := func(what string, level int, got, want float64) {
		if math.Abs(got/want-1) > 0.15 {
			t.Errorf("level %d: %s is %g, running sums say %g", level, what, got, want)
		}
	}
	for l, v := range got {
		near("the variance", l, sum(v.Fine), levels[l].Single.Variance)
		if l < 2 {
			near("the difference's variance", l, sum(v.Fine)-2*sum(v.Cross)+sum(v.Coarse), levels[l].Term.Variance)
			near("the coarse variance", l, sum(v.Coarse), levels[l+1].Single.Variance)
		} else if v.Cross != nil || v.Coarse != nil {
			t.Error("the coarsest level has a coarse part")
		}
		checkHalves(t, l, v, halves)
	}
	// Without a second moment, variances are relative to those on the finest mesh.
	measurement.Repetitions = 4
	if got, halves, err = measurement.Covariances(t.Context(), layers, nil); err != nil {
		t.Fatal(err)
	}
	checkHalves(t, 0, got[0], halves)
	for p, v := range got[0].Fine {
		if v != 1 && v != 0 {
			t.Errorf("%s has %g of its own variance", layers[p].Name, v)
		}
	}
	if second, err := measurement.SecondMoment(t.Context()); err != nil || len(second) != m.Params.Len() {
		t.Errorf("second moment of %d entries: %v", len(second), err)
	}
	measurement.Repetitions = 1
	if _, _, err := measurement.Covariances(t.Context(), layers, nil); err == nil {
		t.Error("a variance of one gradient")
	}
}

// checkHalves checks that all covariances of a level are the means of those of the halves, which differ.
func checkHalves(t *testing.T, level int, all mge.Covariance, halves [][]mge.Covariance) {
	t.Helper()
	one, other := halves[0][level], halves[1][level]
	if slices.Equal(one.Fine, other.Fine) {
		t.Errorf("level %d: both halves have the variances %v", level, one.Fine)
	}
	for i, list := range [][]float64{all.Fine, all.Cross, all.Coarse} {
		a, b := [][]float64{one.Fine, one.Cross, one.Coarse}[i], [][]float64{other.Fine, other.Cross, other.Coarse}[i]
		for p, v := range list {
			if mean := (a[p] + b[p]) / 2; math.Abs(mean-v) > 1e-12*(math.Abs(a[p])+math.Abs(b[p])) {
				t.Errorf("level %d: %g, and %g in the mean of the halves", level, v, mean)
			}
		}
	}
}
