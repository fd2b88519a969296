package view

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/random"
)

// start serves a page with models of the tests.
func start(t *testing.T, r Request) (*Server, *httptest.Server) {
	t.Helper()
	r.Catalog, r.Memory = catalog.Standard(), 64<<20
	r.Options = session.Options{Runtime: session.Auto}
	if r.Models == nil {
		r.Models = []string{
			sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)),
			sessiontest.File(t, "double.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution"))),
		}
	}
	server := httptest.NewUnstartedServer(nil)
	r.Address = server.Listener.Addr().String()
	s, err := New(r, server.Listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		s.queue.drain()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); err == nil {
			t.Error("the temporary folder is still there")
		}
	})
	return s, server
}

// noisy is a picture of shapes with noise.
func noisy(t *testing.T, w, h int) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := random.New(1)
	for y := range h {
		for x := range w {
			v := 70 + 100*float32(x)/float32(w)
			if (x-w/3)*(x-w/3)+(y-h/2)*(y-h/2) < h*h/9 {
				v = 200
			}
			at := func(shift float32) uint8 { return uint8(min(max(v+shift+22*r.Normal(), 0), 255)) }
			img.SetNRGBA(x, y, color.NRGBA{at(0), at(10), at(-30), 255})
		}
	}
	path := filepath.Join(t.TempDir(), "noisy.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTryInChromium: a person drops a picture, restores it, moves the slider and downloads the
// result.
func TestTryInChromium(t *testing.T) {
	b := newBrowser(t)
	_, server := start(t, Request{})
	b.open(server.URL+"/", 1280, 860)
	b.until(`document.getElementById("model").options.length === 2 && document.getElementById("about").textContent !== ""`)
	b.screenshot("try-empty")
	b.drop("#empty", noisy(t, 480, 320))
	b.until(`!document.getElementById("compare").hidden && !document.getElementById("go").disabled`)
	b.click("#go", 0.5, 0.5)
	b.until(`!document.getElementById("slider").hidden`)
	b.screenshot("try-done")
	b.dark(true)
	b.screenshot("try-dark")
	b.silent()
}

// training is a run folder in which two units are trained, step by step.
type training struct {
	t      *testing.T
	folder *runfolder.Folder
	units  []runfolder.Unit
	rows   map[runfolder.Unit][]runfolder.History
	at     map[runfolder.Unit][]runfolder.Moment
}

func newTraining(t *testing.T, dir string) *training {
	t.Helper()
	tr := &training{
		t: t, units: []runfolder.Unit{{Strategy: "single", Seed: 1}, {Strategy: "fullmultiscale", Seed: 1}},
		rows: map[runfolder.Unit][]runfolder.History{}, at: map[runfolder.Unit][]runfolder.Moment{},
	}
	record := runfolder.Record{Configuration: map[string]any{"task": "denoising", "network": "unet", "data": "bsds500", "batch": 8}, Measures: metric.Always()[:1]}
	var err error
	if tr.folder, err = runfolder.Open(dir, record, tr.units, runfolder.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.folder.Close() })
	return tr
}

// steps trains a unit up to a step; every tenth is validated.
func (tr *training) steps(u runfolder.Unit, upTo int) {
	tr.t.Helper()
	for i := len(tr.rows[u]); i <= upTo; i++ {
		cost := map[string]float64{"single": 56, "fullmultiscale": 9.75}[u.Strategy]
		h := runfolder.History{Unit: u, Stage: 1, Iteration: i, WorkUnits: cost * float64(i), Side: 32, LearningRate: 1e-3, TrainLoss: math.NaN(), GradientNorm: math.NaN()}
		if i > 0 {
			h.TrainLoss = 0.05 + 0.4/math.Sqrt(float64(i)) + 0.02*math.Sin(float64(7*i))
			h.GradientNorm = 1
		}
		if i%10 == 0 {
			h.Validation = metric.Values{"mse": 0.04 + 0.4/float64(1+i), "ssim": 0.8 - 0.5/float64(1+i)}
			tr.at[u] = append(tr.at[u], runfolder.Moment{Unit: u, Stage: 1, Iteration: i, Seconds: 0.7 * cost / 56 * float64(i)})
		}
		tr.rows[u] = append(tr.rows[u], h)
	}
	if err := tr.folder.Progress(u, tr.rows[u], tr.at[u]); err != nil {
		tr.t.Fatal(err)
	}
}

// TestWatchInChromium: the curves of a run grow while it is trained, and nothing else of the page
// moves.
func TestWatchInChromium(t *testing.T) {
	b := newBrowser(t)
	dir := t.TempDir()
	tr := newTraining(t, filepath.Join(dir, "denoising-unet-bsds500-quick"))
	_, server := start(t, Request{Runs: []string{dir}})
	tr.steps(tr.units[0], 100)
	b.open(server.URL+"/#watch", 1280, 860)
	const points = `document.querySelectorAll("#run svg.chart")[0]?.querySelectorAll("circle").length`
	b.until(points + ` === 10`)
	b.eval(`document.querySelector("#run details").open = true`)
	tr.steps(tr.units[1], 200)
	b.until(points + ` === 30`)
	if b.eval(`document.querySelector("#run details").open`) != "true" {
		t.Error("what was unfolded is folded again")
	}
	b.eval(`document.querySelector("#run details").open = false`)
	b.screenshot("watch")
	b.dark(true)
	b.screenshot("watch-dark")
	b.dark(false)
	b.size(390, 844)
	b.screenshot("watch-narrow")
	b.silent()
}
