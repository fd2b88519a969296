package comparison

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// Group is runs of equal size: one table. Work units and seconds of a row can be
// compared in it, and pixels too.
type Group struct {
	Name  string // of files: cpu, or cpu-superresolution
	Title string
	Runs  []*Run

	// The size of the work.
	Profile                         string
	Side, Levels, Batch, Iterations int
}

// Groups sorts runs into groups. The order is that of profiles, then the one in
// which runs were given; so equal runs make equal tables. Two runs that hold the
// same unit of the same experiment are an error, and the second is left out.
func Groups(runs []Run) (groups []*Group, problems []error) {
	type place struct {
		Experiment
		group, variant string
		runfolder.Unit
	}
	seen := map[place]string{}
	known := map[string]*Group{}
	for i := range runs {
		r := &runs[i]
		g := groupOf(r)
		key := fmt.Sprint(g.Profile, g.Side, g.Levels, g.Batch, g.Iterations)
		twice := ""
		for _, s := range r.Summaries {
			if dir, ok := seen[place{r.Experiment, key, r.Variant, s.Unit}]; ok {
				twice = fmt.Sprintf("%s: %s is in %s, too", r.Dir, s.Unit, dir)
			}
		}
		if twice != "" {
			problems = append(problems, fmt.Errorf("%s; the second is left out", twice))
			continue
		}
		for _, s := range r.Summaries {
			seen[place{r.Experiment, key, r.Variant, s.Unit}] = r.Dir
		}
		if known[key] == nil {
			known[key] = g
			groups = append(groups, g)
		}
		known[key].Runs = append(known[key].Runs, r)
	}
	slices.SortStableFunc(groups, func(a, b *Group) int { return profilePlace(a.Profile) - profilePlace(b.Profile) })
	name(groups)
	return groups, problems
}

// groupOf returns the group that a run makes alone.
func groupOf(r *Run) *Group {
	s := r.Summaries[0]
	g := &Group{Profile: r.Profile, Side: s.Side, Levels: s.Levels, Batch: s.Batch, Iterations: s.Iterations}
	setting := func(name string, to *int) {
		if v, err := strconv.Atoi(r.Record.Setting(name)); err == nil {
			*to = v
		}
	}
	setting("iterations", &g.Iterations)
	if r.Record.Setting("levels") == "auto" { // beside those of the profile, which it had to choose from
		if i := profilePlace(r.Profile); i < len(command.Profiles) {
			g.Levels = command.Profiles[i].Levels
		}
	}
	setting("levels", &g.Levels)
	return g
}

func profilePlace(name string) int {
	if i := slices.IndexFunc(command.Profiles, func(p command.Profile) bool { return p.Name == name }); i >= 0 {
		return i
	}
	return len(command.Profiles)
}

// name gives each group a name of its own.
func name(groups []*Group) {
	taken := map[string]int{}
	for _, g := range groups {
		g.Name = fileName(g.Profile)
		g.Title = g.Profile + " profile"
		if g.enlarges() {
			g.Name += "-superresolution"
			g.Title += ", super-resolution"
		}
		if taken[g.Name]++; taken[g.Name] > 1 {
			g.Name += "-" + strconv.Itoa(taken[g.Name])
		}
		g.Title += fmt.Sprintf(": %dx%d, %d coarser meshes, batch %d on the finest", g.Side, g.Side, g.Levels, g.Batch)
	}
}

// enlarges reports whether all runs are of super-resolution.
func (g *Group) enlarges() bool {
	return !slices.ContainsFunc(g.Runs, func(r *Run) bool {
		return !r.Enlarges
	})
}

// fileName makes a text from a file into part of a file's name.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	return s[:min(len(s), 40)]
}

// experiments returns those of the group, in their order.
func (g *Group) experiments() (list []Experiment) {
	for _, r := range g.Runs {
		if !slices.Contains(list, r.Experiment) {
			list = append(list, r.Experiment)
		}
	}
	return list
}

// measures returns what is reported of an experiment, the deciding measure first.
func (g *Group) measures(e Experiment) []metric.Measure {
	for _, r := range g.Runs {
		if r.Experiment == e {
			return r.Measures
		}
	}
	return nil
}

// rows returns the strategies and variants of the group, in the order of tables.
func (g *Group) rows() (list []Row) {
	for _, r := range g.Runs {
		for _, s := range r.Summaries {
			if row := (Row{s.Strategy, r.Variant}); !slices.Contains(list, row) {
				list = append(list, row)
			}
		}
	}
	slices.SortFunc(list, compareRows)
	return list
}

// seeds returns how many seeds there are at the most in a cell of the tables.
func (g *Group) seeds() (most int) {
	for _, e := range g.experiments() {
		for _, row := range g.rows() {
			most = max(most, len(g.results(e, row)))
		}
	}
	return most
}

// results returns the units of an experiment and a row, by seed.
func (g *Group) results(e Experiment, row Row) (list []runfolder.Result) {
	for _, r := range g.Runs {
		if r.Experiment != e || r.Variant != row.Variant {
			continue
		}
		for _, s := range r.Summaries {
			if s.Strategy == row.Strategy {
				result, _ := r.Result(s.Unit)
				list = append(list, result)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b runfolder.Result) int { return runfolder.Compare(a.Summary.Unit, b.Summary.Unit) })
	return list
}

// single returns what a row is compared with: single-scale of the same variant,
// or else of none.
func (g *Group) single(e Experiment, row Row) []runfolder.Result {
	if own := g.results(e, Row{command.Single, row.Variant}); len(own) > 0 {
		return own
	}
	return g.results(e, Row{Strategy: command.Single})
}
