package table

import (
	"encoding/csv"
	"strings"
)

// CSV returns the table with exact numbers, without title and notes.
func (t *Table) CSV() string {
	var b strings.Builder
	out := csv.NewWriter(&b)
	var record []string
	for _, c := range t.Columns {
		record = append(record, c.Fields...)
	}
	out.Write(record) // writing to a strings.Builder cannot fail
	for _, row := range t.Rows {
		record = record[:0]
		for _, cell := range row {
			record = append(record, cell.fields()...)
		}
		out.Write(record)
	}
	out.Flush()
	return b.String()
}
