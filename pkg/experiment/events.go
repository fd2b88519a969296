package experiment

import (
	"context"
	"maps"
	"slices"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// What -log json tells beside steps and notes.

// tellBegin tells what is going to be trained of what was asked.
func (e *Experiment) tellBegin(asked []runfolder.Unit, work []runfolder.Work) {
	open := lists.Of(work, func(w runfolder.Work) runfolder.Unit { return w.Unit })
	e.progress.Event("begin", progress.Field{Name: "task", Value: e.task.Name}, progress.Field{Name: "network", Value: e.config.NetworkText()},
		progress.Field{Name: "data", Value: e.set.Name}, progress.Field{Name: "profile", Value: e.config.Profile.Name}, progress.Field{Name: "folder", Value: e.dir},
		progress.Field{Name: "units", Value: unitNames(asked)}, progress.Field{Name: "to_train", Value: unitNames(open)})
}

// tellEnd tells what the run folder holds.
func (e *Experiment) tellEnd() {
	finished := lists.Of(e.folder.Summaries, func(s runfolder.Summary) runfolder.Unit { return s.Unit })
	e.progress.Event("end", progress.Field{Name: "folder", Value: e.dir}, progress.Field{Name: "finished", Value: unitNames(finished)},
		progress.Field{Name: "failed", Value: len(e.folder.Failures)})
}

// tellError tells why a call ends, in the words of standard error.
func tellError(ctx context.Context, p *progress.Printer, err error) {
	p.Event("error", progress.Field{Name: "text", Value: command.Message(ctx, err)})
}

func unitNames(units []runfolder.Unit) []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.String()
	}
	return names
}

// fields are those of an event of a unit, the unit and its iteration first.
func (u *unit) fields(more ...progress.Field) []progress.Field {
	return append([]progress.Field{{Name: "unit", Value: u.name.String()}, {Name: "iteration", Value: u.state.Iteration},
		{Name: "iterations", Value: u.plan.Iterations()}}, more...)
}

// measures are fields of measured values, sorted by name.
func measures(m metric.Values) (fields []progress.Field) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fields = append(fields, progress.Field{Name: name, Value: m[name]})
	}
	return fields
}
