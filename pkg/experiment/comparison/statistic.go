package comparison

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"multiscale/pkg/experiment/table"
)

// statistic is a number over seeds.
type statistic struct {
	mean, std float64 // std is of the sample, NaN for a single seed
	n         int
}

// statisticOf is of the values that are known.
func statisticOf(values []float64) statistic {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) == 0 {
		return statistic{math.NaN(), math.NaN(), 0}
	}
	mean, std := stat.MeanStdDev(values, nil)
	if len(values) < 2 {
		std = math.NaN()
	}
	return statistic{mean, std, len(values)}
}

// statisticFields are the columns of a statistic in CSV.
func statisticFields(name string) []string { return []string{name, name + "_std", name + "_seeds"} }

// cell shows the mean and the standard deviation, and how many seeds they are of
// where others have more.
func (s statistic) cell(of int, show func(float64) string) table.Cell {
	c := table.Cell{Fields: []string{table.Exact(s.mean), table.Exact(s.std), strconv.Itoa(s.n)}}
	if s.n == 0 {
		return c
	}
	c.Text = show(s.mean)
	if !math.IsNaN(s.std) {
		places := 0
		if _, decimals, ok := strings.Cut(c.Text, "."); ok {
			places = len(decimals)
		}
		c.Text += " ± " + table.Fixed(s.std, places)
	}
	if s.n < of {
		c.Text += fmt.Sprintf(" (%d of %d)", s.n, of)
	}
	return c
}

func fourDigits(v float64) string  { return table.Digits(v, 4) }
func threeDigits(v float64) string { return table.Digits(v, 3) }
func fourPlaces(v float64) string  { return table.Fixed(v, 4) }
func oneDecimal(v float64) string  { return table.Fixed(v, 1) }

// interval is a number that is the same in a whole row, or nearly.
type interval struct{ low, high float64 }

// with returns the interval widened to hold v; NaN changes nothing.
func (i *interval) with(v float64) *interval {
	switch {
	case math.IsNaN(v):
		return i
	case i == nil:
		return &interval{v, v}
	}
	return &interval{min(i.low, v), max(i.high, v)}
}

// cell shows the number, or both ends where they look different. Its fields are
// low and high.
func (i *interval) cell(show func(float64) string) table.Cell {
	if i == nil {
		return table.Cell{Fields: []string{"", ""}}
	}
	c := table.Cell{Text: show(i.low), Fields: []string{table.Plain(i.low), table.Plain(i.high)}}
	if high := show(i.high); high != c.Text {
		c.Text += "–" + high
	}
	return c
}
