package comparison

import (
	"math"
	"multiscale/pkg/mge"
	"testing"
)

// TestBest: the interval over equal seeds decides which cell is bold, not the mean alone.
func TestBest(t *testing.T) {
	seeds := func(strategy string, errors ...float64) (units []unit) {
		for i, e := range errors {
			units = append(units, unit{strategy, uint64(i + 1), []float64{e}})
		}
		return units
	}
	for _, c := range []struct {
		what        string
		single, mge []float64
		want        string
	}{
		{"apart in every seed", []float64{0.10, 0.12, 0.14}, []float64{0.09, 0.109, 0.131}, "mge"},
		{"apart by the means alone", []float64{0.10, 0.12, 0.14}, []float64{0.05, 0.13, 0.145}, ""},
		{"one seed", []float64{0.10}, []float64{0.05}, ""},
		{"no seed in common", []float64{0.10, 0.11}, nil, ""},
	} {
		g := groups(t, newRun(t, denoising, append(seeds(mge.Single.Name, c.single...), seeds(mge.MGE.Name, c.mge...)...)...))[0]
		got := ""
		for _, row := range g.Main().Rows {
			if row[3].Best {
				got = row[0].Text
			}
		}
		if got != c.want {
			t.Errorf("%s: %q is the best, want %q", c.what, got, c.want)
		}
	}
}

// TestDifference: the paired t interval of values computed elsewhere (R 4.2, t.test).
func TestDifference(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		mean      float64
		low, high float64
		sign      int
	}{
		{[]float64{1, 2, 3}, 2, -0.4841377, 4.4841377, 0},
		{[]float64{-0.011, -0.009, -0.010}, -0.010, -0.01248414, -0.00751586, -1},
		{[]float64{0.5, 0.7}, 0.6, -0.6706205, 1.8706205, 0},
		{[]float64{5, 6, 7, 8, math.NaN()}, 6.5, 4.445739, 8.554261, 1},
		{[]float64{0.3}, 0.3, math.NaN(), math.NaN(), 0},
		{nil, math.NaN(), math.NaN(), math.NaN(), 0},
	} {
		d := differenceOf(c.values)
		for i, got := range []float64{d.mean, d.low, d.high} {
			want := []float64{c.mean, c.low, c.high}[i]
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-6 {
				t.Errorf("%v: %+v, want %v (%v to %v)", c.values, d, c.mean, c.low, c.high)
			}
		}
		if d.sign() != c.sign {
			t.Errorf("%v: sign %d", c.values, d.sign())
		}
	}
}

// TestDifferences: each ordered pair of rows with a common seed has a line.
func TestDifferences(t *testing.T) {
	all := groups(t, newRun(t, denoising,
		unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.Single.Name, 2, []float64{0.2}},
		unit{mge.MGE.Name, 1, []float64{0.05}}, unit{mge.MGE.Name, 2, []float64{0.1}}, unit{mge.FullMultiscale.Name, 3, []float64{0.1}}))
	check(t, Differences(all),
		"denoising unet deadleaves, MSE | single | mge | +100.0% (+100.0 to +100.0)",
		"denoising unet deadleaves, MSE | mge | single | −50.0% (−50.0 to −50.0)")
}
