package plot

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// logTicks labels a logarithmic axis so that it has at least three labels, if
// possible: powers of ten over many decades, 1-2-5 over a few, and even steps
// inside one. gonum's own ticks only label powers of ten, of which a range like
// 0.02 to 0.08 has none.
type logTicks struct{}

// mostLabels is the largest number of labels, so that they do not overlap.
const mostLabels = 8

// Ticks implements plot.Ticker. low and high are positive.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	if high/low < 4 {
		var ticks []plot.Tick
		for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
			if t.Label != "" {
				ticks = append(ticks, plot.Tick{Value: t.Value, Label: label(t.Value)})
			}
		}
		return ticks
	}
	first, last := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	inside := func(v float64) bool { return low <= v && v <= high }
	count := func(of []float64) (n int) {
		for d := first; d <= last; d++ {
			for _, m := range of {
				if inside(m * math.Pow10(d)) {
					n++
				}
			}
		}
		return n
	}
	labelled := []float64{1}
	for _, finer := range [][]float64{{1, 3}, {1, 2, 5}, {1, 2, 3, 4, 6, 8}} {
		if count(finer) <= mostLabels {
			labelled = finer
		}
	}
	every := 1 + count([]float64{1})/mostLabels // over very many decades, label only some powers
	var ticks []plot.Tick
	for d := first; d <= last; d++ {
		for m := 1.0; m <= 9; m++ {
			v := m * math.Pow10(d)
			if !inside(v) {
				continue
			}
			t := plot.Tick{Value: v}
			for _, l := range labelled {
				if m == l && (d-first)%every == 0 {
					t.Label = label(v)
				}
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// label formats a number with at most four digits, and large ones with a unit, as
// 20k.
func label(v float64) string {
	unit := ""
	for _, u := range []struct {
		from float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if v >= u.from {
			scale := u.from
			if u.name == "k" {
				scale = 1e3
			}
			v, unit = v/scale, u.name
			break
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + unit
}
