package view

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// start serves a page with the models of the tests.
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
		server.CloseClientConnections() // a failed test may have left open ones
		server.Close()
		drained(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); err == nil {
			t.Error("the temporary folder is still there")
		}
	})
	return s, server
}

// drained waits until the queue is empty.
func drained(t *testing.T, s *Server) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		s.queue.drain()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("somebody is still in the queue after a minute")
	}
}

// noisy writes a picture of shapes with noise and returns its path.
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
	s, server := start(t, Request{})
	b.open(server.URL+"/", 1280, 860)
	b.until(`document.getElementById("model").options.length === 2 && document.getElementById("about").textContent !== ""`)
	b.screenshot("try-empty")
	b.drop("#empty", noisy(t, 480, 320))
	b.until(`!document.getElementById("compare").hidden && !document.getElementById("go").disabled`)
	b.click("#go", 0.5, 0.5)
	b.until(done)
	b.screenshot("try-done")
	b.dark(true)
	b.screenshot("try-dark")
	b.dark(false)

	// The original picture is to the right of the slider, the restored one to the left.
	if at := b.eval(divider); at != "50" {
		t.Errorf("the slider begins at %s per cent", at)
	}
	b.click("#slider", 0.2, 0.4)
	if at := b.eval(divider); at < "18" || at > "22" {
		t.Errorf("pressed at a fifth, it is at %s per cent", at)
	}
	b.press("ArrowRight", "ArrowRight")
	if at := b.eval(divider); at < "19" || at > "23" {
		t.Errorf("two keys further, it is at %s per cent", at)
	}
	b.press("End")
	if at := b.eval(divider); at != "100" {
		t.Errorf("at the end it is at %s per cent", at)
	}

	downloads := t.TempDir()
	b.call("Page.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": downloads}, nil)
	b.click("#download", 0.5, 0.5)
	file := filepath.Join(downloads, "noisy-restored.png")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil && len(data) > 0 {
			want, err := os.ReadFile(filepath.Join(s.results.kept[0].dir, "restored.png"))
			if err != nil || !bytes.Equal(data, want) {
				t.Errorf("%d bytes were downloaded, want %d, %v", len(data), len(want), err)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was downloaded")
		}
	}
	b.silent()
}

// done is true when a result is shown; divider is the position of its slider, in per cent.
const (
	done    = `!document.getElementById("slider").hidden && document.getElementById("after").complete && document.getElementById("progress").hidden`
	divider = `parseFloat(getComputedStyle(document.getElementById("frame")).getPropertyValue("--at") || "50")`
)

// TestKeyboardInChromium: the page can be used without a mouse, on a telephone's screen.
func TestKeyboardInChromium(t *testing.T) {
	b := newBrowser(t)
	dir := t.TempDir()
	tr := newTraining(t, filepath.Join(dir, "denoising-unet-bsds500-quick"))
	tr.steps(tr.units[0], 40)
	_, server := start(t, Request{Runs: []string{dir}})
	b.open(server.URL+"/", 390, 844)
	b.until(`document.getElementById("model").options.length === 2 && document.getElementById("about").textContent !== ""`)
	focus := func(id string) {
		t.Helper()
		for range 20 {
			b.press("Tab")
			if b.eval("document.activeElement.id") == id {
				return
			}
		}
		t.Fatalf("Tab does not come to %s", id)
	}
	focus("picture")
	b.choose("#picture", noisy(t, 300, 200))
	b.until(`!document.getElementById("go").disabled`)
	focus("model")
	b.press("ArrowDown")
	b.until(`document.getElementById("about").textContent.includes("2 times") && document.getElementById("noise").hidden`)
	focus("go")
	b.press("Enter")
	b.until(done)
	if on := b.eval(`document.activeElement.id`); on != "slider" {
		t.Errorf("after a restoration the keyboard is at %s, not at the slider", on)
	}
	b.press("Home")
	if at := b.eval(divider); at != "0" {
		t.Errorf("at its beginning the slider is at %s per cent", at)
	}
	if text := b.eval(`document.getElementById("size").textContent`); !strings.HasPrefix(text, "600 × 400 pixels") {
		t.Errorf("the result is %s", text)
	}
	b.screenshot("try-narrow")
	for _, hash := range []string{"#try", "#watch"} {
		b.eval(`location.hash = "` + hash + `"`)
		if hash == "#watch" {
			b.until(`document.querySelectorAll("#run svg.chart").length === 3`)
		}
		if wide := b.eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide != "0" {
			t.Errorf("%s is %s pixels wider than the screen", hash, wide)
		}
	}
	focus("to-try")
	b.press("Enter")
	b.until(`!document.getElementById("try").hidden && document.getElementById("watch").hidden`)
	b.silent()
}

// TestHolesInChromium: only painted pixels are filled.
func TestHolesInChromium(t *testing.T) {
	b := newBrowser(t)
	s, server := start(t, Request{Models: []string{sessiontest.File(t, "inpaint.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("inpainting")))}})
	in := noisy(t, 300, 200)
	b.open(server.URL+"/", 1280, 860)
	b.until(`!document.getElementById("holes").hidden`)
	b.drop("#empty", in)
	b.until(`!document.getElementById("paint").hidden && !document.getElementById("go").disabled`)
	b.click("#paint", 0.25, 0.5)
	b.screenshot("try-holes")
	b.click("#go", 0.5, 0.5)
	b.until(done)
	before, err := picture.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	after, err := picture.Open(filepath.Join(s.results.kept[0].dir, "restored.png"))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(left, right int) (n int) {
		for y := range before.H {
			for x := left; x < right; x++ {
				if i := y*before.W + x; before.Pix[i] != after.Pix[i] {
					n++
				}
			}
		}
		return n
	}
	if hole, rest := changed(60, 90), changed(100, 300); hole < 50 || rest > 0 {
		t.Errorf("%d pixels changed around the stroke, %d far from it", hole, rest)
	}
	b.screenshot("try-filled")
	b.silent()
}

// TestFormatsInChromium: pictures in formats that the browser does not know are shown, too. Errors
// are visible. A restoration can be cancelled.
func TestFormatsInChromium(t *testing.T) {
	b := newBrowser(t)
	s, server := start(t, Request{})
	b.open(server.URL+"/", 1280, 860)
	b.until(`document.getElementById("about").textContent !== ""`)
	p, err := picture.Open(noisy(t, 90, 60))
	if err != nil {
		t.Fatal(err)
	}
	tiff := filepath.Join(t.TempDir(), "a.tif")
	if err := p.Save(tiff); err != nil {
		t.Fatal(err)
	}
	b.choose("#picture", tiff)
	b.until(`!document.getElementById("go").disabled`)
	b.click("#go", 0.5, 0.5)
	b.until(done + ` && document.getElementById("before").naturalWidth === 90`)

	first, ok := s.queue.enter() // so that the next restoration has to wait
	if !ok {
		t.Fatal("no place")
	}
	defer first.leave()
	b.click("#go", 0.5, 0.5)
	b.until(`document.getElementById("status").textContent.startsWith("Waiting: 1 other")`)
	b.screenshot("try-waiting")
	b.click("#cancel", 0.5, 0.5)
	b.until(`document.getElementById("status").textContent === "Cancelled." && document.getElementById("cancel").hidden`)
	first.leave()
	b.silent()

	text := filepath.Join(t.TempDir(), "letter.png")
	if err := os.WriteFile(text, []byte("Dear madam"), 0o666); err != nil {
		t.Fatal(err)
	}
	b.drop("#stage", text)
	b.until(`document.getElementById("chosen").textContent === "letter.png" && !document.getElementById("go").disabled`)
	b.click("#go", 0.5, 0.5)
	b.until(`document.getElementById("status").textContent.startsWith("letter.png: ")`)
	b.screenshot("try-mistake")
}

// training simulates a run folder in which two units are trained, step by step.
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

// TestWatchInChromium: the curves of a run grow while it is trained, and the rest of the page does
// not move.
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

// TestTablesInChromium: the page shows the first run, and the tables of all runs on demand.
func TestTablesInChromium(t *testing.T) {
	b := newBrowser(t)
	_, server := start(t, Request{Catalog: catalog.Standard(), Runs: []string{"../../../results"}})
	b.open(server.URL+"/#watch", 1280, 860)
	b.until(`document.querySelectorAll("#run svg.chart").length > 0`)
	b.eval(`document.querySelector("#runs .tables a").click()`)
	b.until(`document.querySelectorAll("#run table").length > 1 && document.querySelector("#runs .tables a").ariaCurrent === "true"`)
	b.screenshot("tables")
	b.size(390, 844)
	b.screenshot("tables-narrow")
	b.silent()
}
