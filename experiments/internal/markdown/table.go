// Package markdown writes tables that read well as plain text too.
package markdown

import (
	"strings"
	"unicode/utf8"
)

// Table returns a Markdown table with aligned columns. The first row is the
// heading; the first texts columns hold words, the others numbers.
func Table(rows [][]string, texts int) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for k, cell := range row {
			width[k] = max(width[k], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	for i, row := range rows {
		for k, cell := range row {
			pad := strings.Repeat(" ", width[k]-utf8.RuneCountInString(cell))
			b.WriteString("| ")
			if k < texts {
				b.WriteString(cell + pad + " ")
			} else {
				b.WriteString(pad + cell + " ")
			}
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for k := range row {
			line := strings.Repeat("-", width[k])
			if k < texts {
				b.WriteString("|-" + line + "-")
			} else {
				b.WriteString("|-" + line + ":")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}
