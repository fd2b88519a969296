// Package report writes tables, curves and pictures of run folders as one HTML
// file that needs no other file and no network. It begins with the answer; everything
// else can be folded. Its only script, which describes the point under the pointer, is
// part of this package; no other script can run.
package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/setting"
)

// Report is the content of a report.
type Report struct {
	Title  string
	Intro  []string // paragraphs
	Absent []string // experiments that were requested but are missing
	Faults []string // what is wrong with run folders
	Answer *table.Table
	Ends   []comparison.End // for the answer's figures, if there are several runs
	Tables []*table.Table
	Runs   []comparison.Run
}

//go:embed report.html
var source string

// Style and Script are the CSS and JavaScript that tables and charts need in a page.
var (
	//go:embed report.css
	Style string
	//go:embed report.js
	Script string
)

// policy returns the Content-Security-Policy: the page loads nothing from outside the file, and runs only
// this package's script.
func policy() string {
	sum := sha256.Sum256([]byte(Script))
	return "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// chart adds a title and coordinates that the template needs to a plot.Chart.
type chart struct {
	plot.Chart
	Title string
}

// Wide and High are the sides of the frame; Below, Before and Foot are positions of labels.
func (c chart) Wide() float64   { return c.Right - c.Left }
func (c chart) High() float64   { return c.Bottom - c.Top }
func (c chart) Below() float64  { return c.Bottom + 16 }
func (c chart) Before() float64 { return c.Left - 6 }
func (c chart) Foot() float64   { return c.Height - 8 }

var page = template.Must(template.New("report").Parse(source))

// section is the part of a report about a run folder.
type section struct {
	ID, Title     string
	Curves        []chart
	Samples       *figure
	Units         []string
	Configuration []pair
	Environment   []pair
}

type figure struct {
	Source template.URL
	Alt    string
}

type pair struct{ Name, Value string }

// Write writes the report. It leaves out pictures that are missing or damaged.
func (r Report) Write(w io.Writer) error {
	data := struct {
		Report
		Style    template.CSS
		Script   template.JS
		Policy   string
		Figures  []chart
		Sections []section
	}{Report: r, Style: template.CSS(Style), Script: template.JS(Script), Policy: policy(), Figures: r.figures()}
	for i, run := range r.Runs {
		s := newSection(run)
		s.ID = fmt.Sprintf("run-%d", i+1)
		data.Sections = append(data.Sections, s)
	}
	return page.Execute(w, data)
}

// Table returns the HTML of a table in a report, for another page with Style.
func Table(t *table.Table) (template.HTML, error) { return part("table", t) }

// Chart returns the HTML of a chart in a report, for another page with Style and Script.
func Chart(c plot.Chart) (template.HTML, error) { return part("chart", chart{Chart: c}) }

func part(name string, data any) (template.HTML, error) {
	var b strings.Builder
	err := page.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err
}

// figures returns the figures of the answer: the curves of a single run, or for each subject of several the final errors
// by cost. There are none where there is nothing to compare.
func (r Report) figures() (list []chart) {
	if len(r.Runs) == 1 {
		m := r.Runs[0].Measures[0]
		y := plot.Axis{Label: "validation " + m.ErrorTitle(), Of: func(at runfolder.Measured) float64 { return m.Error(at.Of(m)) }}
		if curves := plot.Curves(r.Runs[0].Contents, plot.WorkUnits, y); len(curves) > 0 {
			list = append(list, chart{Chart: plot.NewChart(plot.WorkUnits.Label, y.Label, curves)})
		}
		return list
	}
	of := map[string][]comparison.End{}
	var titles []string
	for _, e := range r.Ends {
		if e.Work > 0 && e.Low > 0 { // what logarithmic axes can show
			titles, of[e.Figure] = append(titles, e.Figure), append(of[e.Figure], e)
		}
	}
	for _, title := range lists.Distinct(titles) {
		if ends := of[title]; len(ends) > 1 {
			list = append(list, chart{plot.NewChart(plot.WorkUnits.Label, "final "+ends[0].Measure, curvesOf(ends)), title})
		}
	}
	return list
}

// curvesOf returns the series of a figure's ends: one for each training, from its lowest cost to its highest.
func curvesOf(ends []comparison.End) (list []plot.Series) {
	at := map[string]int{}
	for _, e := range ends {
		p := plot.Point{X: e.Work, Y: e.Error, Low: e.Low, High: e.High, Tip: fmt.Sprintf("%s: %.4g after %.0f work units", e.Row, e.Error, e.Work)}
		if e.Seeds > 1 {
			p.Tip += fmt.Sprintf(" (%d seeds, %.4g to %.4g)", e.Seeds, e.Low, e.High)
		}
		i, ok := at[e.Curve]
		if !ok {
			i, list = len(list), append(list, plot.Series{Strategy: e.Strategy, Line: true})
			at[e.Curve] = i
		}
		list[i].Points = append(list[i].Points, p)
	}
	for _, s := range list {
		slices.SortFunc(s.Points, func(a, b plot.Point) int { return cmp.Compare(a.X, b.X) })
	}
	return list
}

// newSection returns the section of a run, with a chart for each measure over work units and over seconds.
func newSection(r comparison.Run) (s section) {
	s.Title = r.Title()
	for _, m := range r.Measures {
		y := plot.Axis{Label: "validation " + m.ErrorTitle(), Of: func(at runfolder.Measured) float64 { return m.Error(at.Of(m)) }}
		for _, x := range []plot.Axis{plot.WorkUnits, plot.Seconds} {
			if curves := plot.Curves(r.Contents, x, y); len(curves) > 0 {
				s.Curves = append(s.Curves, chart{Chart: plot.NewChart(x.Label, y.Label, curves)})
			}
		}
	}
	s.Samples = samples(r)
	s.Units = lists.Of(r.Summaries, func(row runfolder.Summary) string { return row.Unit.String() })
	s.Configuration = pairs("", r.Record.Configuration)
	s.Environment = pairs("", r.Record.Environment)
	return s
}

// maxPictureBytes is the largest sheet of samples that a report includes.
const maxPictureBytes = 8 << 20

// samples returns the run's sheet of samples; nil if it is missing, damaged or too large.
func samples(r comparison.Run) *figure {
	data, err := durable.ReadFile(durable.OS, filepath.Join(r.Dir, runfolder.SamplesFile), maxPictureBytes)
	if err != nil {
		return nil
	}
	if _, err := png.DecodeConfig(bytes.NewReader(data)); err != nil {
		return nil
	}
	return &figure{dataURI("image/png", data), "degraded, restored and clean pictures of " + r.String()}
}

// dataURI returns a data URI. The data must be trusted: the template does not escape it.
func dataURI(kind string, data []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
}

// pairs lists the values of a record, sorted by name. Values of inner maps have the map's name before their own.
func pairs(prefix string, m map[string]any) (list []pair) {
	for name, v := range m {
		if inner, ok := v.(map[string]any); ok {
			list = append(list, pairs(prefix+name+" ", inner)...)
			continue
		}
		list = append(list, pair{prefix + name, setting.Text(v)})
	}
	slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}
