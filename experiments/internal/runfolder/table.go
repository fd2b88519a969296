package runfolder

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"multiscale/experiments/internal/cli"
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
		grouped(s.Parameters), s.Side, s.Side, s.Levels, s.Batch)
	rows := [][]string{{"strategy", "seed", "work units", "ratio", "MSE", "PSNR dB", "SSIM", "seconds", "ratio", "ONNX differs by"}}
	for _, s := range c.Summaries {
		r, _ := c.Result(s.Unit)
		single, ok := c.Result(Unit{cli.Single, s.Seed})
		ratio := func(ofSingle, own float64) string {
			if !ok || !(own > 0) {
				return ""
			}
			return digits(ofSingle/own, 3)
		}
		rows = append(rows, []string{
			s.Strategy, strconv.FormatUint(s.Seed, 10),
			strconv.FormatFloat(s.WorkUnits, 'f', -1, 64), ratio(single.Summary.WorkUnits, s.WorkUnits),
			digits(s.MSE, 4), fixed(s.PSNR, 2), fixed(s.SSIM, 4),
			fixed(r.Timing.SecondsTraining, 1), ratio(single.Timing.SecondsTraining, r.Timing.SecondsTraining),
			scientific(s.CrosscheckMaxAbs),
		})
	}
	writeAligned(&b, rows)
	b.WriteString("\nMSE is on normalised pictures, PSNR and SSIM are on [0,1]; seconds are those of training; ratios are single-scale's work or time over the strategy's.\n")
	return b.String()
}

// writeAligned writes a Markdown table; all columns but the first are numbers.
func writeAligned(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for k, cell := range row {
			width[k] = max(width[k], utf8.RuneCountInString(cell), 3)
		}
	}
	for i, row := range rows {
		for k, cell := range row {
			if k == 0 {
				fmt.Fprintf(b, "| %-*s |", width[k], cell)
			} else {
				fmt.Fprintf(b, " %*s |", width[k], cell)
			}
		}
		b.WriteByte('\n')
		if i > 0 {
			continue
		}
		for k := range row {
			if k == 0 {
				b.WriteString("|" + strings.Repeat("-", width[k]+2) + "|")
			} else {
				b.WriteString(strings.Repeat("-", width[k]+1) + ":|")
			}
		}
		b.WriteByte('\n')
	}
}

// digits writes a number with n significant digits and no exponent.
func digits(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fixed(v, 0)
	}
	places := n - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	return fixed(v, min(max(places, 0), 12))
}

func fixed(v float64, places int) string { return strconv.FormatFloat(v, 'f', places, 64) }

func scientific(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}

// grouped writes 2537187 as 2,537,187.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
