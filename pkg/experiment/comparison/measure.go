package comparison

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// measuresOf returns the measures of a run folder's task, the deciding one first:
// those of its record, or, for folders of earlier versions, those of the task in
// this program; MSE if this program does not have the task.
func measuresOf(c runfolder.Contents, task string, known catalog.Catalog) []metric.Measure {
	if len(c.Record.Measures) > 0 {
		return c.Record.Measures
	}
	if t, err := known.Task(task); err == nil {
		return t.Measures
	}
	return []metric.Measure{metric.MSE}
}

// show returns the function that formats values of a measure for tables.
func show(m metric.Measure) func(v float64) string {
	if m.Higher {
		return fourPlaces
	}
	return fourDigits
}
