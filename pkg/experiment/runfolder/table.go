package runfolder

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
)

// InputName names the first row of tables: the measures of the input, without a network.
const InputName = "(input)"

// NotRecorded is the text of measures that a folder of an earlier version does not have.
const NotRecorded = "not recorded"

// Table compares the finished units in a Markdown table. Its columns are aligned, so
// that it is also readable as plain text. The first row is the input. Ratios compare
// with single-scale training with the same seed, if there is one.
func (c *Contents) Table() string {
	if len(c.Summaries) == 0 {
		return "No strategy is finished.\n"
	}
	var b strings.Builder
	s := c.Summaries[0]
	fmt.Fprintf(&b, "# %s, %s on %s, %s profile\n\n", s.Task, s.Network, s.Data, s.Profile)
	fmt.Fprintf(&b, "%s parameters, finest mesh %dx%d, %d coarser, batch %d on the finest.\n\n",
		table.Grouped(s.Parameters), s.Side, s.Side, s.Levels, s.Batch)
	measures := func(v metric.Values) []string {
		return []string{table.Digits(v.Of(metric.MSE), 4), table.Fixed(v.Of(metric.PSNR), 2), table.Fixed(v.Of(metric.SSIM), 4)}
	}
	in, what := []string{NotRecorded, "", ""}, "the answer without a network"
	if v := c.Input(); v != nil {
		in, what = measures(v), c.Inputs[0].What
	}
	rows := [][]string{
		{"strategy", "seed", "work units", "ratio", "MSE", "PSNR dB", "SSIM", "seconds", "ratio", "ONNX differs by"},
		slices.Concat([]string{InputName, "", "", ""}, in, []string{"", "", ""}),
	}
	for _, s := range c.Summaries {
		r, _ := c.Result(s.Unit)
		single, ok := c.Result(Unit{mge.Single.Name, s.Seed})
		ratio := func(ofSingle, own float64) string {
			if !ok || !(own > 0) {
				return ""
			}
			return table.Digits(ofSingle/own, 3)
		}
		rows = append(rows, slices.Concat(
			[]string{s.Strategy, strconv.FormatUint(s.Seed, 10), table.Work(s.WorkUnits), ratio(single.Summary.WorkUnits, s.WorkUnits)},
			measures(s.Values),
			[]string{table.Fixed(r.Timing.SecondsTraining, 1), ratio(single.Timing.SecondsTraining, r.Timing.SecondsTraining), scientific(s.CrosscheckMaxAbs)}))
		if a := r.Average; a != nil {
			rows = append(rows, slices.Concat([]string{s.Strategy + ", averaged", strconv.FormatUint(s.Seed, 10), "", ""}, measures(a.Values), []string{"", "", scientific(a.CrosscheckMaxAbs)}))
		}
	}
	b.WriteString(table.Aligned(rows, 1))
	for _, s := range c.Summaries {
		for _, warning := range c.Warnings(s.Unit) {
			fmt.Fprintf(&b, "\n**Warning:** %s.\n", warning)
		}
	}
	fmt.Fprintf(&b, "\n%s is %s. MSE is on normalised pictures, PSNR and SSIM are on [0,1]; seconds are those of training; ratios are single-scale's work or time over the strategy's.\n",
		InputName, what)
	return b.String()
}

// Warnings returns a sentence for each of a finished unit's networks, that with the last and that with averaged
// weights, that is worse than its input by the deciding measure.
func (c *Contents) Warnings(u Unit) (list []string) {
	m := metric.MSE
	if len(c.Record.Measures) > 0 {
		m = c.Record.Measures[0]
	}
	in := c.Input().Of(m)
	warn := func(network string, v metric.Values) {
		if m.Better(in, v.Of(m)) {
			list = append(list, fmt.Sprintf("%s is worse than its input: %s %s, the input's is %s", network, m.Title, table.Digits(v.Of(m), 4), table.Digits(in, 4)))
		}
	}
	r, ok := c.Result(u)
	if !ok {
		return nil
	}
	warn(u.String(), r.Summary.Values)
	if r.Average != nil {
		warn(u.String()+", averaged,", r.Average.Values)
	}
	return list
}

func scientific(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}
