package comparison

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// Answer returns the summary table over all groups: how much less work each strategy takes than
// single-scale training, and how far its final error is from single-scale's, by the deciding measure
// of each task.
func Answer(groups []*Group) *table.Table {
	t := &table.Table{
		Name: "answer", Title: "The answer",
		Columns: []table.Column{strategyColumn, {Heading: []string{"times less work"}, Fields: []string{"work_ratio", "work_ratio_most"}}},
		Rows:    [][]table.Cell{{inputName(), (*interval)(nil).cell(nil)}},
	}
	var rows []Row
	columns := 0
	for _, g := range groups {
		t.Warnings = append(t.Warnings, g.warnings()...)
		for _, e := range g.answered() {
			columns++
			rows = append(rows, slices.DeleteFunc(g.rows(), func(row Row) bool { return len(g.results(e, row)) == 0 })...)
		}
	}
	rows = lists.Distinct(rows)
	slices.SortFunc(rows, compareRows)
	groups = slices.DeleteFunc(slices.Clone(groups), func(g *Group) bool { return len(g.answered()) == 0 })
	for _, row := range rows {
		var times *interval
		for _, g := range groups {
			for _, e := range g.answered() {
				times = times.with(ratio(g.withSingle(e, row), workUnits))
			}
		}
		t.Rows = append(t.Rows, []table.Cell{{Text: row.String(), Fields: []string{row.Strategy, row.variant()}}, times.cell(threeDigits)})
	}
	several := slices.ContainsFunc(groups, func(g *Group) bool { return g.label() != groups[0].label() || g.shared != "" })
	for _, g := range groups {
		for _, e := range g.answered() {
			label := ""
			if several {
				label = g.label()
			}
			g.answer(t, e, rows, label, columns <= fewColumns)
		}
	}
	t.Notes = []string{
		"Each number is how far the error of the validation set ends from single-scale's: below zero is better. It is in bold where it is better and its interval excludes zero. " +
			method(mostSeeds(groups)),
		inputNote + " Times less work is single-scale's work units over the strategy's, of equal seeds.",
		"A row is compared with single-scale training on the same pictures, with settings that the row has too, whatever its budget; first of the same batch and steps, of several with that of the most work units." + references(groups),
	}
	return t
}

// references names the work units of the single-scale training with which rows are compared.
func references(groups []*Group) string {
	var list []string
	for _, g := range groups {
		var work *interval
		for _, e := range g.answered() {
			for _, row := range g.rows() {
				work = work.with(statisticOf(lists.Of(g.reference(e, row).units, workUnits)).mean)
			}
		}
		if work != nil {
			list = append(list, fmt.Sprintf("%s (%s)", work.cell(table.Work).Text, g.label()))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " Single-scale's work units: " + strings.Join(list, "; ") + "."
}

// fewColumns is the number of subjects up to which the table also shows the values themselves.
const fewColumns = 3

// answered returns the subjects of the group that have columns in the answer: those that are not only references.
func (g *Group) answered() []Subject { return slices.DeleteFunc(g.subjects(), g.isReference) }

// answer adds a subject's columns to t.
func (g *Group) answer(t *table.Table, e Subject, rows []Row, label string, values bool) {
	m := g.measures(e)[0]
	heading := func(quantity string, fields ...string) table.Column {
		c := e.column(quantity, fields...)
		if label != "" {
			c.Heading = slices.Insert(c.Heading, 0, label)
			for i := range c.Fields {
				c.Fields[i] = plain(label) + "_" + c.Fields[i]
			}
		}
		return c
	}
	if values {
		t.Columns = append(t.Columns, heading(m.Title, statisticFields(m.Title)...))
		t.Rows[0] = append(t.Rows[0], g.inputCell(e, m, len(statisticFields(m.Title))))
	}
	t.Columns = append(t.Columns, heading(m.ErrorTitle()+" against single-scale's", differenceFields("difference")...))
	c := g.inputExcess(e, m).percent()
	if in, _ := g.input(e); in == nil {
		c.Text = runfolder.NotRecorded
	}
	t.Rows[0] = append(t.Rows[0], c)
	seeds := g.seeds()
	for i, row := range rows {
		results := g.results(e, row)
		if values {
			of := lists.Of(results, func(r outcome) float64 { return r.Summary.Values.Of(m) })
			t.Rows[i+1] = append(t.Rows[i+1], statisticOf(of).cell(seeds, show(m)))
		}
		d := g.excess(g.withSingle(e, row), m)
		c := d.percent()
		c.Best = d.sign() < 0
		switch {
		case len(results) == 0:
		case math.IsNaN(d.mean):
			c.Text = "no single-scale run"
		case d.n < len(results):
			c.Text += fmt.Sprintf(" (%d of %d)", d.n, len(results))
		}
		t.Rows[i+1] = append(t.Rows[i+1], c)
	}
}

// End has the work units and the final error of a row of a subject, by the deciding measure.
type End struct {
	Subject
	Row
	// Figure names the subject, and what its errors can only be compared within: profile, side and pictures.
	Figure string
	// Curve names what differs from other rows of the figure apart from the cost: rows with one Curve are one training at several
	// costs.
	Curve            string
	Measure          string // the error's name, like 1−SSIM
	Work             float64
	Error, Low, High float64 // mean over the seeds, the lowest and the highest
	Seeds            int
}

// Ends returns the End of each row of each subject, in the order of tables. Errors that are not finite do not count.
func Ends(groups []*Group) (list []End) {
	for _, g := range groups {
		for _, e := range g.subjects() {
			m := g.measures(e)[0]
			for _, row := range g.rows() {
				results := g.results(e, row)
				errors := slices.DeleteFunc(lists.Of(results, func(r outcome) float64 { return m.Error(r.Summary.Values.Of(m)) }),
					func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
				if len(errors) == 0 {
					continue
				}
				end := End{
					Subject: e, Row: row, Figure: join(e.String(), g.Profile), Curve: join(row.Strategy, row.Init), Measure: m.ErrorTitle(),
					Work: statisticOf(lists.Of(results, workUnits)).mean, Error: statisticOf(errors).mean, Low: slices.Min(errors), High: slices.Max(errors), Seeds: len(errors),
				}
				for _, given := range append(g.sizes(), g.run(e, row).Variant.list()...) {
					switch name, _, _ := strings.Cut(given, " "); {
					case name == "side" || slices.Contains(pictures, name):
						end.Figure = join(end.Figure, given)
					case name != "budget" && name != "iterations":
						end.Curve = join(end.Curve, given)
					}
				}
				list = append(list, end)
			}
		}
	}
	return list
}

// excess returns the relative difference of final errors: own over other of each pair, minus 1.
func (g *Group) excess(pairs []pair, m metric.Measure) difference {
	return differenceOf(lists.Of(pairs, func(p pair) float64 {
		return m.Error(p.own.Summary.Values.Of(m))/m.Error(p.other.Summary.Values.Of(m)) - 1
	}))
}
