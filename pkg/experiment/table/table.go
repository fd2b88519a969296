// Package table has tables of results with three renderings: Markdown that is also
// readable as plain text, LaTeX for papers, and CSV for programs.
package table

import "strings"

// Table is a table of results. Rows have a cell for each column.
type Table struct {
	Name    string // of its files: lower case, digits and dashes
	Title   string
	Columns []Column
	Rows    [][]Cell
	Notes   []string // sentences below the table
	// Warnings are sentences that a reader must not overlook; they come before the notes.
	Warnings []string
}

// Column is the head of a column.
type Column struct {
	// Heading has the lines of the heading, at least one, from the general to the
	// specific. Neighbours whose headings begin with the same lines share these if
	// the rendering can do that.
	Heading []string
	Fields  []string // its columns in CSV, one or more
	Words   bool     // align to the left; numbers are aligned to the right
}

// Cell is one entry.
type Cell struct {
	Text string // for people
	// Fields has the values in CSV, one for each of the column's Fields. If it is
	// nil, Text is the only value.
	Fields []string
	Best   bool // shown in bold
}

// Words returns a cell of plain text.
func Words(text string) Cell { return Cell{Text: text} }

// Number returns a cell with the text shown, and with the exact number in CSV; the
// cell is empty for NaN.
func Number(v float64, shown string) Cell {
	exact := Exact(v)
	if exact == "" {
		shown = ""
	}
	return Cell{Text: shown, Fields: []string{exact}}
}

// Span is a heading over neighbouring columns.
type Span struct {
	Text    string
	Columns int
	Words   bool // whether the first column has words
}

// Head returns the lines of the heading, each as spans over all columns. The lines of
// a column with fewer lines than others are at the bottom. Columns share a line if they
// also share all lines above it; they never share the last line.
func (t *Table) Head() [][]Span {
	depth := 0
	for _, c := range t.Columns {
		depth = max(depth, len(c.Heading))
	}
	line := func(c Column, i int) string {
		if i -= depth - len(c.Heading); i >= 0 {
			return c.Heading[i]
		}
		return ""
	}
	shared := func(k, i int) bool { // whether column k shares line i with the column before
		for j := range i + 1 {
			if line(t.Columns[k], j) != line(t.Columns[k-1], j) || line(t.Columns[k], j) == "" {
				return false
			}
		}
		return i < depth-1
	}
	head := make([][]Span, depth)
	for i := range head {
		for k, c := range t.Columns {
			if last := len(head[i]) - 1; k > 0 && shared(k, i) {
				head[i][last].Columns++
			} else {
				head[i] = append(head[i], Span{line(c, i), 1, c.Words})
			}
		}
	}
	return head
}

// fields returns the cell's entries in CSV.
func (c Cell) fields() []string {
	if c.Fields == nil {
		return []string{c.Text}
	}
	return c.Fields
}

// heading is a column's heading in one line.
func (c Column) heading() string { return strings.Join(c.Heading, " ") }
