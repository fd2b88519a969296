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

// strategyColumn is the first column of most tables.
var strategyColumn = table.Column{Heading: []string{"strategy"}, Fields: []string{"strategy", "variant"}, Words: true}

// column returns the head of a column about a subject.
func (e Subject) column(quantity string, fields ...string) table.Column {
	c := table.Column{Heading: []string{e.Task, e.Data, e.Network, quantity}}
	for _, f := range fields {
		c.Fields = append(c.Fields, fmt.Sprintf("%s_%s_%s_%s", e.Task, strings.ReplaceAll(e.Data, " ", "-"), e.Network, f))
	}
	return c
}

// inputName returns the first cell of the input's row.
func inputName() table.Cell {
	return table.Cell{Text: runfolder.InputName, Fields: []string{runfolder.InputName, ""}}
}

// inputNote explains the input's row.
const inputNote = runfolder.InputName + " is the answer that takes no network: the degraded pictures themselves, or in super-resolution their bilinear enlargement."

// Main returns the main comparison of the group: the final measures of strategies, and their work units.
func (g *Group) Main() *table.Table {
	t := &table.Table{
		Name: "comparison-" + g.Name, Title: "Strategies compared, " + g.Title,
		Columns: []table.Column{
			strategyColumn,
			{Heading: []string{"work units"}, Fields: []string{"work_units", "work_units_most"}},
			{Heading: []string{"ratio"}, Fields: []string{"work_ratio", "work_ratio_most"}},
		},
		Rows: [][]table.Cell{{inputName(), (*interval)(nil).cell(nil), (*interval)(nil).cell(nil)}},
	}
	seeds := g.seeds()
	for _, row := range g.rows() {
		work, ratio := g.work(row)
		t.Rows = append(t.Rows, []table.Cell{g.cell(row), work.cell(table.Work), ratio.cell(threeDigits)})
	}
	for _, e := range g.subjects() {
		for _, m := range g.measures(e) {
			t.Columns = append(t.Columns, e.column(m.Title, statisticFields(m.Title)...))
			t.Rows[0] = append(t.Rows[0], g.inputCell(e, m, len(statisticFields(m.Title))))
			best := g.best(e, m)
			for i, row := range g.rows() {
				s := statisticOf(lists.Of(g.results(e, row), func(r outcome) float64 { return r.Summary.Values.Of(m) }))
				c := s.cell(seeds, show(m))
				c.Best = i == best
				t.Rows[i+1] = append(t.Rows[i+1], c)
			}
		}
	}
	bold := "The best of a column is in bold where its paired interval against each other row excludes zero; with one seed nothing is."
	if seeds > 1 {
		bold = "The best of a column is in bold where its paired t interval of 95% against each other row, of equal seeds, excludes zero."
	}
	t.Notes = append(t.Notes, "MSE is on normalised pictures, SSIM on [0,1], both of the validation set after the last iteration. "+bold,
		inputNote+" A ratio is single-scale's work units over the strategy's, of equal seeds."+overSeeds(seeds))
	return t
}

// best returns the index of the row whose mean error is smallest, if its paired interval of
// differences to each other row excludes zero; otherwise -1.
func (g *Group) best(e Subject, m metric.Measure) int {
	best, value := -1, math.NaN()
	rows := g.rows()
	results := make([][]outcome, len(rows))
	of := func(r outcome) float64 { return m.Error(r.Summary.Values.Of(m)) }
	for i, row := range rows {
		results[i] = g.results(e, row)
		if mean := statisticOf(lists.Of(results[i], of)).mean; !math.IsNaN(mean) && !(mean >= value) {
			best, value = i, mean
		}
	}
	others := 0
	for i := range rows {
		if i == best || len(results[i]) == 0 {
			continue
		}
		others++
		differences := lists.Of(pairsOf(results[best], results[i]), func(p pair) float64 { return of(p.own) - of(p.other) })
		if differenceOf(differences).sign() >= 0 {
			return -1
		}
	}
	if others == 0 {
		return -1
	}
	return best
}

func overSeeds(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" Numbers are means over %d seeds, with the standard deviation of the sample.", n)
}

// work returns the interval of a row's work units over all subjects, and that of
// single-scale's work units over the row's.
func (g *Group) work(row Row) (work, times *interval) {
	for _, e := range g.subjects() {
		work = work.with(statisticOf(lists.Of(g.results(e, row), workUnits)).mean)
		times = times.with(ratio(g.withSingle(e, row), workUnits))
	}
	return work, times
}

func workUnits(r outcome) float64 { return r.Summary.WorkUnits }

// seconds returns the time of training, NaN if timing.csv does not have it.
func seconds(r outcome) float64 {
	if s := r.Timing.SecondsTraining; s > 0 {
		return s
	}
	return math.NaN()
}

// Seconds returns the table of the times of training, and of single-scale's time over
// the row's. Each machine on which runs were made has its own columns.
func (g *Group) Seconds() *table.Table {
	t := &table.Table{Name: "seconds-" + g.Name, Title: "Seconds of training, " + g.Title, Columns: []table.Column{strategyColumn}}
	n := g.seeds()
	t.Rows = lists.Of(g.rows(), func(row Row) []table.Cell { return []table.Cell{g.cell(row)} })
	machines := g.machines()
	for _, e := range g.subjects() {
		for k, machine := range machines {
			on := func(r outcome) bool { return r.machine == machine }
			if !slices.ContainsFunc(g.rows(), func(row Row) bool { return slices.ContainsFunc(g.results(e, row), on) }) {
				continue
			}
			heading, times, field := "seconds", "ratio", ""
			if len(machines) > 1 {
				letter := string(rune('A' + k%26))
				heading, times, field = "seconds on "+letter, "ratio on "+letter, "_on_"+letter
			}
			t.Columns = append(t.Columns, e.column(heading, statisticFields("seconds"+field)...), e.column(times, "ratio"+field))
			for i, row := range g.rows() {
				own := slices.DeleteFunc(g.results(e, row), func(r outcome) bool { return !on(r) })
				single := slices.DeleteFunc(slices.Clone(g.reference(e, row).units), func(r outcome) bool { return !on(r) })
				faster := ratio(pairsOf(own, single), seconds)
				t.Rows[i] = append(t.Rows[i], statisticOf(lists.Of(own, seconds)).cell(n, oneDecimal), table.Number(faster, threeDigits(faster)))
			}
		}
	}
	t.Notes = append(t.Notes, "Without validation. A ratio is single-scale's seconds over the strategy's, of equal seeds on one machine; compare seconds within a column only."+overSeeds(n)+machineNote(machines))
	return t
}

// machines returns the machines of the group's runs, in the order of the runs.
func (g *Group) machines() []string { return lists.Distinct(lists.Of(g.Runs, (*Run).machine)) }

// machineNote names the machines of the columns of seconds.
func machineNote(machines []string) string {
	var b strings.Builder
	for k, m := range machines {
		if m == "" {
			m = "not recorded"
		}
		if len(machines) == 1 {
			return " Machine: " + m + "."
		}
		fmt.Fprintf(&b, " %c: %s.", 'A'+k%26, m)
	}
	return b.String()
}
