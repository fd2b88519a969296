package variance

import (
	"math"
	"strings"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mlmc"
)

// TestVerdict: the words agree with the interval, and time and work are compared separately.
func TestVerdict(t *testing.T) {
	single := Estimate{Name: "single", WorkUnits: 10, Measured: 4, MeasuredError: 0.2, Seconds: []float64{1, 1, 1, 1, 1}}
	e := Estimate{Name: optimalName, WorkUnits: 10, Measured: 1, MeasuredError: 0.05, Seconds: []float64{2, 2, 2, 2, 2}}
	// A quarter of the variance, with errors of 5% each; t is 2.0687 for 24 repetitions.
	spread := math.Exp(2.0686576 * 0.05 * math.Sqrt2)
	got := work(single, e, 24)
	for i, v := range []float64{got.value, got.low, got.high} {
		if want := []float64{4, 4 / spread, 4 * spread}[i]; math.Abs(v-want) > 1e-6 {
			t.Errorf("work %+v, want %v", got, want)
		}
	}
	if got := timeOf(single, e, 24); math.Abs(got.value-2) > 1e-12 {
		t.Errorf("an estimate that takes twice as long: %+v", got)
	}
	for _, c := range []struct {
		f    factor
		want string
	}{
		{factor{1.8, 1.5, 2.2}, "MGE needs 1.8 times less time for the same variance with -levels 2; interval 1.5 to 2.2"},
		{factor{0.5, 0.4, 0.625}, "MGE does not pay with -levels 2: it needs 2 times more time for the same variance; interval 1.6 to 2.5"},
		{factor{1.1, 0.9, 1.3}, "MGE with -levels 2 cannot be told from single-scale: 1.1 times less time, interval 0.9 to 1.3"},
	} {
		if got := c.f.words("time", "-levels 2"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestDisagreement(t *testing.T) {
	s := &study{}
	r := Result{Levels: mlmc.Levels{{Term: mlmc.Moments{VarianceError: 0.2}}}}
	for _, c := range []struct {
		measured float64
		warns    bool
	}{{1, false}, {1.3, false}, {3, true}, {0.3, true}} {
		e := Estimate{Name: "mge, doubling", Batches: []int{2}, Predicted: 1, Measured: c.measured, MeasuredError: 0.1 * c.measured}
		if got := s.disagreement(r, e); strings.Contains(got, "predicted") != c.warns {
			t.Errorf("measured %v: %q", c.measured, got)
		}
	}
}

func TestAlike(t *testing.T) {
	if !alike(mesh.Bilinear, mesh.Average, 16) || alike(mesh.Nearest, mesh.Average, 16) {
		t.Error("bilinear restriction by two is the average, nearest is not")
	}
}
