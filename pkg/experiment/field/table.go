package field

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
)

// The files of a benchmark.
const (
	TableFile    = "benchmark.csv" // means by method and setting
	PicturesFile = "pictures.csv"  // a row for every picture, setting and method
	MarkdownFile = "benchmark.md"  // the printed table
	RecordFile   = "benchmark.json"
)

// Record is the content of benchmark.json: the benchmark, the models and the pictures.
type Record struct {
	Benchmark string   `json:"benchmark"`
	Root      string   `json:"root"`
	List      string   `json:"list,omitempty"`
	Digest    string   `json:"data_digest"` // of the pictures
	Pictures  int      `json:"pictures"`
	Models    []string `json:"models"`
}

// claim checks before the measurement that the folder can be written and has no tables of another
// benchmark or of other pictures. It also sets the default folder.
func (m *measurement) claim() error {
	m.Out = cmp.Or(m.Out, filepath.Join("results", "runs", "benchmark-"+m.Benchmark.Name+"-"+m.pictures.digest[:8]))
	return trial.Claim(m.Out, RecordFile, func(there Record) string {
		if there.Digest == m.pictures.digest && there.Benchmark == m.Benchmark.Name {
			return ""
		}
		return fmt.Sprintf("%s of other pictures (%s)", there.Benchmark, there.Root)
	})
}

// record returns the record of the measurement.
func (m *measurement) record() Record {
	return Record{m.Benchmark.Name, m.Root, m.List, m.pictures.digest, len(m.pictures.names), m.Models}
}

// row is one method in the tables.
type row struct {
	kind, method     string
	network, runtime string
	pictures         int
	source           string      // of published figures
	means            [][]float64 // by setting, then by measure
	gains            []float64   // by setting, in decibels over the first method
}

// The kinds of rows.
const (
	kindMethod    = "method"
	kindModel     = "model"
	kindPublished = "published"
)

// rows returns the rows of methods, models and published figures, in this order.
func (m *measurement) rows(figures []figure, set string) []*row {
	b := m.Benchmark
	var list []*row
	at := func(kind, method string, pictures int) *row {
		for _, r := range list {
			if r.kind == kind && r.method == method {
				return r
			}
		}
		r := &row{kind: kind, method: method, pictures: pictures}
		for range b.Settings {
			r.means = append(r.means, slices.Repeat([]float64{math.NaN()}, len(b.Measures)))
			r.gains = append(r.gains, math.NaN())
		}
		list = append(list, r)
		return r
	}
	index := func(setting string) int {
		return slices.IndexFunc(b.Settings, func(s Setting) bool { return s.Name == setting })
	}
	for _, result := range m.results {
		kind := kindMethod
		if result.model != nil {
			kind = kindModel
		}
		r := at(kind, result.method, len(result.names))
		if o := result.model; o != nil {
			r.network, r.runtime = o.Network, o.Runtime+" "+o.Version
		}
		for i, values := range result.values {
			r.means[index(result.setting)][i] = metric.Mean(values)
		}
	}
	for _, f := range figures {
		if f.set != set {
			continue
		}
		r := at(kindPublished, f.method, f.pictures)
		if r.source == "" || f.source == unchecked {
			r.source = f.source
		}
		for i, measure := range b.Measures {
			r.means[index(f.setting)][i] = f.of(measure)
		}
	}
	if b.gains {
		base := map[string]*row{kindMethod: list[0], kindModel: list[0]}
		for _, r := range list {
			if r.kind == kindPublished && base[r.kind] == nil {
				base[r.kind] = r
			}
			for i := range r.gains {
				r.gains[i] = r.means[i][0] - base[r.kind].means[i][0]
			}
		}
	}
	return list
}

// report writes the files and prints the table.
func (m *measurement) report(out io.Writer) error {
	figures, err := published(m.Benchmark.Name)
	if err != nil {
		return err
	}
	set := publishedSet(figures, m.List, m.Root)
	list := m.rows(figures, set)
	text := m.markdown(list, set)
	return trial.Report(m.Out, out, text,
		trial.JSON(RecordFile, m.record()),
		trial.File{Name: PicturesFile, Write: m.writePictures},
		trial.File{Name: TableFile, Write: func(w io.Writer) error { return m.writeTable(w, list, set) }},
		trial.Text(MarkdownFile, text))
}

func (m *measurement) markdown(list []*row, set string) string {
	b := m.Benchmark
	head := []string{"method", "kind"}
	for _, s := range b.Settings {
		for _, measure := range b.Measures {
			title := measure.Title
			if len(b.Settings) > 1 {
				title = s.Name + " " + title
			}
			head = append(head, title)
		}
		if b.gains {
			head = append(head, "gain dB")
		}
	}
	lines := [][]string{head}
	var sources []*row
	whole := 0 // pictures of the published set
	for _, r := range list {
		line := []string{r.method, r.kind}
		for i := range b.Settings {
			for k, measure := range b.Measures {
				line = append(line, table.Fixed(r.means[i][k], measure.Places))
			}
			if b.gains {
				line = append(line, table.Fixed(r.gains[i], 2))
			}
		}
		lines = append(lines, line)
		if r.kind == kindPublished {
			whole = r.pictures
			sources = append(sources, r)
		}
	}
	var t strings.Builder
	name := cmp.Or(set, filepath.Base(m.Root))
	n := list[0].pictures
	fmt.Fprintf(&t, "# %s on %s, %d pictures\n\n%s\n", b.Name, name, n, table.Aligned(lines, 2))
	fmt.Fprintf(&t, "%s Answers are clipped and rounded to 8 bits. Means over pictures.\n\n", b.Protocol)
	if sources != nil {
		fmt.Fprintf(&t, "Published figures are means over the %d pictures of %s", whole, set)
		if n != whole {
			fmt.Fprintf(&t, ", not over these %d", n)
		}
		fmt.Fprintf(&t, ". %s.\n\n", cite(sources))
	}
	t.WriteString(m.opened.Lines())
	if len(m.models) > 0 {
		t.WriteString("\n")
	}
	return t.String()
}

// cite lists the sources of published figures with their methods.
func cite(list []*row) string {
	var parts []string
	for i, r := range list {
		if i > 0 && list[i-1].source == r.source {
			parts[len(parts)-1] += ", " + r.method
			continue
		}
		parts = append(parts, r.source+": "+r.method)
	}
	return strings.Join(parts, "; ")
}

func (m *measurement) writeTable(w io.Writer, list []*row, set string) error {
	b := m.Benchmark
	head := []string{"benchmark", "set", "pictures", "setting", "kind", "method", "network", "runtime"}
	head = append(head, lists.Of(b.Measures, nameOfMeasure)...)
	if b.gains {
		head = append(head, "gain")
	}
	records := [][]string{append(head, "source")}
	for i, s := range b.Settings {
		for _, r := range list {
			record := []string{b.Name, set, strconv.Itoa(r.pictures), s.Name, r.kind, r.method, r.network, r.runtime}
			record = append(record, lists.Of(r.means[i], table.Exact)...)
			if b.gains {
				record = append(record, table.Exact(r.gains[i]))
			}
			records = append(records, append(record, r.source))
		}
	}
	return csv.NewWriter(w).WriteAll(records)
}

func nameOfMeasure(m metric.Measure) string { return m.Name }

func (m *measurement) writePictures(w io.Writer) error {
	head := []string{"benchmark", "picture", "setting", "method"}
	records := [][]string{append(head, lists.Of(m.Benchmark.Measures, nameOfMeasure)...)}
	for i := range m.results[0].names {
		for _, r := range m.results {
			record := []string{m.Benchmark.Name, r.names[i], r.setting, r.method}
			for _, values := range r.values {
				record = append(record, table.Exact(values[i]))
			}
			records = append(records, record)
		}
	}
	return csv.NewWriter(w).WriteAll(records)
}
