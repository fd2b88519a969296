// Package comparison makes the tables of a paper from the numbers of run folders: the
// final errors of strategies, their costs, and when they are as good as single-scale
// training.
//
// A column has one task, network and data set; a row has one strategy, initial weights
// and settings. Runs that differ in any of these have different columns or rows, whose
// names say what differs. Kernel path, convolution algorithm and memory only change the
// rounding, so runs that differ only in them share rows.
package comparison

import (
	"cmp"
	"fmt"
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
	Data          string // its name; with the beginning of its digest if several have that name
}

// String returns the subject's name, such as denoising unet bsds500.
func (s Subject) String() string { return s.Task + " " + s.Network + " " + s.Data }

// Run is a run folder, ready to be compared.
type Run struct {
	Dir string
	Subject
	Profile string
	// Sizes are the sizes of the work that differ from the profile's, like "iterations 120".
	Sizes []string
	// Variant has the settings of the method that differ from the task's defaults,
	// like "allocation optimal"; usually it is empty. Each variant has its own rows.
	Variant Variant
	// Init is the beginning of the digest of the initial weights; "" if they are
	// drawn from the seed.
	Init     string
	Measures []metric.Measure // of the task, the deciding one first
	Enlarges bool             // whether the task enlarges pictures
	runfolder.Contents

	settings setting.Values // of the method, as text
	label    Variant        // Variant without the settings that all rows of the group have
}

// NewRun returns the run of a folder. It is an error if no unit is finished, or if the rows
// of the summary belong to different experiments.
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

// Averaged returns the run with averaged weights instead of the last ones, as another variant; ok is
// false if it has none.
func (r Run) Averaged() (_ Run, ok bool) {
	if r.Contents, ok = r.OfAverages(); ok {
		r.Variant = r.Variant.with("averaged weights")
	}
	return r, ok
}

// Title describes the run: subject, profile, sizes and variant.
func (r Run) Title() string {
	return join(r.String(), r.Profile+" profile", strings.Join(r.Sizes, ", "), Row{"", r.Variant, r.Init}.variant())
}

// machine names the CPU, cores and kernel path of the run's seconds; "" if its record has no environment.
func (r *Run) machine() string {
	e := r.Record.Environment
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%s, %s cores, kernel path %s", cmp.Or(setting.Text(e["cpu"]), "unknown CPU"), cmp.Or(setting.Text(e["cores"]), "unknown"), cmp.Or(setting.Text(e["kernel_path"]), "unknown"))
}

// digest returns the beginning of one of the record's digests; "" if it is not recorded.
func digest(r runfolder.Record, name string) string {
	text := setting.Text(r.Configuration[name])
	return text[:min(len(text), 8)]
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

// Row identifies a row of a table.
type Row struct {
	Strategy string
	Variant  Variant // without the settings that all rows of the table have
	Init     string
}

// row returns the row of a strategy of r.
func (r *Run) row(strategy string) Row { return Row{strategy, r.label, r.Init} }

// variant describes how the row differs from the plain strategy.
func (r Row) variant() string {
	if r.Init == "" {
		return string(r.Variant)
	}
	return string(r.Variant.with("init " + r.Init))
}

// String returns the row's name, such as mge, or mge (allocation optimal).
func (r Row) String() string {
	if v := r.variant(); v != "" {
		return r.Strategy + " (" + v + ")"
	}
	return r.Strategy
}

// join joins the parts that are not empty with commas.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), between)
}

// compareRows orders rows by strategy, in the order of runfolder.Compare, then by variant and initial weights.
func compareRows(a, b Row) int {
	return cmp.Or(runfolder.Compare(runfolder.Unit{Strategy: a.Strategy}, runfolder.Unit{Strategy: b.Strategy}),
		cmp.Compare(a.Variant, b.Variant), strings.Compare(a.Init, b.Init))
}
