package comparison

import (
	"multiscale/pkg/experiment/table"
)

// Differences returns the relative differences of final errors between any two rows of a subject, of equal seeds: below zero
// the first row is better. The table has a line for each ordered pair of rows, and is meant for CSV.
func Differences(groups []*Group) *table.Table {
	t := &table.Table{
		Name: "differences", Title: "Differences between strategies",
		Columns: []table.Column{
			subjectColumn, strategyColumn,
			{Heading: []string{"against"}, Fields: []string{"against", "against_variant"}, Words: true},
			{Heading: []string{"difference"}, Fields: differenceFields("difference")},
		},
		Notes: []string{method(mostSeeds(groups))},
	}
	for _, g := range groups {
		for _, e := range g.subjects() {
			for _, m := range g.measures(e) {
				for _, own := range g.rows() {
					for _, other := range g.rows() {
						d := g.excess(pairsOf(g.results(e, own), g.results(e, other)), m)
						if own != other && d.n > 0 {
							t.Rows = append(t.Rows, []table.Cell{subjectCell(g, e, m), g.cell(own), g.cell(other), d.percent()})
						}
					}
				}
			}
		}
	}
	return t
}
