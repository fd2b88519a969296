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

// Events of -log json other than steps and notes.

// tellBegin writes the event of a run's beginning: which units were asked for, and which of them will be trained.
func (e *Experiment) tellBegin(asked []runfolder.Unit, work []runfolder.Work) {
	open := lists.Of(work, func(w runfolder.Work) runfolder.Unit { return w.Unit })
	e.progress.Event("begin", progress.Field{Name: "task", Value: e.task.Name}, progress.Field{Name: "network", Value: e.config.NetworkText()},
		progress.Field{Name: "data", Value: e.set.Name}, progress.Field{Name: "profile", Value: e.config.Profile.Name}, progress.Field{Name: "folder", Value: e.dir},
		progress.Field{Name: "units", Value: unitNames(asked)}, progress.Field{Name: "to_train", Value: unitNames(open)})
}

// tellEnd writes the event of a run's end: which units are finished, and how many failed.
func (e *Experiment) tellEnd() {
	finished := lists.Of(e.folder.Summaries, func(s runfolder.Summary) runfolder.Unit { return s.Unit })
	e.progress.Event("end", progress.Field{Name: "folder", Value: e.dir}, progress.Field{Name: "finished", Value: unitNames(finished)},
		progress.Field{Name: "failed", Value: len(e.folder.Failures)})
}

// tellError writes the event of an error that ends the call, with the text of standard error.
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

// fields returns the fields of a unit's event: unit, iteration and iterations, then more.
func (u *unit) fields(more ...progress.Field) []progress.Field {
	return append([]progress.Field{{Name: "unit", Value: u.name.String()}, {Name: "iteration", Value: u.state.Iteration},
		{Name: "iterations", Value: u.plan.Iterations()}}, more...)
}

// measures returns fields of measured values, sorted by name.
func measures(m metric.Values) (fields []progress.Field) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fields = append(fields, progress.Field{Name: name, Value: m[name]})
	}
	return fields
}
