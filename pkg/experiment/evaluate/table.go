package evaluate

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// The files of an evaluation.
const (
	PicturesFile = "pictures.csv"   // a row for every picture, degradation and model
	TableFile    = "evaluation.csv" // their means and standard deviations
	MarkdownFile = "evaluation.md"  // the printed table
	RecordFile   = "evaluation.json"
)

// Row has the measures of one model on one picture with one degradation. Network is empty for the result
// without a network.
type Row struct {
	Data, Picture     string
	Width, Height     int
	Task, Degradation string
	Model, Network    string
	Runtime           string
	metric.Values
}

// measures has the columns of numbers, in order.
var measures = metric.RunningMeasures()

// summary collects the rows of one model with one degradation.
type summary struct {
	Row                // the first of the rows
	values [][]float64 // by measure, then by picture
}

// summaries returns a summary for each task, degradation and model, in the order in
// which they first appear.
func summaries(rows []Row) (list []*summary) {
	type key struct{ task, degradation, model string }
	known := map[key]*summary{}
	for _, r := range rows {
		k := key{r.Task, r.Degradation, r.Model}
		s := known[k]
		if s == nil {
			s = &summary{Row: r, values: make([][]float64, len(measures))}
			known[k], list = s, append(list, s)
		}
		for i, m := range measures {
			s.values[i] = append(s.values[i], r.Of(m))
		}
	}
	return list
}

// spread returns the sample standard deviation; NaN for less than two values.
func spread(values []float64) float64 {
	mean, sum := metric.Mean(values), 0.0
	for _, v := range values {
		sum += float64((v - mean) * (v - mean))
	}
	if len(values) < 2 {
		return math.NaN()
	}
	return math.Sqrt(sum / float64(len(values)-1))
}

// report writes the files and prints the table.
func (e *evaluation) report(out io.Writer) error {
	list := summaries(e.rows)
	text := e.markdown(list)
	return trial.Report(e.Out, out, text,
		trial.JSON(RecordFile, e.record()),
		trial.File{Name: PicturesFile, Write: func(w io.Writer) error { return writePictures(w, e.rows) }},
		trial.File{Name: TableFile, Write: func(w io.Writer) error { return writeTable(w, list) }},
		trial.Text(MarkdownFile, text))
}

func (e *evaluation) markdown(list []*summary) string {
	head := []string{"degradation", "model"}
	for _, m := range measures {
		head = append(head, m.Title, "±")
	}
	rows := [][]string{head}
	for _, s := range list {
		row := []string{s.Degradation, s.Model}
		for i, m := range measures {
			row = append(row, table.Fixed(metric.Mean(s.values[i]), m.Places), table.Fixed(spread(s.values[i]), m.Places))
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, %d pictures\n\n%s\n", e.set.Name, len(list[0].values[0]), table.Aligned(rows, 2))
	b.WriteString("Means over whole pictures and their standard deviations. MSE is on normalised pictures, the others are on [0,1]")
	if e.enlarges() {
		b.WriteString("; luma without the two outermost pixels where pictures were enlarged")
	}
	b.WriteString(".\n\n")
	return b.String() + e.models.Lines() + "\n"
}

func (e *evaluation) enlarges() bool {
	for _, m := range e.models {
		if m.Scale != 1 {
			return true
		}
	}
	return false
}

func writePictures(w io.Writer, rows []Row) error {
	head := []string{"data", "picture", "width", "height", "task", "degradation", "model"}
	records := [][]string{append(head, lists.Of(measures, func(m metric.Measure) string { return m.Name })...)}
	for _, r := range rows {
		record := []string{r.Data, r.Picture, strconv.Itoa(r.Width), strconv.Itoa(r.Height), r.Task, r.Degradation, r.Model}
		for _, m := range measures {
			record = append(record, table.Exact(r.Of(m)))
		}
		records = append(records, record)
	}
	return csv.NewWriter(w).WriteAll(records)
}

func writeTable(w io.Writer, list []*summary) error {
	head := []string{"data", "task", "degradation", "model", "network", "runtime", "pictures"}
	for _, m := range measures {
		head = append(head, m.Name+"_mean", m.Name+"_std")
	}
	records := [][]string{head}
	for _, s := range list {
		record := []string{s.Data, s.Task, s.Degradation, s.Model, s.Network, s.Runtime, strconv.Itoa(len(s.values[0]))}
		for _, values := range s.values {
			record = append(record, table.Exact(metric.Mean(values)), table.Exact(spread(values)))
		}
		records = append(records, record)
	}
	return csv.NewWriter(w).WriteAll(records)
}
