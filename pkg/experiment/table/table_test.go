package table_test

import (
	"math"
	"strings"
	"testing"

	"multiscale/pkg/experiment/table"
)

// sample returns a table with everything: shared headings, bold, exact fields, and
// texts with special characters of Markdown, LaTeX and HTML.
func sample() *table.Table {
	return &table.Table{
		Name: "sample", Title: "A & B",
		Columns: []table.Column{
			{Heading: []string{"strategy"}, Fields: []string{"strategy"}, Words: true},
			{Heading: []string{"denoising", "unet", "MSE"}, Fields: []string{"unet", "unet_std"}},
			{Heading: []string{"denoising", "resnet", "MSE"}, Fields: []string{"resnet"}},
		},
		Rows: [][]table.Cell{
			{table.Words("single"), {Text: "0.5 ± 0.1", Fields: []string{"0.51234", "0.1"}, Best: true}, table.Number(math.NaN(), "NaN")},
			{table.Words("a|b_<i>50%"), {Text: "−3", Fields: []string{"-3", ""}}, table.Number(0.25, "0.250")},
		},
		Notes: []string{"Note with [0,1]."},
	}
}

func TestRenderings(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"Markdown", sample().Markdown(), `## A & B

| strategy       | denoising unet MSE | denoising resnet MSE |
|----------------|-------------------:|---------------------:|
| single         |      **0.5 ± 0.1** |                      |
| a\|b_&lt;i>50% |                 −3 |                0.250 |

Note with [0,1].
`},
		{"LaTeX", sample().LaTeX(), `\begin{table}
\centering
\caption{A \& B. Note with {[}0,1{]}.}
\label{tab:sample}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%
\begin{tabular}{lrr}
\toprule
 & \multicolumn{2}{c}{denoising} \\
\cmidrule(lr){2-3}
 & unet & resnet \\
strategy & MSE & MSE \\
\midrule
single & \textbf{0.5 $\pm$ 0.1} &  \\
a\textbar{}b\_\textless{}i\textgreater{}50\% & $-$3 & 0.250 \\
\bottomrule
\end{tabular}}
\end{table}
`},
		{"CSV", sample().CSV(), `strategy,unet,unet_std,resnet
single,0.51234,0.1,
a|b_<i>50%,-3,,0.25
`},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, c.got, c.want)
		}
	}
}

// TestOneLine: a text from a file stays in its cell, with any characters.
func TestOneLine(t *testing.T) {
	s := sample()
	s.Rows = s.Rows[:1]
	s.Rows[0][0] = table.Words("x\n\n# heading\t<script>[a](b)`c`\\|\x00")
	lines := strings.Split(strings.TrimSpace(s.Markdown()), "\n")
	if len(lines) != 7 {
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for _, bad := range []string{"<script", "](", "`", "\x00"} {
		if strings.Contains(lines[4], bad) {
			t.Errorf("%q is in %s", bad, lines[4])
		}
	}
	if tex := s.LaTeX(); strings.Count(tex, "\n") != strings.Count(sample().LaTeX(), "\n")-1 || strings.Contains(tex, "\x00") {
		t.Errorf("the text breaks its line:\n%s", tex)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{table.Fixed(1.005, 1), "1.0"}, {table.Fixed(math.NaN(), 1), ""}, {table.Fixed(math.Inf(1), 1), "+Inf"},
		{table.Digits(0.0744459, 4), "0.07445"}, {table.Digits(16.48, 3), "16.5"}, {table.Digits(123456, 3), "123456"}, {table.Digits(4.2308253e29, 4), "4.231e+29"}, {table.Digits(0, 3), "0"},
		{table.Exact(1e-7), "1e-07"}, {table.Plain(480000), "480000"}, {table.Plain(math.NaN()), ""},
		{table.Work(438.75), "438.8"}, {table.Work(292.5), "292.5"}, {table.Work(0.015625), "0.01563"}, {table.Work(2108.3333333), "2108"},
		{table.Work(480000), "480000"}, {table.Work(93.6 - 1e-14), "93.6"}, {table.Work(0), "0"}, {table.Work(math.NaN()), ""},
		{table.Grouped(2537187), "2,537,187"}, {table.Grouped(-100), "-100"}, {table.Grouped(12), "12"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
