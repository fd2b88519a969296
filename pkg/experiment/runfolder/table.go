package runfolder

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
)

// Table compares the finished units in a Markdown table whose columns are
// aligned, so that it reads well as plain text too. Ratios are against
// single-scale with the same seed, where there is one.
func (c *Contents) Table() string {
	if len(c.Summaries) == 0 {
		return "No strategy is finished.\n"
	}
	var b strings.Builder
	s := c.Summaries[0]
	fmt.Fprintf(&b, "# %s, %s on %s, %s profile\n\n", s.Task, s.Network, s.Data, s.Profile)
	fmt.Fprintf(&b, "%s parameters, finest mesh %dx%d, %d coarser, batch %d on the finest.\n\n",
		table.Grouped(s.Parameters), s.Side, s.Side, s.Levels, s.Batch)
	rows := [][]string{{"strategy", "seed", "work units", "ratio", "MSE", "PSNR dB", "SSIM", "seconds", "ratio", "ONNX differs by"}}
	for _, s := range c.Summaries {
		r, _ := c.Result(s.Unit)
		single, ok := c.Result(Unit{mge.Single.Name, s.Seed})
		ratio := func(ofSingle, own float64) string {
			if !ok || !(own > 0) {
				return ""
			}
			return table.Digits(ofSingle/own, 3)
		}
		rows = append(rows, []string{
			s.Strategy, strconv.FormatUint(s.Seed, 10),
			table.Plain(s.WorkUnits), ratio(single.Summary.WorkUnits, s.WorkUnits),
			table.Digits(s.Values.Of(metric.MSE), 4), table.Fixed(s.Values.Of(metric.PSNR), 2), table.Fixed(s.Values.Of(metric.SSIM), 4),
			table.Fixed(r.Timing.SecondsTraining, 1), ratio(single.Timing.SecondsTraining, r.Timing.SecondsTraining),
			scientific(s.CrosscheckMaxAbs),
		})
		if a := r.Average; a != nil {
			rows = append(rows, []string{s.Strategy + ", averaged", strconv.FormatUint(s.Seed, 10), "", "",
				table.Digits(a.Values.Of(metric.MSE), 4), table.Fixed(a.Values.Of(metric.PSNR), 2), table.Fixed(a.Values.Of(metric.SSIM), 4),
				"", "", scientific(a.CrosscheckMaxAbs)})
		}
	}
	b.WriteString(table.Aligned(rows, 1))
	b.WriteString("\nMSE is on normalised pictures, PSNR and SSIM are on [0,1]; seconds are those of training; ratios are single-scale's work or time over the strategy's.\n")
	return b.String()
}

func scientific(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}
