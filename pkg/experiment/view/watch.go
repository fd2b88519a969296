package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/report"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/setting"
)

// runs has the run folders of the page. They are searched again in each request, because runs may
// begin while the page is open.
type runs struct {
	dirs []string // run folders, or folders of run folders

	mu    sync.Mutex // one folder is read at a time
	drawn map[string]drawn
}

// drawn is a cached part of the page. It is valid while the files have the same stamp.
type drawn struct {
	stamp string // names, sizes and times of the files
	html  []byte
}

// maxRuns is the largest number of listed folders, maxDrawn that of cached parts.
const maxRuns, maxDrawn = 1000, 32

// run is a run folder in the list. Clients name it by its ID, never by a path.
type run struct {
	ID, Title, State string
	Changed          time.Time
	Results          bool // it has a summary, for tables
	dir              string
	models           []string // files of exported models
}

// The states of a run.
const (
	running  = "running"
	finished = "finished"
	stopped  = "stopped"
	failed   = "failed"
)

// list returns the run folders: first those in training, then the others, the last changed first.
func (r *runs) list() (list []run) {
	seen := map[string]bool{}
	add := func(dir string) {
		abs, err := filepath.Abs(dir)
		if err != nil || seen[abs] || len(list) == maxRuns {
			return
		}
		if found, ok := look(abs); ok {
			seen[abs] = true
			list = append(list, found)
		}
	}
	for _, dir := range r.dirs {
		if _, err := os.Lstat(filepath.Join(dir, runfolder.RecordFile)); err == nil {
			add(dir)
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // it does not exist yet, or was removed
		}
		for _, e := range entries {
			add(filepath.Join(dir, e.Name()))
		}
	}
	slices.SortStableFunc(list, func(a, b run) int {
		if (a.State == running) != (b.State == running) {
			if a.State == running {
				return -1
			}
			return 1
		}
		return b.Changed.Compare(a.Changed)
	})
	return list
}

// model matches the names of exported models in a run folder.
var model = regexp.MustCompile(`^[a-z0-9]+-seed[0-9]+(-ema)?\.onnx$`)

// look returns the run of a folder by the names of its files and by its lock; ok is false if it is not a run folder.
func look(dir string) (r run, ok bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r, false
	}
	sum := sha256.Sum256([]byte(dir))
	r = run{ID: hex.EncodeToString(sum[:6]), Title: filepath.Base(dir), State: stopped, dir: dir}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() { // links are not followed
			continue
		}
		switch name := e.Name(); name {
		case runfolder.RecordFile:
			ok = true
		case runfolder.SummaryFile:
			if r.Results = true; r.State == stopped {
				r.State = finished
			}
		case runfolder.FailedFile:
			r.State = failed
		default:
			if model.MatchString(name) {
				r.models = append(r.models, name)
			}
		}
		if t := info.ModTime(); t.After(r.Changed) {
			r.Changed = t
		}
	}
	if _, held := durable.Holder(dir); held {
		r.State = running
	}
	return r, ok
}

func (r *runs) find(id string) (run, bool) {
	return lists.Find(r.list(), func(o run) string { return o.ID }, id)
}

var listed = template.Must(template.New("runs").Parse(`{{if .Tables}}<li class="tables"><a href="#watch/tables"><span class="name">Runs side by side</span></a></li>
{{end}}{{range .Runs}}<li><a href="#watch/{{.ID}}"><span class="name">{{.Title}}</span> <span class="state {{.State}}">{{.State}}</span> <time datetime="{{.Changed.UTC.Format "2006-01-02T15:04:05Z"}}">{{.Changed.Format "2 Jan 15:04"}}</time></a></li>
{{else}}<li class="none">No run folder is there yet. Start one: <code>go run ./experiments/denoising</code></li>
{{end}}`))

// listRuns sends the list of runs as a part of the page.
func (s *Server) listRuns(w http.ResponseWriter, _ *http.Request) {
	list := s.runs.list()
	results := 0
	for _, r := range list {
		if r.Results {
			results++
		}
	}
	var b strings.Builder
	if err := listed.Execute(&b, map[string]any{"Tables": results > 1, "Runs": list}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, b.String())
}

// showRun sends a run's part of the page. Its elements with data-part are replaced one by one when
// they change.
func (s *Server) showRun(w http.ResponseWriter, r *http.Request) {
	found, ok := s.runs.find(r.PathValue("id"))
	if !ok {
		http.Error(w, "there is no such run any more", http.StatusNotFound)
		return
	}
	html, err := s.runs.draw(found)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(html)
}

// draw returns a run's part of the page. It makes it again only if a file has changed.
func (r *runs) draw(of run) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stamp := of.State
	for _, name := range []string{
		runfolder.RecordFile, runfolder.SummaryFile, runfolder.HistoryFile, runfolder.MomentsFile,
		runfolder.TimingFile, runfolder.FailedFile, runfolder.InputFile, runfolder.SamplesFile,
	} {
		if info, err := os.Stat(filepath.Join(of.dir, name)); err == nil {
			stamp += fmt.Sprint(" ", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	if d := r.drawn[of.ID]; d.stamp == stamp {
		return d.html, nil
	}
	c, err := runfolder.Read(of.dir)
	if err != nil {
		return nil, err
	}
	part, err := newPart(of, c)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := parts.Execute(&b, part); err != nil {
		return nil, err
	}
	if r.drawn == nil || len(r.drawn) == maxDrawn {
		r.drawn = map[string]drawn{}
	}
	r.drawn[of.ID] = drawn{stamp, []byte(b.String())}
	return r.drawn[of.ID].html, nil
}

// part is the data of a run's part of the page.
type part struct {
	run
	About         string
	Charts        []template.HTML
	Units         template.HTML
	Samples       string
	Configuration []value
}

type value struct{ Name, Value string }

var parts = template.Must(template.New("run").Parse(`<div data-part="head"><h2>{{.Title}} <span class="state {{.State}}">{{.State}}</span></h2>
<p class="dim">{{.About}}</p></div>
<div data-part="units">{{.Units}}</div>
<div data-part="charts" class="curves">{{range .Charts}}{{.}}{{else}}<p class="dim">There is nothing to draw yet: curves begin with the first steps.</p>{{end}}</div>
{{with .Samples}}<div data-part="samples"><h3>Samples</h3>
<div class="wide samples" tabindex="0" role="region" aria-label="Samples"><img src="{{.}}" alt="degraded, restored and clean pictures"></div></div>
{{end}}<div data-part="configuration"><details><summary>Configuration</summary>
<div class="wide"><table class="values"><tbody>{{range .Configuration}}<tr><td>{{.Name}}</td><td>{{.Value}}</td></tr>
{{end}}</tbody></table></div></details></div>
`))

// newPart returns the part of a run with the contents c.
func newPart(of run, c runfolder.Contents) (p part, err error) {
	p.run = of
	text := func(name string) string { return setting.Text(c.Record.Configuration[name]) }
	p.About = fmt.Sprintf("%s, %s on %s", text("task"), text("network"), text("data"))
	deciding := metric.MSE
	if len(c.Record.Measures) > 0 {
		deciding = c.Record.Measures[0]
	}
	y := plot.Axis{Label: "validation " + deciding.ErrorTitle(), Of: func(at runfolder.Measured) float64 { return deciding.Error(at.Of(deciding)) }}
	for _, f := range []struct {
		x, y   string
		series []plot.Series
	}{
		{plot.WorkUnits.Label, y.Label, plot.Ways(c, plot.WorkUnits, y)},
		{plot.WorkUnits.Label, "training loss", losses(c)},
		{plot.Seconds.Label, y.Label, plot.Ways(c, plot.Seconds, y)},
	} {
		if len(f.series) == 0 {
			continue
		}
		html, err := report.Chart(plot.NewChart(f.x, f.y, f.series))
		if err != nil {
			return p, err
		}
		p.Charts = append(p.Charts, html)
	}
	if p.Units, err = report.Table(units(c, of.State)); err != nil {
		return p, err
	}
	if info, err := os.Lstat(filepath.Join(of.dir, runfolder.SamplesFile)); err == nil && info.Mode().IsRegular() {
		p.Samples = fmt.Sprintf("runs/%s/samples.png?%x", of.ID, info.ModTime().UnixNano())
	}
	for name, v := range c.Record.Configuration {
		p.Configuration = append(p.Configuration, value{name, setting.Text(v)})
	}
	slices.SortFunc(p.Configuration, func(a, b value) int { return strings.Compare(a.Name, b.Name) })
	return p, nil
}

// lossPoints is the largest number of points of a curve of the training loss.
const lossPoints = 80

// losses returns a curve of the training loss against work units for each unit. Its points are means over
// intervals of equal width on a logarithmic axis.
func losses(c runfolder.Contents) (list []plot.Series) {
	for _, u := range c.Units() {
		history := c.Way(u).History
		history = slices.DeleteFunc(history, func(h runfolder.History) bool {
			return !(h.WorkUnits > 0 && h.TrainLoss > 0) || math.IsInf(h.TrainLoss, 1)
		})
		if len(history) == 0 {
			continue
		}
		first, last := history[0].WorkUnits, history[len(history)-1].WorkUnits
		class := func(h runfolder.History) int {
			if !(last > first) {
				return 0
			}
			return min(int(lossPoints*math.Log(h.WorkUnits/first)/math.Log(last/first)), lossPoints-1)
		}
		s := plot.Series{Strategy: u.Strategy, Line: true}
		for len(history) > 0 {
			n, p := 0, plot.Point{}
			for _, h := range history {
				if class(h) != class(history[0]) {
					break
				}
				p.X, p.Y, n = h.WorkUnits, p.Y+h.TrainLoss, n+1
			}
			p.Y /= float64(n)
			p.Low, p.High = p.Y, p.Y
			p.Tip = fmt.Sprintf("%s: loss %s after %s work units, step %d", u, table.Digits(p.Y, 4), table.Work(p.X), history[n-1].Iteration)
			s.Points = append(s.Points, p)
			history = history[n:]
		}
		list = append(list, s)
	}
	return list
}

// units returns the table of a run's units, finished or not, with the input as the first row.
func units(c runfolder.Contents, state string) *table.Table {
	measures := metric.Union([]metric.Measure{metric.MSE, metric.PSNR, metric.SSIM}, c.Record.Measures)
	t := &table.Table{Name: "units", Title: "Strategies", Columns: []table.Column{
		{Heading: []string{"strategy"}, Words: true}, {Heading: []string{"seed"}}, {Heading: []string{"state"}, Words: true},
		{Heading: []string{"step"}}, {Heading: []string{"work units"}},
	}}
	for _, m := range measures {
		t.Columns = append(t.Columns, table.Column{Heading: []string{m.Title}})
	}
	t.Columns = append(t.Columns, table.Column{Heading: []string{"seconds"}})
	row := func(values metric.Values, seconds float64, words ...string) {
		var cells []table.Cell
		for _, w := range words {
			cells = append(cells, table.Words(w))
		}
		for _, m := range measures {
			cells = append(cells, table.Words(table.Digits(values.Of(m), 4)))
		}
		t.Rows = append(t.Rows, append(cells, table.Words(table.Fixed(seconds, 1))))
	}
	if in := c.Input(); in != nil {
		row(in, math.NaN(), runfolder.InputName, "", "", "", "")
		t.Notes = append(t.Notes, runfolder.InputName+" is "+c.Inputs[0].What+".")
	}
	var list []runfolder.Unit
	for _, s := range c.Summaries {
		list = append(list, s.Unit)
	}
	for _, u := range c.Units() {
		if !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	slices.SortStableFunc(list, runfolder.Compare)
	for _, u := range list {
		seed := strconv.FormatUint(u.Seed, 10)
		if r, ok := c.Result(u); ok {
			row(r.Summary.Values, r.Timing.SecondsTraining, u.Strategy, seed, finished, strconv.Itoa(r.Summary.Iterations), table.Work(r.Summary.WorkUnits))
			for _, warning := range c.Warnings(u) {
				t.Warnings = append(t.Warnings, warning+".")
			}
			continue
		}
		way := c.Way(u)
		last, seconds := way.History[len(way.History)-1], math.NaN()
		if n := len(way.Moments); n > 0 {
			seconds = way.Moments[n-1].Seconds
		}
		var measured metric.Values
		for _, h := range way.History {
			if len(h.Validation) > 0 {
				measured = h.Validation
			}
		}
		how := stopped
		if state == running {
			how = running
		}
		row(measured, seconds, u.Strategy, seed, how, strconv.Itoa(last.Iteration), table.Work(last.WorkUnits))
	}
	for _, f := range c.Failures {
		t.Warnings = append(t.Warnings, fmt.Sprintf("%s failed: %s.", f.Unit, strings.TrimSuffix(f.Reason, ".")))
	}
	return t
}

// maxSamples is the largest sheet of samples, in bytes.
const maxSamples = 8 << 20

// samples sends a run's sheet of samples.
func (s *Server) samples(w http.ResponseWriter, r *http.Request) {
	found, ok := s.runs.find(r.PathValue("id"))
	if !ok {
		http.Error(w, "there is no such run any more", http.StatusNotFound)
		return
	}
	data, err := within(found.dir, runfolder.SamplesFile, maxSamples)
	if err != nil || http.DetectContentType(data) != "image/png" {
		http.Error(w, "there is no sheet of samples", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Write(data)
}

// within reads a file of a folder, at most limit bytes. A link that leads out of the folder is an error.
func within(dir, name string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fs.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
