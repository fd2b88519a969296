// Package table is tables of results as values, with three renderings: Markdown
// that reads well as plain text too, LaTeX for papers, and CSV for programs.
package table

import "strings"

// Table is a table of results. Rows have a cell for each column.
type Table struct {
	Name    string // of its files: lower case, digits and dashes
	Title   string
	Columns []Column
	Rows    [][]Cell
	Notes   []string // sentences below the table
	// Warnings are sentences about what a reader must not overlook; they come before the
	// notes.
	Warnings []string
}

// Column is the head of a column.
type Column struct {
	// Heading is its lines, from the general to the particular, at least one.
	// Neighbours with the same beginning share it where the rendering can.
	Heading []string
	Fields  []string // its columns in CSV, one or more
	Words   bool     // aligned to the left; numbers are to the right
}

// Cell is one entry.
type Cell struct {
	Text string // as people read it
	// Fields is the entry in CSV, one for each of the column's. Where there
	// are none, Text is the only one.
	Fields []string
	Best   bool // shown in bold
}

// Words returns a cell of plain text.
func Words(text string) Cell { return Cell{Text: text} }

// Number returns a cell with a number as it is shown, and exactly in CSV; empty
// for NaN.
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
	Words   bool // over a column of words
}

// Head returns the lines of the heading, each as spans over all columns. A
// column with fewer lines than others has its own at the bottom. Columns share
// a line where they share all lines above it, too; never the last.
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
	shared := func(k, i int) bool { // with the column before
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
