package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// LaTeX returns the table as a float with caption and label. It needs the packages
// booktabs and graphicx. A table that is wider than the line is shrunk.
func (t *Table) LaTeX() string {
	var b strings.Builder
	b.WriteString("\\begin{table}\n\\centering\n")
	fmt.Fprintf(&b, "\\caption{%s}\n\\label{tab:%s}\n", latex(strings.Join(slices.Concat([]string{t.Title + "."}, t.Warnings, t.Notes), " ")), t.Name)
	b.WriteString("\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{")
	for _, c := range t.Columns {
		if c.Words {
			b.WriteByte('l')
		} else {
			b.WriteByte('r')
		}
	}
	b.WriteString("}\n\\toprule\n")
	t.latexHead(&b)
	b.WriteString("\\midrule\n")
	for _, row := range t.Rows {
		for k, cell := range row {
			if k > 0 {
				b.WriteString(" & ")
			}
			if cell.Best {
				b.WriteString("\\textbf{" + latex(cell.Text) + "}")
			} else {
				b.WriteString(latex(cell.Text))
			}
		}
		b.WriteString(" \\\\\n")
	}
	b.WriteString("\\bottomrule\n\\end{tabular}}\n\\end{table}\n")
	return b.String()
}

// latexHead writes the lines of the heading, with rules below shared ones.
func (t *Table) latexHead(b *strings.Builder) {
	for _, line := range t.Head() {
		var rules strings.Builder
		column := 1
		for i, s := range line {
			if i > 0 {
				b.WriteString(" & ")
			}
			switch {
			case s.Columns > 1:
				fmt.Fprintf(b, "\\multicolumn{%d}{c}{%s}", s.Columns, latex(s.Text))
				fmt.Fprintf(&rules, "\\cmidrule(lr){%d-%d}", column, column+s.Columns-1)
			default:
				b.WriteString(latex(s.Text))
			}
			column += s.Columns
		}
		b.WriteString(" \\\\\n")
		if rules.Len() > 0 {
			b.WriteString(rules.String() + "\n")
		}
	}
}

var latexSpecial = strings.NewReplacer(
	`\`, `\textbackslash{}`, "&", `\&`, "%", `\%`, "$", `\$`, "#", `\#`, "_", `\_`, "{", `\{`, "}", `\}`,
	"~", `\textasciitilde{}`, "^", `\textasciicircum{}`, "±", `$\pm$`, "−", `$-$`, "–", "--", "×", `$\times$`,
	"<", `\textless{}`, ">", `\textgreater{}`, `"`, `\textquotedbl{}`, "|", `\textbar{}`, "[", "{[}", "]", "{]}",
)

// latex escapes a text for LaTeX.
func latex(s string) string {
	return latexSpecial.Replace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}
