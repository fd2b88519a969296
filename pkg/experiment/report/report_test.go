package report_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/report"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
)

// evil is a text that would run a script if it were not escaped.
const evil = `"><script>console.error('run')</script><img src=x onerror=alert(1)>`

// sample returns a report with everything: long tables, curves, a sheet of pictures,
// and texts from untrusted files.
func sample(t *testing.T) report.Report {
	t.Helper()
	dir := t.TempDir()
	sheet := picture.New(3, 640, 320)
	for i := range sheet.Pix {
		sheet.Pix[i] = uint8(i * 7)
	}
	var b bytes.Buffer
	if err := sheet.Encode(&b, runfolder.SamplesFile); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, runfolder.SamplesFile), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	r := report.Report{Title: "A report " + evil, Intro: []string{"About it."}, Absent: []string{"what is missing: " + evil}, Faults: []string{"what is wrong: " + evil}}
	for _, e := range []struct{ task, network, data string }{{"denoising", "unet", "bsds500"}, {"inpainting", "resnet", evil}} {
		c := runfolder.Contents{Record: runfolder.Record{
			Configuration: map[string]any{"task": e.task, "batch": 8, "stages": []int{60, 30, 15}, "data": evil},
			Environment:   map[string]any{"cpu": evil, "modules": map[string]any{"gorgonia.org/gorgonia": "v0.9.18"}},
		}}
		for k, strategy := range []string{"single", "mge", "fullmultiscale", "progressive"} {
			u := runfolder.Unit{Strategy: strategy, Seed: 1}
			c.Summaries = append(c.Summaries, runfolder.Summary{Task: e.task, Network: e.network, Data: e.data, Profile: "quick", Unit: u, WorkUnits: float64(int(3360) >> k), Values: metric.Values{"mse": 0.1, "ssim": 0.7}})
			for i := range 12 {
				c.Histories = append(c.Histories, runfolder.History{Unit: u, Iteration: i, WorkUnits: float64((int(3360) >> k) * i / 11), Validation: metric.Values{"mse": 0.1 + 0.3/float64(1+i+k), "ssim": 0.7 - 0.3/float64(1+i+k)}})
				c.Moments = append(c.Moments, runfolder.Moment{Unit: u, Iteration: i, Seconds: float64((20 - 3*k) * i)})
			}
		}
		run, err := comparison.NewRun(dir, c, catalog.Standard())
		if err != nil {
			t.Fatal(err)
		}
		r.Runs = append(r.Runs, run)
	}
	groups, problems := comparison.Groups(r.Runs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, g := range groups {
		r.Tables = append(r.Tables, g.Main(), g.Seconds())
	}
	r.Answer, r.Ends = comparison.Answer(groups), comparison.Ends(groups)
	cost, _ := comparison.Cost(groups)
	r.Tables = append(r.Tables, comparison.Quality(groups), cost)
	return r
}

func render(t *testing.T, r report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// empty has the HTML elements without an end tag.
var empty = []string{"meta", "link", "img", "br", "hr"}

// TestWellFormed: every element is closed in the right place, the page loads nothing
// from outside, has one script, and each link inside the page has a target.
func TestWellFormed(t *testing.T) {
	page := render(t, sample(t))
	var open, images []string
	scripts, drawings := 0, 0
	ids, links := map[string]bool{}, []string{}
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			break
		}
		token := z.Token()
		switch kind {
		case html.StartTagToken:
			switch token.Data {
			case "iframe", "object":
				t.Errorf("there is a %s", token.Data)
			case "script":
				scripts++
			case "svg":
				drawings++
			}
			for _, a := range token.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"):
					t.Errorf("%s has %s", token.Data, a.Key)
				case a.Key == "id":
					if ids[a.Val] {
						t.Errorf("id %s is there twice", a.Val)
					}
					ids[a.Val] = true
				case a.Key == "src":
					images = append(images, a.Val)
				case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
					links = append(links, a.Val[1:])
				case a.Key == "href" && !strings.HasPrefix(a.Val, "data:"):
					t.Errorf("a link to elsewhere: %s", a.Val)
				}
			}
			if !slices.Contains(empty, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
	for _, l := range links {
		if !ids[l] {
			t.Errorf("a link leads to #%s, which is not there", l)
		}
	}
	// Two sheets; two charts for the answer, two for denoising, four for inpainting (SSIM and MSE), each
	// with a legend of four strategies.
	if len(images) != 2 || drawings != 8*(1+4) || scripts != 1 {
		t.Errorf("%d pictures, %d drawings, %d scripts", len(images), drawings, scripts)
	}
	for _, src := range images {
		if !strings.HasPrefix(src, "data:image/png;base64,") {
			t.Errorf("a picture from %.60s", src)
		}
	}
	ours, err := os.ReadFile("report.js")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(page, []byte("<script")); n != 1 || !bytes.Contains(page, append([]byte("<script>"), ours...)) || bytes.Contains(page, []byte("http:")) || bytes.Contains(page, []byte("https:")) {
		t.Error("a script or an address from a file came through")
	}
	if !bytes.Equal(page, render(t, sample(t))) {
		t.Error("two renderings differ")
	}
}

// TestDamagedSamples: a sheet that is not a picture is left out.
func TestDamagedSamples(t *testing.T) {
	r := sample(t)
	if err := os.WriteFile(filepath.Join(r.Runs[0].Dir, runfolder.SamplesFile), []byte("not a picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(render(t, r), []byte("image/png")) {
		t.Error("a damaged sheet is in the report")
	}
}

func ExampleReport_Write() {
	r := report.Report{Title: "Tables", Tables: []*table.Table{{
		Name: "work", Title: "Work",
		Columns: []table.Column{{Heading: []string{"strategy"}, Fields: []string{"strategy"}, Words: true}},
		Rows:    [][]table.Cell{{table.Words("mge")}},
	}}}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(b.String(), `<td class="words name">mge</td>`))
	// Output: true
}
