// Package comparison brings the numbers of run folders into the tables of a
// paper: what strategies end with, what they cost, and when they are as good as
// single-scale training.
//
// A column is of one task, network and data; a row is of one strategy, initial weights
// and settings. What differs has a column or row of its own, whose name says what
// differs. Kernel path, convolution algorithm and memory change only rounding and
// separate nothing.
package comparison

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/setting"
)

// Subject is what strategies are compared on.
type Subject struct {
	Task, Network string
	Data          string // its name, and its digest where there are several of the name
}

// String names it: denoising unet bsds500.
func (s Subject) String() string { return s.Task + " " + s.Network + " " + s.Data }

// Run is a run folder, ready to be compared.
type Run struct {
	Dir string
	Subject
	Profile string
	// Sizes are the sizes of the work that are not the profile's, like "iterations 120".
	Sizes []string
	// Variant is the settings of the method that are not the task's defaults,
	// like "allocation optimal"; mostly there are none. Its strategies have
	// rows of their own.
	Variant string
	// Init is the beginning of the digest of the initial weights; "" where they are
	// drawn from the seed.
	Init     string
	Measures []metric.Measure // of the task, the deciding one first
	Enlarges bool             // whether the task does
	runfolder.Contents

	settings setting.Values // of the method, as text
}

// NewRun checks that the rows of a folder are of one experiment, its record's.
func NewRun(dir string, c runfolder.Contents, known catalog.Catalog) (Run, error) {
	r := Run{Dir: dir, Contents: c}
	if len(c.Summaries) == 0 {
		return r, fmt.Errorf("%s: no strategy is finished", dir)
	}
	s := c.Summaries[0]
	r.Subject, r.Profile = Subject{s.Task, s.Network, s.Data}, s.Profile
	units := map[runfolder.Unit]bool{}
	for _, row := range c.Summaries {
		if (Subject{row.Task, row.Network, row.Data}) != r.Subject || row.Profile != r.Profile || row.Side != s.Side || row.Batch != s.Batch {
			return r, fmt.Errorf("%s: the rows of %s are of different experiments", dir, runfolder.SummaryFile)
		}
		if units[row.Unit] {
			return r, fmt.Errorf("%s: %s is twice in %s", dir, row.Unit, runfolder.SummaryFile)
		}
		units[row.Unit] = true
	}
	r.Measures = measuresOf(c, r.Task, known)
	r.Enlarges = c.Record.Scale > 1
	if t, err := known.Task(r.Task); err == nil {
		r.Enlarges = t.OfRatio(c.Record.Scale).Scale > 1
	}
	r.Init = digest(c.Record, "init_digest")
	r.settings = methodOf(c.Record)
	r.Variant = variant(r.settings, defaultsOf(c.Record, known))
	r.Sizes = r.sizes(known)
	return r, nil
}

// Averaged returns the run with averaged weights instead of the last ones, as a variant of its
// own; ok is false where it has none.
func (r Run) Averaged() (_ Run, ok bool) {
	if r.Contents, ok = r.OfAverages(); ok {
		r.Variant = join(r.Variant, "averaged weights")
	}
	return r, ok
}

// Title says what the run is of.
func (r Run) Title() string {
	return join(r.String(), r.Profile+" profile", strings.Join(r.Sizes, ", "), Row{"", r.Variant, r.Init}.variant())
}

// machine names what the run's seconds belong to; "" where its record does not say.
func (r *Run) machine() string {
	e := r.Record.Environment
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%s, %s cores, kernel path %s", cmp.Or(setting.Text(e["cpu"]), "unknown CPU"), cmp.Or(setting.Text(e["cores"]), "unknown"), cmp.Or(setting.Text(e["kernel_path"]), "unknown"))
}

// digest is the beginning of one of the record's digests; "" where it has none.
func digest(r runfolder.Record, name string) string {
	text := setting.Text(r.Configuration[name])
	return text[:min(len(text), 8)]
}

// sizes are the settings that say how much work there is: each combination has a table of its own.
var sizes = []string{"side", "levels", "batch", "iterations"}

// methodOf returns the settings of a record that distinguish rows, as text.
func methodOf(r runfolder.Record) setting.Values {
	all := setting.Complete(r.Configuration)
	for _, name := range []string{"task", "network", "data", "profile", "data_digest", "init_digest", "kernel_path", "levels_chosen"} {
		delete(all, name)
	}
	for _, name := range sizes {
		if name != "levels" || all[name] != "auto" {
			delete(all, name)
		}
	}
	for _, s := range setting.Table() {
		if s.Effect == setting.Rounding {
			delete(all, s.Name)
		}
	}
	return all
}

// defaultsOf is what a run's task does where nothing but the size of the work is given:
// by this program where it has the task, else by the one that made the run.
func defaultsOf(r runfolder.Record, known catalog.Catalog) setting.Values {
	given := setting.Values{}
	for _, name := range append([]string{"task", "ratio", "network", "profile", "optimizer"}, sizes...) {
		if v, ok := r.Configuration[name]; ok {
			given[name] = setting.Text(v)
		}
	}
	defaults := r.Defaults
	if c, err := setting.Parse(known, given); err == nil {
		defaults = c.Defaults()
	}
	if defaults == nil {
		return nil
	}
	all := setting.Complete(defaults)
	if all["levels"] == "auto" {
		all["levels"] = "" // is always special
	}
	return all
}

// variant says which settings are not the defaults. Without defaults it is empty;
// Groups then tells runs apart by where they differ.
func variant(settings, defaults setting.Values) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if usual, ok := defaults[name]; ok && usual != settings[name] {
			list = append(list, name+" "+settings[name])
		}
	}
	return strings.Join(list, ", ")
}

// sizes returns the sizes of the work that are not the profile's.
func (r Run) sizes(known catalog.Catalog) (list []string) {
	all := setting.Profiles()
	i := profilePlace(r.Profile)
	if i == len(all) {
		return nil
	}
	p := all[i]
	if t, err := known.Task(r.Task); err == nil {
		p = p.For(t.OfRatio(r.Record.Scale))
	}
	size := sizeOf(&r)
	for _, s := range []struct {
		name       string
		own, usual int
	}{{"side", size.Side, p.Side}, {"levels", size.Levels, p.Levels}, {"batch", size.Batch, p.Batch}, {"iterations", size.Iterations, p.Iterations}} {
		if s.own != s.usual {
			list = append(list, fmt.Sprintf("%s %d", s.name, s.own))
		}
	}
	return list
}

// Row is what a row of a table is about.
type Row struct{ Strategy, Variant, Init string }

// variant says how the row differs from the plain strategy.
func (r Row) variant() string {
	if r.Init == "" {
		return r.Variant
	}
	return join(r.Variant, "init "+r.Init)
}

// String is the row's name: mge, or mge (allocation optimal).
func (r Row) String() string {
	if v := r.variant(); v != "" {
		return r.Strategy + " (" + v + ")"
	}
	return r.Strategy
}

// join puts the parts that are not empty behind each other.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// compareRows orders them: strategies as everywhere, each before its variants.
func compareRows(a, b Row) int {
	return cmp.Or(runfolder.Compare(runfolder.Unit{Strategy: a.Strategy}, runfolder.Unit{Strategy: b.Strategy}),
		strings.Compare(a.Variant, b.Variant), strings.Compare(a.Init, b.Init))
}
