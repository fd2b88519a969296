package mlmc_test

import (
	"math"
	"testing"

	"multiscale/pkg/mlmc"
)

// levels returns artificial measurements whose means, variances and costs are powers of two. The first
// variance has the relative error off.
func levels(n int, alpha, beta, off float64) (l mlmc.Levels) {
	for i := range n {
		d := mlmc.Moments{Count: 100, Samples: 1,
			MeanSquare: math.Exp2(2 * alpha * float64(i)), Variance: 5 * math.Exp2(beta*float64(i)),
		}
		d.MeanSquareError, d.VarianceError = 0.01*d.MeanSquare, 0.05*d.Variance
		if i == 0 {
			d.Variance *= 1 + off
		}
		l = append(l, mlmc.Level{Level: i, Term: d, WorkUnits: math.Exp2(-2 * float64(i)), Seconds: math.Exp2(-1.5 * float64(i))})
	}
	return l
}

// TestRates: rates of exact powers are exact, and intervals have the width that follows from the errors.
func TestRates(t *testing.T) {
	r := levels(5, 0.5, 1.25, 0).Rates()
	for name, tc := range map[string]struct {
		got  mlmc.Rate
		want float64
	}{"alpha": {r.Alpha, 0.5}, "beta": {r.Beta, 1.25}, "gamma": {r.Gamma, 2}, "seconds": {r.Seconds, 1.5}} {
		if math.Abs(tc.got.Value-tc.want) > 1e-12 || tc.got.Points != 4 { // the coarsest has no difference
			t.Errorf("%s: %+v, want %v", name, tc.got, tc.want)
		}
		if !(tc.got.Low <= tc.got.Value && tc.got.Value <= tc.got.High) {
			t.Errorf("%s: %+v", name, tc.got)
		}
	}
	// For four points with errors of 5%, the half width is 1.96 times 0.05/ln 2/sqrt(5).
	if half := (r.Beta.High - r.Beta.Low) / 2; math.Abs(half-1.96*0.05/math.Ln2/math.Sqrt(5)) > 1e-3 {
		t.Errorf("beta within %v", half)
	}
	// Scatter beyond the errors widens the interval.
	if off := levels(5, 0.5, 1.25, 0.6).Rates().Beta; off.High-off.Low < 4*(r.Beta.High-r.Beta.Low) || off.High < 1.25 {
		t.Errorf("scattered points: %+v", off)
	}
	two := levels(3, 0.5, 1, 0).Rates()
	if math.Abs(two.P.Value-0.5) > 0.01 || two.P.Points != 2 || !(two.P.High > two.P.Value) {
		t.Errorf("p of two points: %+v", two.P)
	}
	if one := levels(2, 0.5, 1, 0).Rates(); !math.IsNaN(one.Beta.Value) || one.Beta.Points != 1 {
		t.Errorf("a rate of a single point: %+v", one.Beta)
	}
	hidden := levels(5, 0.5, 1, 0)
	for i := range hidden[:3] {
		hidden[i].Term.MeanSquare = -1
	}
	if got := hidden.Rates().Alpha; got.Points != 1 || !math.IsNaN(got.Value) {
		t.Errorf("means that noise hides: %+v", got)
	}
}
