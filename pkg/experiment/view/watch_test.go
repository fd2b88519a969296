package view

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
)

// TestRuns: run folders are found, and their IDs are not paths.
func TestRuns(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "nothing"), 0o777); err != nil {
		t.Fatal(err)
	}
	tr := newTraining(t, filepath.Join(dir, "a<b>"))
	_, server := start(t, Request{Runs: []string{dir, filepath.Join(dir, "a<b>"), filepath.Join(dir, "missing")}})
	status, body := get(t, server.URL+"/runs")
	id := regexp.MustCompile(`#watch/([0-9a-f]{12})"`).FindAllStringSubmatch(body, -1)
	if status != 200 || len(id) != 1 || !strings.Contains(body, "a&lt;b&gt;") || !strings.Contains(body, ">running<") {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := get(t, server.URL+"/runs/"+id[0][1]); status != 200 || !strings.Contains(body, "nothing to draw yet") {
		t.Errorf("%d %s", status, body)
	}
	tr.steps(tr.units[0], 30)
	if status, body := get(t, server.URL+"/runs/"+id[0][1]); status != 200 || strings.Count(body, "<circle") != 3+29+3 || !strings.Contains(body, "step 30") || !strings.Contains(body, ">running</td>") {
		t.Errorf("%d, %d points", status, strings.Count(body, "<circle"))
	}
	for _, path := range []string{"x", "..", "..%2f..%2fetc", url.PathEscape(dir), id[0][1] + "%2f..", id[0][1] + "/samples.png", id[0][1] + "/run.json"} {
		if status, body := get(t, server.URL+"/runs/"+path); status != 404 && !(path == ".." && status == 200) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := tr.folder.Close(); err != nil {
		t.Fatal(err)
	}
	if _, body := get(t, server.URL+"/runs"); !strings.Contains(body, ">stopped<") {
		t.Errorf("%s", body)
	}
}

// TestTables: runs with results are compared in the same tables as those of the command tables. A damaged
// folder is named, but without its path.
func TestTables(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"denoising-unet-bsds500-cpu", "denoising-resnet-bsds500-cpu"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../../../results", name))); err != nil {
			t.Fatal(err)
		}
	}
	_, server := start(t, Request{Catalog: catalog.Standard(), Runs: []string{dir}})
	if _, body := get(t, server.URL+"/runs"); !strings.Contains(body, `#watch/tables"`) {
		t.Errorf("%s", body)
	}
	for range 2 {
		status, body := get(t, server.URL+"/runs/tables")
		if status != 200 || !strings.Contains(body, "2 runs with results") || !strings.Contains(body, "0.06463") || !strings.Contains(body, "0.08246") || strings.Contains(body, "Left out") {
			t.Errorf("%d %s", status, body)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "denoising-unet-bsds500-cpu", runfolder.SummaryFile), []byte("a,b\n<script>,2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	status, body := get(t, server.URL+"/runs/tables")
	if status != 200 || strings.Contains(body, "0.06463") || !strings.Contains(body, "0.08246") || !strings.Contains(body, "Left out") || strings.Contains(body, dir) || strings.Contains(body, "<script>") {
		t.Errorf("%d %s", status, body)
	}
}

// TestHostileRun: links of a run folder are not followed, and damage is named.
func TestHostileRun(t *testing.T) {
	dir := t.TempDir()
	secret := noisy(t, 8, 8)
	newTraining(t, filepath.Join(dir, "run"))
	for _, name := range []string{runfolder.SamplesFile, "single-seed1.onnx"} {
		if err := os.Symlink(secret, filepath.Join(dir, "run", name)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "run", runfolder.SummaryFile), []byte("a,b\n<script>,2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, server := start(t, Request{Runs: []string{dir}, Models: []string{}})
	_, body := get(t, server.URL+"/runs")
	id := regexp.MustCompile(`#watch/([0-9a-f]{12})"`).FindStringSubmatch(body)
	if id == nil {
		t.Fatal(body)
	}
	if status, _ := get(t, server.URL+"/runs/"+id[1]+"/samples.png"); status != 404 {
		t.Errorf("a link is followed: %d", status)
	}
	if status, body := get(t, server.URL+"/runs/"+id[1]); status != 422 || !strings.Contains(body, runfolder.SummaryFile) {
		t.Errorf("%d %s", status, body)
	}
	if _, body := get(t, server.URL+"/models"); strings.TrimSpace(body) != "null" && strings.TrimSpace(body) != "[]" {
		t.Errorf("a link is offered as a model: %s", body)
	}
}
