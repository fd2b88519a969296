package comparison

import (
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// measuresOf returns what is reported for the task of a run folder, the deciding
// measure first: what its record says, or, for folders of earlier versions, what
// the task says today; MSE where this program does not have the task.
func measuresOf(c runfolder.Contents, task string, known catalog.Catalog) []metric.Measure {
	if len(c.Record.Measures) > 0 {
		return c.Record.Measures
	}
	if t, err := known.Task(task); err == nil {
		return t.Measures
	}
	return []metric.Measure{metric.MSE}
}

// show writes a value of the measure as tables do.
func show(m metric.Measure) func(v float64) string {
	if m.Higher {
		return fourPlaces
	}
	return fourDigits
}
