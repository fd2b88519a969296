package comparison

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
	"multiscale/pkg/setting"
)

// published has the work units of the paper, for a batch of 16 on the finest mesh;
// super-resolution has a batch of 8 and takes half (arXiv 2501.12739, tables 1 and 2).
var published = map[string]float64{mge.Single.Name: 480000, mge.MGE.Name: 74000, mge.FullMultiscale.Name: 28750}

// schedule is a size of the work, of the paper or of a group.
type schedule struct {
	name  string
	work  mge.Work
	paper float64 // of the paper's: the share of the published work units that it should take
	group *Group  // whose work it is; nil for the paper's
}

// Cost returns the table of the costs of strategies by their plans. It compares the plans
// of the paper with the published numbers, and those of the groups with the work units
// that their runs spent. Each difference is an error.
func Cost(groups []*Group) (*table.Table, []error) {
	t := &table.Table{
		Name: "cost", Title: "Cost by strategy",
		Columns: []table.Column{
			{Heading: []string{"schedule"}, Fields: []string{"schedule"}, Words: true},
			strategyColumn,
			{Heading: []string{"iterations"}, Fields: []string{"iterations"}},
			{Heading: []string{"work units an iteration"}, Fields: []string{"work_units_an_iteration"}},
			{Heading: []string{"work units"}, Fields: []string{"work_units"}},
			{Heading: []string{"ratio"}, Fields: []string{"ratio"}},
			{Heading: []string{"checked against"}, Fields: []string{"checked_against"}, Words: true},
			{Heading: []string{"equal"}, Fields: []string{"equal"}, Words: true},
		},
		Notes: []string{
			"One work unit is one application of the network to one picture on the finest mesh; where training goes from mesh to mesh, there is a number for each stage.",
		},
	}
	var problems []error
	for _, s := range schedules(groups) {
		rows, err := s.rows()
		t.Rows = append(t.Rows, rows...)
		problems = append(problems, err...)
	}
	return t, problems
}

// schedules returns the two of the paper and one for each group.
func schedules(groups []*Group) (list []schedule) {
	p := setting.Profiles()[len(setting.Profiles())-1]
	for _, half := range []int{1, 2} {
		name := "paper"
		if half == 2 {
			name += ", super-resolution"
		}
		list = append(list, schedule{name: name, paper: 1 / float64(half), work: mge.Work{
			Batches: mge.Doubling(p.Batch/half, p.Levels), Iterations: p.Iterations, Stages: setting.Halved(p.Iterations, p.Levels),
		}})
	}
	for _, g := range groups {
		list = append(list, schedule{name: g.Name, group: g, work: mge.Work{
			Batches: mge.Doubling(g.Batch, g.Levels), Iterations: g.Iterations, Stages: setting.Halved(g.Iterations, g.Levels),
		}})
	}
	return list
}

// rows returns the schedule's rows. Those of the paper have the strategies of its table and progressive; those of a group
// have the strategies and variants of its runs.
func (s schedule) rows() (rows [][]table.Cell, problems []error) {
	single, err := mge.Single.Plan(s.work)
	if err != nil {
		return nil, []error{fmt.Errorf("%s: %w", s.name, err)}
	}
	if s.group == nil {
		for _, strategy := range []mge.Strategy{mge.Single, mge.MGE, mge.FullMultiscale, mge.Progressive} {
			plan, err := strategy.Plan(s.work)
			if err != nil {
				return nil, []error{fmt.Errorf("%s: %w", s.name, err)}
			}
			want, ok := published[strategy.Name]
			if !ok {
				want = math.NaN()
			}
			row, err := s.row(Row{Strategy: strategy.Name}, &plan, single, want*s.paper, "the paper")
			rows = append(rows, row)
			if err != nil {
				problems = append(problems, err)
			}
		}
		return rows, problems
	}
	for _, r := range s.group.rows() {
		work, _ := s.group.work(r)
		var plan *mge.Plan
		if r.Variant == "" && s.group.shared == "" {
			if strategy, err := mge.ParseStrategy(r.Strategy); err == nil {
				if p, err := strategy.Plan(s.work); err == nil {
					plan = &p
				}
			}
		}
		if plan == nil { // a variant may have other batches or stages
			rows = append(rows, s.measured(r, work, single))
			continue
		}
		spent := work.low
		if total := plan.WorkUnits(plan.Iterations()); spent == total {
			spent = work.high
		}
		row, err := s.row(r, plan, single, spent, "the runs")
		rows = append(rows, row)
		if err != nil {
			problems = append(problems, err)
		}
	}
	return rows, problems
}

// row returns a strategy's row by its plan. It compares the plan's work units with
// want, unless that is NaN; against names the source of want.
func (s schedule) row(r Row, plan *mge.Plan, single mge.Plan, want float64, against string) ([]table.Cell, error) {
	total := plan.WorkUnits(plan.Iterations())
	each := lists.Of(plan.Stages, func(s mge.Stage) string { return table.Work(s.WorkUnits()) })
	equal := ""
	var err error
	switch {
	case math.IsNaN(want):
		against = ""
	case want == total:
		equal = "yes"
	default:
		equal = "no: " + table.Work(want)
		err = fmt.Errorf("%s, %s: %s work units by its plan, %s by %s", s.name, r, table.Plain(total), table.Plain(want), against)
	}
	ratio := single.WorkUnits(single.Iterations()) / total
	return []table.Cell{
		table.Words(s.name), s.group.cell(r),
		{Text: table.Grouped(plan.Iterations()), Fields: []string{strconv.Itoa(plan.Iterations())}},
		table.Words(strings.Join(each, ", ")), table.Number(total, table.Work(total)), table.Number(ratio, threeDigits(ratio)),
		table.Words(against), table.Words(equal),
	}, err
}

// measured returns the row of a variant by the work units that its runs spent.
func (s schedule) measured(r Row, work *interval, single mge.Plan) []table.Cell {
	if work == nil {
		work = &interval{math.NaN(), math.NaN()}
	}
	mean := (work.low + work.high) / 2
	ratio := single.WorkUnits(single.Iterations()) / mean
	return []table.Cell{
		table.Words(s.name), s.group.cell(r), {}, {}, table.Number(mean, work.cell(table.Work).Text), table.Number(ratio, threeDigits(ratio)), {}, {},
	}
}
