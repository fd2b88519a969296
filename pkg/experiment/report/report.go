// Package report writes tables, curves and pictures of run folders as one HTML
// file that needs no other file, no network and no script.
package report

import (
	"bytes"
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
	"multiscale/pkg/setting"
)

// Report is what a report shows.
type Report struct {
	Title  string
	Intro  []string // paragraphs
	Absent []string // what was asked for and is not there
	Tables []*table.Table
	Runs   []comparison.Run
}

//go:embed report.html
var source string

//go:embed report.css
var style string

var page = template.Must(template.New("report").Parse(source))

// section is what is shown of a run folder.
type section struct {
	ID, Title     string
	Curves        []figure
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

// Write writes the report. Pictures that are missing or damaged are left out.
func (r Report) Write(w io.Writer) error {
	data := struct {
		Report
		Style    template.CSS
		Sections []section
	}{Report: r, Style: template.CSS(style)}
	for i, run := range r.Runs {
		s, err := newSection(run)
		if err != nil {
			return err
		}
		s.ID = fmt.Sprintf("run-%d", i+1)
		data.Sections = append(data.Sections, s)
	}
	return page.Execute(w, data)
}

func newSection(r comparison.Run) (s section, err error) {
	s.Title = r.Title()
	for _, m := range r.Measures {
		y := plot.Axis{Label: "validation " + m.ErrorTitle(), Of: func(at runfolder.Measured) float64 { return m.Error(at.Of(m)) }}
		for _, x := range []plot.Axis{plot.WorkUnits, plot.Seconds} {
			var b bytes.Buffer
			if err := plot.Panel(&b, r.Contents, x, y); err != nil {
				return s, err
			}
			s.Curves = append(s.Curves, figure{dataURI("image/svg+xml", b.Bytes()), fmt.Sprintf("%s against %s, %s", y.Label, x.Label, s.Title)})
		}
	}
	s.Samples = samples(r)
	for _, row := range r.Summaries {
		s.Units = append(s.Units, row.Unit.String())
	}
	s.Configuration = pairs("", r.Record.Configuration)
	s.Environment = pairs("", r.Record.Environment)
	return s, nil
}

// maxPictureBytes bounds the sheets of samples that a report takes in.
const maxPictureBytes = 8 << 20

// samples returns the run's sheet of pictures, if it has one that is sound.
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

// dataURI holds a picture that this package has drawn or checked.
func dataURI(kind string, data []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data))
}

// pairs lists the values of a record, those of maps in it under their own names.
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
