package table

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown returns the table with its title and notes.
func (t *Table) Markdown() string {
	head := make([]string, len(t.Columns))
	words := make([]bool, len(t.Columns))
	for k, c := range t.Columns {
		head[k], words[k] = c.heading(), c.Words
	}
	rows := [][]string{head}
	for _, row := range t.Rows {
		texts := make([]string, len(row))
		for k, cell := range row {
			texts[k] = cell.Text
			if cell.Best {
				texts[k] = "**" + cell.Text + "**"
			}
		}
		rows = append(rows, texts)
	}
	var b strings.Builder
	b.WriteString("## " + inline(t.Title) + "\n\n")
	writeAligned(&b, rows, words)
	for _, warning := range t.Warnings {
		b.WriteString("\n**Warning:** " + inline(warning) + "\n")
	}
	for _, note := range t.Notes {
		b.WriteString("\n" + note + "\n")
	}
	return b.String()
}

// Aligned returns a Markdown table of plain texts. The first row is the heading. The
// given number of columns has words, which are aligned to the left; the others have
// numbers, to the right.
func Aligned(rows [][]string, words int) string {
	left := make([]bool, len(rows[0]))
	for k := range min(words, len(left)) {
		left[k] = true
	}
	var b strings.Builder
	writeAligned(&b, rows, left)
	return b.String()
}

// writeAligned writes a Markdown table with columns of equal width. Columns of words are aligned to the left.
func writeAligned(b *strings.Builder, rows [][]string, words []bool) {
	width := make([]int, len(words))
	for _, row := range rows {
		for k, cell := range row {
			width[k] = max(width[k], utf8.RuneCountInString(escapeCell(cell)), 3)
		}
	}
	for i, row := range rows {
		for k, cell := range row {
			cell = escapeCell(cell)
			pad := strings.Repeat(" ", width[k]-utf8.RuneCountInString(cell))
			if words[k] {
				b.WriteString("| " + cell + pad + " ")
			} else {
				b.WriteString("| " + pad + cell + " ")
			}
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for k := range row {
			end := ":"
			if words[k] {
				end = "-"
			}
			b.WriteString("|-" + strings.Repeat("-", width[k]) + end)
		}
		b.WriteString("|\n")
	}
}

// escapeCell escapes a text so that it stays inside its cell and contains no HTML:
// texts may come from files.
func escapeCell(s string) string { return strings.ReplaceAll(inline(s), "|", `\|`) }

// inline escapes a text so that it stays in its line and contains no HTML.
func inline(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\\`, "<", "&lt;", "`", "'", "](", `]\(`).Replace(s)
}
