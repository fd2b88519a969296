package comparison

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"multiscale/pkg/experiment/table"
)

// statistic is a quantity over seeds.
type statistic struct {
	mean, std float64 // std is that of the sample, NaN for a single seed
	n         int
}

// statisticOf returns the statistic of the values that are not NaN.
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

// statisticFields returns the columns of a statistic in CSV.
func statisticFields(name string) []string { return []string{name, name + "_std", name + "_seeds"} }

// cell shows the mean and the standard deviation, and the number of seeds if it is
// less than of.
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

// confidence is the confidence level of all intervals.
const confidence = 0.95

// difference is the mean of paired differences, one for each seed, and its paired t interval:
// the mean ± t s/√n, where s is the standard deviation of the n differences and t the
// quantile of Student's distribution with n-1 degrees of freedom. The interval assumes that
// differences are normally distributed. With one seed, low and high are NaN.
type difference struct {
	mean, low, high float64
	n               int
}

// differenceOf returns the difference of the values that are not NaN.
func differenceOf(values []float64) difference {
	s := statisticOf(values)
	d := difference{s.mean, math.NaN(), math.NaN(), s.n}
	if s.n > 1 {
		t := distuv.StudentsT{Sigma: 1, Nu: float64(s.n - 1)}.Quantile((1 + confidence) / 2)
		half := t * s.std / math.Sqrt(float64(s.n))
		d.low, d.high = s.mean-half, s.mean+half
	}
	return d
}

// sign returns -1 or 1 if the whole interval is on that side of zero, else 0.
func (d difference) sign() int {
	switch {
	case d.high < 0:
		return -1
	case d.low > 0:
		return 1
	}
	return 0 // also if the interval is NaN
}

// differenceFields returns the columns of a difference in CSV.
func differenceFields(name string) []string {
	return []string{name, name + "_low", name + "_high", name + "_seeds"}
}

// percent shows a relative difference with its interval, as +7.8% (+3.1 to +12.5).
func (d difference) percent() table.Cell {
	c := table.Cell{Fields: []string{table.Exact(d.mean), table.Exact(d.low), table.Exact(d.high), strconv.Itoa(d.n)}}
	if d.n == 0 {
		return c
	}
	c.Text = signed(100*d.mean) + "%"
	if d.n > 1 && (d.low != 0 || d.high != 0) { // both are zero for single-scale's difference to itself
		c.Text += fmt.Sprintf(" (%s to %s)", signed(100*d.low), signed(100*d.high))
	}
	return c
}

// method explains the intervals of a table, or why it has none.
func method(seeds int) string {
	if seeds < 2 {
		return "With one seed there is no interval: a difference may be one of seeds."
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(seeds - 1)}.Quantile((1 + confidence) / 2)
	return fmt.Sprintf("Differences are of equal seeds. In brackets are paired t intervals of %g%%: the mean difference ± t standard errors, with t = %s for %d seeds; so few seeds make them wide. They take differences as normal, and are not corrected for the number of rows.",
		100*confidence, threeDigits(t), seeds)
}

func fourDigits(v float64) string  { return table.Digits(v, 4) }
func threeDigits(v float64) string { return table.Digits(v, 3) }
func fourPlaces(v float64) string  { return table.Fixed(v, 4) }
func oneDecimal(v float64) string  { return table.Fixed(v, 1) }

// interval is the range of a quantity that is equal, or nearly so, for all subjects of a row.
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

// cell shows the quantity, or both ends if they look different. Its fields are
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
