package comparison

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
	"multiscale/pkg/setting"
)

// Group has the runs of one size, which make one table: their work units, seconds and
// pixels can be compared.
type Group struct {
	Name  string // of files: cpu, or cpu-superresolution
	Title string
	Runs  []*Run
	Size

	shared Variant  // the settings that all rows have
	others []*Group // with the same profile and side
}

// Size is the size of a run's work.
type Size struct {
	Profile                         string
	Side, Levels, Batch, Iterations int
}

// Groups sorts runs into groups, in the order of profiles and then of the given runs.
// If two runs have the same unit of the same subject, size and variant, Groups leaves out
// the second and returns a problem.
func Groups(given []Run) (groups []*Group, problems []error) {
	type place struct {
		Subject
		Size
		variant Variant
		init    string
		runfolder.Unit
	}
	seen := map[place]string{}
	type kind struct { // super-resolution has tables of its own, also where its batch is another task's
		Size
		enlarges bool
	}
	known := map[kind]*Group{}
	runs := slices.Clone(given)
	distinguishData(runs)
	distinguishVariants(runs)
	for i := range runs {
		r := &runs[i]
		size := sizeOf(r)
		twice := ""
		for _, s := range r.Summaries {
			if dir, ok := seen[place{r.Subject, size, r.Variant, r.Init, s.Unit}]; ok {
				twice = fmt.Sprintf("%s: %s is in %s, too", r.Dir, s.Unit, dir)
			}
		}
		if twice != "" {
			problems = append(problems, fmt.Errorf("%s; the second is left out", twice))
			continue
		}
		for _, s := range r.Summaries {
			seen[place{r.Subject, size, r.Variant, r.Init, s.Unit}] = r.Dir
		}
		k := kind{size, r.Enlarges}
		if known[k] == nil {
			known[k] = &Group{Size: size}
			groups = append(groups, known[k])
		}
		known[k].Runs = append(known[k].Runs, r)
	}
	slices.SortStableFunc(groups, func(a, b *Group) int { return profilePlace(a.Profile) - profilePlace(b.Profile) })
	for _, g := range groups {
		g.share()
		g.others = slices.DeleteFunc(slices.Clone(groups), func(o *Group) bool { return o == g || o.Profile != g.Profile || o.Side != g.Side })
	}
	name(groups)
	return groups, problems
}

// share finds the settings that all rows have and sets the labels of runs. Runs of single-scale alone, which may be a
// reference at another cost, do not count if there are others; their labels name what they do not share, apart from how
// training is validated.
func (g *Group) share() {
	runs := slices.DeleteFunc(slices.Clone(g.Runs), func(r *Run) bool {
		return !slices.ContainsFunc(r.Summaries, func(s runfolder.Summary) bool { return s.Strategy != mge.Single.Name })
	})
	if len(runs) == 0 {
		runs = g.Runs
	}
	g.shared = runs[0].Variant
	for _, r := range runs[1:] {
		g.shared = g.shared.where(func(given string) bool { return slices.Contains(r.Variant.list(), given) })
	}
	shared := g.shared.list()
	for _, r := range g.Runs {
		r.label = r.Variant.where(func(given string) bool { return !slices.Contains(shared, given) })
		lacks := slices.DeleteFunc(slices.Clone(shared), func(given string) bool { return slices.Contains(r.Variant.list(), given) })
		for _, given := range lacks {
			switch name, _, _ := strings.Cut(given, " "); {
			case r.Variant.named(name) != "" || name == "whole-at-end" && len(lacks) > 1:
				// The label has its own value, or names another difference.
			case name == "budget" && r.settings[name] == "0":
				r.label = r.label.with("usual steps")
			default:
				r.label = r.label.with(name + " " + cmp.Or(r.settings[name], "unknown"))
			}
		}
	}
}

// distinguishData appends the beginning of its digest to the name of a data set, if several
// data sets of a task have that name.
func distinguishData(runs []Run) {
	type data struct{ task, name string }
	digests := map[data][]string{}
	for _, r := range runs {
		k, d := data{r.Task, r.Data}, digest(r.Record, "data_digest")
		if !slices.Contains(digests[k], d) {
			digests[k] = append(digests[k], d)
		}
	}
	for i := range runs {
		if r := &runs[i]; len(digests[data{r.Task, r.Data}]) > 1 {
			r.Data += " " + cmp.Or(digest(r.Record, "data_digest"), "unknown")
		}
	}
}

// distinguishVariants adds the settings in which runs of one row differ to their variants. Such
// runs exist because the defaults of the programs that made them may differ or be unknown.
func distinguishVariants(runs []Run) {
	type place struct {
		Subject
		Size
		variant Variant
		init    string
	}
	rows := map[place][]*Run{}
	for i := range runs {
		r := &runs[i]
		k := place{r.Subject, sizeOf(r), r.Variant, r.Init}
		rows[k] = append(rows[k], r)
	}
	for _, same := range rows {
		names := map[string]bool{}
		for _, r := range same {
			for name := range r.settings {
				names[name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if !slices.ContainsFunc(same, func(r *Run) bool { return r.settings[name] != same[0].settings[name] }) {
				continue
			}
			for _, r := range same {
				r.Variant = r.Variant.with(name + " " + cmp.Or(r.settings[name], "unknown"))
			}
		}
	}
}

// sizeOf returns the size of a run's work.
func sizeOf(r *Run) Size {
	s := r.Summaries[0]
	g := Size{Profile: r.Profile, Side: s.Side, Levels: s.Levels, Batch: s.Batch, Iterations: s.Iterations}
	read := func(name string, to *int) {
		if v, err := strconv.Atoi(setting.Text(r.Record.Configuration[name])); err == nil {
			*to = v
		}
	}
	read("iterations", &g.Iterations)
	if r.Record.Configuration["levels"] == "auto" { // compared with the profile's levels, which are its maximum
		if i := profilePlace(r.Profile); i < len(setting.Profiles()) {
			g.Levels = setting.Profiles()[i].Levels
		}
	}
	read("levels", &g.Levels)
	return g
}

// profilePlace returns the place of a profile in the order of profiles; unknown ones come last.
func profilePlace(name string) int {
	all := setting.Profiles()
	if i := slices.IndexFunc(all, func(p setting.Profile) bool { return p.Name == name }); i >= 0 {
		return i
	}
	return len(all)
}

// name sets the names and titles of groups. All names differ.
func name(groups []*Group) {
	taken := map[string]int{}
	for _, g := range groups {
		g.Name = fileName(g.Profile)
		g.Title = g.Profile + " profile"
		if g.enlarges() {
			g.Name += "-superresolution"
			g.Title += ", super-resolution"
		}
		for _, size := range g.sizes() {
			g.Name += "-" + fileName(size)
			if strings.HasPrefix(size, "iterations ") { // the other sizes are in any title
				g.Title = join(g.Title, size)
			}
		}
		g.Title = join(g.Title, string(g.shared))
		if taken[g.Name]++; taken[g.Name] > 1 {
			g.Name += "-" + strconv.Itoa(taken[g.Name])
		}
		meshes := "meshes"
		if g.Levels == 1 {
			meshes = "mesh"
		}
		g.Title += fmt.Sprintf(": %dx%d, %d coarser %s, batch %d on the finest", g.Side, g.Side, g.Levels, meshes, g.Batch)
	}
}

// sizes returns the sizes of the work that are not the profile's.
func (g *Group) sizes() (list []string) {
	for _, r := range g.Runs {
		list = append(list, r.Sizes...)
	}
	return lists.Distinct(list)
}

// label names the group in tables of several groups, with the settings of all its rows.
func (g *Group) label() string { return join(g.Profile, g.common()) }

// common returns the sizes that are not the profile's and the settings that all rows have.
func (g *Group) common() string { return join(strings.Join(g.sizes(), between), string(g.shared)) }

// cell returns the first cell of a row. Its variant in CSV has the sizes and all settings, so that rows of different tables
// differ.
func (g *Group) cell(r Row) table.Cell {
	c := table.Cell{Text: r.String(), Fields: []string{r.Strategy, r.variant()}}
	if g == nil { // of the paper's schedules
		return c
	}
	i := slices.IndexFunc(g.Runs, func(run *Run) bool { return run.row(r.Strategy) == r })
	c.Fields[1] = join(strings.Join(g.sizes(), between), Row{r.Strategy, g.Runs[i].Variant, r.Init}.variant())
	return c
}

// enlarges reports whether all runs are super-resolution.
func (g *Group) enlarges() bool { return g.Runs[0].Enlarges }

// fileName converts a text into part of a file name.
func fileName(s string) string {
	s = plain(s)
	return s[:min(len(s), 40)]
}

// plain converts a text to lower case, with dashes for everything but letters and digits.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
}

// subjects returns the subjects of the group, in the order of its runs.
func (g *Group) subjects() []Subject { return lists.Distinct(lists.Of(g.Runs, subjectOf)) }

func subjectOf(r *Run) Subject { return r.Subject }

// measures returns the measures of a subject, the deciding one first.
func (g *Group) measures(e Subject) []metric.Measure {
	if r, ok := lists.Find(g.Runs, subjectOf, e); ok {
		return r.Measures
	}
	return nil
}

// rows returns the strategies and variants of the group, in the order of tables.
func (g *Group) rows() (list []Row) {
	for _, r := range g.Runs {
		for _, s := range r.Summaries {
			list = append(list, r.row(s.Strategy))
		}
	}
	list = lists.Distinct(list)
	slices.SortFunc(list, compareRows)
	return list
}

// seeds returns the largest number of seeds in a cell of the tables.
func (g *Group) seeds() (largest int) {
	for _, e := range g.subjects() {
		for _, row := range g.rows() {
			largest = max(largest, len(g.results(e, row)))
		}
	}
	return largest
}

// outcome is a finished unit and the machine that trained it.
type outcome struct {
	runfolder.Result
	machine string
	crops   bool // its curve is of crops, its final error of whole pictures
}

// results returns the units of a subject and a row, sorted by seed.
func (g *Group) results(e Subject, row Row) (list []outcome) {
	for _, r := range g.Runs {
		if r.Subject != e || r.row(row.Strategy) != row {
			continue
		}
		for _, s := range r.Summaries {
			if s.Strategy == row.Strategy {
				result, _ := r.Result(s.Unit)
				list = append(list, outcome{result, r.machine(), r.Enlarges && r.settings["whole-at-end"] == "true"})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b outcome) int { return runfolder.Compare(a.Summary.Unit, b.Summary.Unit) })
	return list
}

// run returns a run with a row of a subject; nil if there is none.
func (g *Group) run(e Subject, row Row) *Run {
	for _, r := range g.Runs {
		if r.Subject == e && r.row(row.Strategy) == row {
			return r
		}
	}
	return nil
}

// input returns the measures of a subject's input, without a network; nil if no run recorded
// them. same is false if runs recorded different ones.
func (g *Group) input(e Subject) (in metric.Values, same bool) {
	for _, r := range g.Runs {
		if r.Subject != e || r.Input() == nil {
			continue
		}
		if in == nil {
			in = r.Input()
		} else if !alike(in, r.Input()) {
			return in, false
		}
	}
	return in, true
}

// alike reports whether two inputs have the same measures, up to the different rounding of kernel paths.
func alike(a, b metric.Values) bool {
	return maps.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= 1e-6*max(math.Abs(x), math.Abs(y)) })
}

// inputCell returns the cell of a measure of the input, with the given number of fields.
func (g *Group) inputCell(e Subject, m metric.Measure, fields int) table.Cell {
	c := table.Cell{Fields: make([]string, fields)}
	switch in, same := g.input(e); {
	case !same:
		c.Text = "differs"
	case in == nil:
		c.Text = runfolder.NotRecorded
	default:
		c.Text, c.Fields[0] = show(m)(in.Of(m)), table.Exact(in.Of(m))
	}
	return c
}

// inputExcess returns the relative difference of the input's error to single-scale's final one, over
// the seeds of the single-scale training with which the row with the fewest settings is compared.
func (g *Group) inputExcess(e Subject, m metric.Measure) difference {
	in, same := g.input(e)
	if in == nil || !same {
		return differenceOf(nil)
	}
	var plain *Run
	for _, r := range g.Runs {
		if r.Subject == e && (plain == nil || len(r.Variant.list()) < len(plain.Variant.list())) {
			plain = r
		}
	}
	return differenceOf(lists.Of(g.reference(e, plain.row(plain.Summaries[0].Strategy)).units, func(r outcome) float64 {
		return m.Error(in.Of(m))/m.Error(r.Summary.Values.Of(m)) - 1
	}))
}

// warnings returns a sentence for each subject with networks that are worse than their input by
// the deciding measure, naming their rows.
func (g *Group) warnings() (list []string) {
	for _, e := range g.subjects() {
		in, same := g.input(e)
		if in == nil || !same {
			continue
		}
		m := g.measures(e)[0]
		var worse []string
		for _, row := range g.rows() {
			results := g.results(e, row)
			var values []float64
			for _, r := range results {
				if v := r.Summary.Values.Of(m); m.Better(in.Of(m), v) {
					values = append(values, v)
				}
			}
			if len(values) == 0 {
				continue
			}
			text := fmt.Sprintf("%s %s", row, show(m)(statisticOf(values).mean))
			if len(results) > 1 {
				text += fmt.Sprintf(" (%d of %d seeds)", len(values), len(results))
			}
			worse = append(worse, text)
		}
		if len(worse) > 0 {
			list = append(list, fmt.Sprintf("%s: worse than the input, whose %s is %s: %s.", e, m.Title, show(m)(in.Of(m)), strings.Join(worse, ", ")))
		}
	}
	return list
}
