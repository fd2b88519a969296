package comparison

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// Within is the relative distance from single-scale's final error that counts as
// nearly reached (the paper's claim is within 3%).
const Within = 0.03

// reach has the work and time that a unit had spent when its validation error was
// first at most a target; NaN if it never was.
type reach struct {
	work, seconds float64
	min           float64 // smallest error of the curve; NaN without any validation
}

// reached returns the reach of a target on a curve. It does not interpolate: the
// error is only known at validations.
func reached(curve []runfolder.Measured, m metric.Measure, target float64) reach {
	r := reach{math.NaN(), math.NaN(), math.NaN()}
	for _, at := range curve {
		e := m.Error(at.Of(m))
		if e <= target && math.IsNaN(r.work) {
			r.work, r.seconds = at.WorkUnits, at.Seconds
		}
		if !(e >= r.min) && !math.IsNaN(e) {
			r.min = e
		}
	}
	return r
}

// quality says how soon a row of a subject is as good as single-scale training. All
// numbers are over the seeds with which single-scale was trained, too.
type quality struct {
	paired     int        // number of seeds with which single-scale was trained, too
	seeds      int        // number of these for which both units have a curve, of the same kind of pictures
	final      difference // the final error over single-scale's final one, minus 1
	min        statistic  // the smallest error over single-scale's final one, minus 1
	input      bool       // the row is the input, which spends nothing
	full, near pairs      // spent to reach single-scale's final error, and Within of it
}

// pairs has the work and time that a row and single-scale itself spent until an
// error, for the seeds that reached it.
type pairs struct {
	work, seconds           []float64
	workRatio, secondsRatio []float64 // single-scale's over the row's
}

// add adds what a seed spent, if the row reached the error with it.
func (p *pairs) add(own, single reach) {
	if math.IsNaN(own.work) {
		return
	}
	p.work = append(p.work, own.work)
	p.workRatio = append(p.workRatio, single.work/own.work)
	if !math.IsNaN(own.seconds) {
		p.seconds = append(p.seconds, own.seconds)
		p.secondsRatio = append(p.secondsRatio, single.seconds/own.seconds)
	}
}

// quality compares a row with single-scale by a measure. Seconds only count if both units were trained on the
// same machine.
func (g *Group) quality(e Subject, row Row, m metric.Measure) (q quality) {
	var smallest []float64
	pairs := g.withSingle(e, row)
	timed := onOneMachine(pairs)
	for _, p := range pairs {
		q.paired++
		curve, reference := p.own.Curve(), p.other.Curve()
		if len(curve) == 0 || len(reference) == 0 || p.own.crops != p.other.crops {
			continue
		}
		if !slices.ContainsFunc(timed, func(t pair) bool { return t.own.Summary.Unit == p.own.Summary.Unit }) {
			for i := range curve {
				curve[i].Seconds = math.NaN()
			}
		}
		q.seeds++
		target := m.Error(reference[len(reference)-1].Of(m))
		near := target * (1 + Within)
		r := reached(curve, m, target)
		q.full.add(r, reached(reference, m, target))
		q.near.add(reached(curve, m, near), reached(reference, m, near))
		smallest = append(smallest, r.min/target-1)
	}
	q.final, q.min = g.excess(pairs, m), statisticOf(smallest)
	return q
}

// subjectColumn is the first column of tables over several subjects.
var subjectColumn = table.Column{Heading: []string{"experiment"}, Fields: []string{"profile", "task", "network", "data", "error"}, Words: true}

// subjectCell returns a cell of subjectColumn, for a measure.
func subjectCell(g *Group, e Subject, m metric.Measure) table.Cell {
	return table.Cell{Text: e.String() + ", " + m.ErrorTitle(), Fields: []string{g.Profile, e.Task, e.Network, e.Data, m.ErrorTitle()}}
}

// Quality returns the table of the work units that each strategy needs until its
// validation error is at most single-scale's final one.
func Quality(groups []*Group) *table.Table {
	t := qualityTable(groups, "quality", "Work units until single-scale's final error",
		spending{"work units", "work_units", func(p pairs) ([]float64, []float64) { return p.work, p.workRatio }, table.Work},
		extra{"at the end", differenceFields("final_excess"), func(q quality) table.Cell { return q.final.percent() }},
		extra{"least", []string{"least_excess"}, func(q quality) table.Cell { return excessCell(q.min) }},
	)
	t.Notes = append(t.Notes,
		"An error counts as reached at the first validation that is not above it; there is no interpolation between validations. It may be above again afterwards; how it ends is in the first column of errors. MSE is on normalised pictures, SSIM on [0,1].",
		method(mostSeeds(groups))+" "+inputNote,
		fmt.Sprintf("A ratio is what single-scale itself spends until the same error, over what the strategy spends; within %g%% means an error of at most %g times single-scale's final one.", 100*Within, 1+Within),
	)
	return t
}

// QualitySeconds is Quality in seconds of training.
func QualitySeconds(groups []*Group) *table.Table {
	t := qualityTable(groups, "seconds-to-quality", "Seconds of training until single-scale's final error",
		spending{"seconds", "seconds", func(p pairs) ([]float64, []float64) { return p.seconds, p.secondsRatio }, oneDecimal})
	t.Notes = append(t.Notes, "Without validation, of equal seeds on one machine. A ratio is the seconds of single-scale itself until the same error, over the strategy's.")
	return t
}

// mostSeeds returns the largest number of seeds in a cell.
func mostSeeds(groups []*Group) (most int) {
	for _, g := range groups {
		most = max(most, g.seeds())
	}
	return most
}

// eachQuality calls do for each row of the tables of quality, in order.
func eachQuality(groups []*Group, do func(*Group, Subject, metric.Measure, Row, quality)) {
	for _, g := range groups {
		for _, e := range g.subjects() {
			for _, m := range g.measures(e) {
				if d := g.inputExcess(e, m); d.n > 0 {
					do(g, e, m, Row{Strategy: runfolder.InputName}, quality{final: d, min: statisticOf(nil), input: true})
				}
				for _, row := range g.rows() {
					if len(g.results(e, row)) > 0 {
						do(g, e, m, row, g.quality(e, row, m))
					}
				}
			}
		}
	}
}

// spending is a quantity that is counted until an error is reached: work units or seconds.
type spending struct {
	quantity, field string
	of              func(pairs) (spent, ratio []float64)
	show            func(float64) string
}

// extra is a column of errors against single-scale's.
type extra struct {
	heading string
	fields  []string
	cell    func(quality) table.Cell
}

// qualityTable makes a table of what is spent until single-scale's final error and within Within of it, after the columns
// of extras.
func qualityTable(groups []*Group, name, title string, s spending, extras ...extra) *table.Table {
	within := fmt.Sprintf("within %g%%", 100*Within)
	t := &table.Table{
		Name: name, Title: title,
		Columns: []table.Column{subjectColumn, strategyColumn},
	}
	t.Columns = append(t.Columns, lists.Of(extras, func(x extra) table.Column {
		return table.Column{Heading: []string{"error against single-scale's", x.heading}, Fields: x.fields}
	})...)
	for _, until := range []struct{ heading, field, seeds string }{{"until that error", s.field, "seeds"}, {within, s.field + "_within", "seeds_within"}} {
		t.Columns = append(t.Columns,
			table.Column{Heading: []string{until.heading, s.quantity}, Fields: append(statisticFields(until.field), until.seeds)},
			table.Column{Heading: []string{until.heading, "ratio"}, Fields: []string{until.field + "_ratio"}},
		)
	}
	one := !slices.ContainsFunc(groups, func(g *Group) bool { return g.label() != groups[0].label() })
	last := ""
	eachQuality(groups, func(g *Group, e Subject, m metric.Measure, row Row, q quality) {
		if q.input && len(extras) == 0 {
			return // the input's row would be empty
		}
		first := subjectCell(g, e, m)
		if !one {
			first.Text += " (" + g.label() + ")"
		}
		shown := first.Text
		if shown == last {
			first.Text = "" // show it only when it changes
		}
		last = shown
		cells := []table.Cell{first, g.cell(row)}
		if q.input {
			cells[1] = inputName()
		}
		cells = append(cells, lists.Of(extras, func(x extra) table.Cell { return x.cell(q) })...)
		for _, p := range []pairs{q.full, q.near} {
			spent, ratio := s.of(p)
			cells = append(cells, spentCell(spent, len(p.work), q, s.show), ratioCell(ratio))
		}
		t.Rows = append(t.Rows, cells)
	})
	return t
}

// spentCell shows what was spent until the error was reached, or why that is not known.
func spentCell(spent []float64, reached int, q quality, show func(float64) string) table.Cell {
	s := statisticOf(spent)
	c := s.cell(q.seeds, show)
	c.Fields = append(c.Fields, strconv.Itoa(q.seeds))
	switch {
	case q.input:
	case q.paired == 0:
		c.Text = "no single-scale run"
	case q.seeds == 0:
		c.Text = "no common curve"
	case reached == 0:
		c.Text = "not reached"
	case len(spent) == 0:
		c.Text = "unknown"
	}
	return c
}

func ratioCell(ratios []float64) table.Cell {
	mean := statisticOf(ratios).mean
	return table.Number(mean, threeDigits(mean))
}

// excessCell shows a relative difference of errors in per cent.
func excessCell(s statistic) table.Cell {
	return table.Number(s.mean, signed(100*s.mean)+"%")
}

func signed(v float64) string {
	switch text := table.Fixed(v, 1); {
	case text == "0.0" || text == "-0.0":
		return "0.0"
	case v < 0:
		return "−" + text[1:]
	default:
		return "+" + text
	}
}
