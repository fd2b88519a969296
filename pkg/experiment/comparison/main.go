package comparison

import (
	"fmt"
	"math"
	"strings"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
)

// strategyColumn is the first of most tables.
var strategyColumn = table.Column{Heading: []string{"strategy"}, Fields: []string{"strategy", "variant"}, Words: true}

// column is the head of a column about a subject.
func (e Subject) column(quantity string, fields ...string) table.Column {
	c := table.Column{Heading: []string{e.Task, e.Data, e.Network, quantity}}
	for _, f := range fields {
		c.Fields = append(c.Fields, fmt.Sprintf("%s_%s_%s_%s", e.Task, strings.ReplaceAll(e.Data, " ", "-"), e.Network, f))
	}
	return c
}

// Main is the main comparison: what strategies end with, and their work units.
func (g *Group) Main() *table.Table {
	t := &table.Table{
		Name: "comparison-" + g.Name, Title: "Strategies compared, " + g.Title,
		Columns: []table.Column{
			strategyColumn,
			{Heading: []string{"work units"}, Fields: []string{"work_units", "work_units_most"}},
			{Heading: []string{"ratio"}, Fields: []string{"work_ratio", "work_ratio_most"}},
		},
	}
	seeds := g.seeds()
	for _, row := range g.rows() {
		work, ratio := g.work(row)
		t.Rows = append(t.Rows, []table.Cell{g.cell(row), work.cell(table.Plain), ratio.cell(threeDigits)})
	}
	for _, e := range g.subjects() {
		for _, m := range g.measures(e) {
			t.Columns = append(t.Columns, e.column(m.Title, statisticFields(m.Title)...))
			column := len(t.Columns) - 1
			best := math.NaN()
			var means []float64
			for i, row := range g.rows() {
				s := statisticOf(valuesOf(g.results(e, row), func(r runfolder.Result) float64 { return r.Summary.Values.Of(m) }))
				t.Rows[i] = append(t.Rows[i], s.cell(seeds, show(m)))
				means = append(means, s.mean)
				if m.Better(s.mean, best) {
					best = s.mean
				}
			}
			for i, mean := range means {
				t.Rows[i][column].Best = mean == best
			}
		}
	}
	t.Notes = append(t.Notes, "MSE is on normalised pictures, SSIM on [0,1], both of the validation set after the last iteration; the best of a column is in bold.",
		"A ratio is single-scale's work units over the strategy's."+overSeeds(seeds))
	return t
}

func overSeeds(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" Numbers are means over %d seeds, with the standard deviation of the sample.", n)
}

// work returns a row's work units in all experiments, and single-scale's over
// them.
func (g *Group) work(row Row) (work, ratio *interval) {
	for _, e := range g.subjects() {
		own := statisticOf(valuesOf(g.results(e, row), workUnits)).mean
		single := statisticOf(valuesOf(g.single(e, row), workUnits)).mean
		work, ratio = work.with(own), ratio.with(single/own)
	}
	return work, ratio
}

func workUnits(r runfolder.Result) float64 { return r.Summary.WorkUnits }

// seconds is the time of training, NaN where timing.csv does not have it.
func seconds(r runfolder.Result) float64 {
	if s := r.Timing.SecondsTraining; s > 0 {
		return s
	}
	return math.NaN()
}

func valuesOf(results []runfolder.Result, of func(runfolder.Result) float64) (values []float64) {
	for _, r := range results {
		values = append(values, of(r))
	}
	return values
}

// Seconds is the time of training, and single-scale's over it. It belongs to
// the machines on which the runs were made.
func (g *Group) Seconds() *table.Table {
	t := &table.Table{Name: "seconds-" + g.Name, Title: "Seconds of training, " + g.Title, Columns: []table.Column{strategyColumn}}
	n := g.seeds()
	for _, row := range g.rows() {
		t.Rows = append(t.Rows, []table.Cell{g.cell(row)})
	}
	for _, e := range g.subjects() {
		t.Columns = append(t.Columns, e.column("seconds", statisticFields("seconds")...), e.column("ratio", "ratio"))
		for i, row := range g.rows() {
			own := statisticOf(valuesOf(g.results(e, row), seconds))
			single := statisticOf(valuesOf(g.single(e, row), seconds))
			ratio := single.mean / own.mean
			t.Rows[i] = append(t.Rows[i], own.cell(n, oneDecimal), table.Number(ratio, threeDigits(ratio)))
		}
	}
	t.Notes = append(t.Notes, "Without validation. A ratio is single-scale's seconds over the strategy's."+overSeeds(n))
	return t
}
