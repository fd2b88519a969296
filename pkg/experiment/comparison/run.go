// Package comparison brings the numbers of run folders into the tables of a
// paper: what strategies end with, what they cost, and when they are as good as
// single-scale training.
package comparison

import (
	"cmp"
	"fmt"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/task"
)

// Experiment is what strategies are compared on.
type Experiment struct{ Task, Network, Data string }

// String names it: denoising unet bsds500.
func (e Experiment) String() string { return e.Task + " " + e.Network + " " + e.Data }

// Run is a run folder, ready to be compared.
type Run struct {
	Dir string
	Experiment
	Profile string
	// Variant is the settings of the method that are not the task's defaults,
	// like "allocation optimal"; mostly there are none. Its strategies have
	// rows of their own.
	Variant  string
	Measures []metric.Measure // of the task, the deciding one first
	Enlarges bool             // whether the task does
	runfolder.Contents
}

// NewRun checks that the rows of a folder are of one experiment, its record's.
func NewRun(dir string, c runfolder.Contents, known catalog.Catalog) (Run, error) {
	r := Run{Dir: dir, Contents: c}
	if len(c.Summaries) == 0 {
		return r, fmt.Errorf("%s: no strategy is finished", dir)
	}
	s := c.Summaries[0]
	r.Experiment, r.Profile = Experiment{s.Task, s.Network, s.Data}, s.Profile
	units := map[runfolder.Unit]bool{}
	for _, row := range c.Summaries {
		if (Experiment{row.Task, row.Network, row.Data}) != r.Experiment || row.Profile != r.Profile || row.Side != s.Side || row.Batch != s.Batch {
			return r, fmt.Errorf("%s: the rows of %s are of different experiments", dir, runfolder.SummaryFile)
		}
		if units[row.Unit] {
			return r, fmt.Errorf("%s: %s is twice in %s", dir, row.Unit, runfolder.SummaryFile)
		}
		units[row.Unit] = true
	}
	r.Measures = measuresOf(c, r.Task, known)
	if t, err := known.Task(r.Task); err == nil {
		r.Enlarges, r.Variant = t.Scale != 1, variant(known, r, t)
	}
	return r, nil
}

// size is the settings that say how much work there is, which tables are told apart
// by.
var size = []string{"profile", "side", "levels", "batch", "iterations"}

// variant compares the configuration with what the task's command does where
// nothing but the size of the work is given. What only changes rounding is no
// variant.
func variant(known catalog.Catalog, r Run, t task.Task) string {
	args := []string{"-network=" + r.Network}
	for _, name := range size {
		if v := r.Record.Setting(name); v != "missing" {
			args = append(args, "-"+name+"="+v)
		}
	}
	defaults, err := command.Parse(experiment.Flags(known, t), args)
	if err != nil {
		return ""
	}
	usual := defaults.Determining()
	for _, name := range []string{"task", "data", "conv", "memory"} {
		delete(usual, name)
	}
	if r.Record.Setting("levels") == "auto" {
		usual["levels"] = "chosen by hand"
	}
	var list []string
	for _, name := range r.Record.Differing(usual) {
		list = append(list, name+" "+r.Record.Setting(name))
	}
	return strings.Join(list, ", ")
}

// Row is what a row of a table is about.
type Row struct{ Strategy, Variant string }

// String is the row's name: mge, or mge (allocation optimal).
func (r Row) String() string {
	if r.Variant == "" {
		return r.Strategy
	}
	return r.Strategy + " (" + r.Variant + ")"
}

// compareRows orders them: strategies as everywhere, each before its variants.
func compareRows(a, b Row) int {
	return cmp.Or(runfolder.Compare(runfolder.Unit{Strategy: a.Strategy}, runfolder.Unit{Strategy: b.Strategy}), strings.Compare(a.Variant, b.Variant))
}
