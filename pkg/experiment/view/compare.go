package view

import (
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/report"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
)

// sideBySide has the tables of all runs with results, as in the command tables.
type sideBySide struct {
	mu sync.Mutex // one request at a time makes them
	drawn
}

// maxCompared is the largest number of compared runs: the first ones of the list.
const maxCompared = 200

var compared = template.Must(template.New("tables").Parse(`<div data-part="head"><h2>Runs side by side</h2>
<p class="dim">{{.Runs}} with results. Rows are strategies, columns are task, network and data; runs that differ in anything else stand apart. The command <code>tables</code> writes the same tables as files, with figures.</p></div>
<div data-part="tables">{{range .Tables}}{{.}}{{else}}<p class="dim">No run has results yet.</p>{{end}}</div>
{{with .Problems}}<div data-part="problems"><details><summary>Left out</summary><ul>{{range .}}<li>{{.}}</li>{{end}}</ul></details></div>
{{end}}`))

// showTables sends the tables as a part of the page.
func (s *Server) showTables(w http.ResponseWriter, _ *http.Request) {
	html, err := s.tables.draw(s.runs.list(), s.request.Catalog)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(html)
}

// draw returns the tables as HTML. It makes them again only if a summary has changed.
func (t *sideBySide) draw(list []run, known catalog.Catalog) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var stamp strings.Builder
	var dirs []string
	for _, r := range list {
		info, err := os.Stat(filepath.Join(r.dir, runfolder.SummaryFile))
		if err != nil || len(dirs) == maxCompared {
			continue
		}
		fmt.Fprintln(&stamp, r.ID, info.Size(), info.ModTime().UnixNano())
		dirs = append(dirs, r.dir)
	}
	if t.html != nil && t.stamp == stamp.String() {
		return t.html, nil
	}
	var runs []comparison.Run
	var problems []string
	for _, dir := range dirs {
		r, err := compare(dir, known)
		if err != nil {
			problems = append(problems, strings.ReplaceAll(err.Error(), filepath.Dir(dir)+string(filepath.Separator), ""))
			continue
		}
		runs = append(runs, r)
	}
	groups, double := comparison.Groups(runs)
	for _, err := range double {
		problems = append(problems, err.Error())
	}
	var tables []*table.Table
	if len(groups) > 0 {
		tables = append(tables, comparison.Answer(groups))
	}
	for _, g := range groups {
		tables = append(tables, g.Main())
	}
	part := struct {
		Runs     string
		Tables   []template.HTML
		Problems []string
	}{fmt.Sprintf("%d runs", len(runs)), nil, problems}
	for _, one := range tables {
		html, err := report.Table(one)
		if err != nil {
			return nil, err
		}
		part.Tables = append(part.Tables, html)
	}
	var b strings.Builder
	if err := compared.Execute(&b, part); err != nil {
		return nil, err
	}
	t.drawn = drawn{stamp.String(), []byte(b.String())}
	return t.html, nil
}

func compare(dir string, known catalog.Catalog) (comparison.Run, error) {
	contents, err := runfolder.Read(dir)
	if err != nil {
		return comparison.Run{}, err
	}
	return comparison.NewRun(dir, contents, known)
}
