package program_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/tables"
	"multiscale/pkg/random"
)

// build compiles a module of testdata, whose go.mod replaces this module by the
// tree that is tested.
func build(t *testing.T, module string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), module)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", exe, ".")
	cmd.Dir = filepath.Join("testdata", module)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// run runs a program in a folder and returns what it prints and its exit status.
func run(t *testing.T, exe, dir, line string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, strings.Fields(line)...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

const plan = `name: own
profile: quick
seeds: [1]
strategies: [single, mge]
settings: {iterations: 2, side: 16, levels: 1, batch: 2}
experiments:
  - {task: saltandpepper, network: narrow, data: gradients}
`

// TestOwn: a program of another module with its own task, network and data set has every
// command, file and report of this project.
func TestOwn(t *testing.T) {
	exe, dir := build(t, "own"), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plan.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	const train = "train -data gradients -network narrow -side 16 -levels 1 -batch 2 -iterations 2 -out run "
	for _, c := range []struct {
		line   string
		status int
		want   string
	}{
		{"", 2, "no command is given"},
		{"-h", 0, "variance"},
		{"fly", 2, "there is no such command"},
		{"train -h", 0, "Usage: train saltandpepper [flags]"},
		{"train denoising -h", 0, "Usage: train denoising [flags]"},
		{"train sailing", 2, "saltandpepper"},
		{train + "-dry-run", 0, "single 12"},
		{train + "-strategy mge", 0, "saltandpepper, narrow on gradients"},
		{train + "-strategy mge", 0, "saltandpepper, narrow on gradients"},
		{train + "-strategy mge,fullmultiscale -resume", 0, "fullmultiscale"},
		{"train denoising -dry-run -side 16 -levels 1 -network resnet", 0, "single "},
		{"evaluate -model run/mge-seed1.onnx -data gradients -pictures 2 -out measured", 0, "as trained"},
		{"variance -data gradients -network narrow -side 16 -levels 1 -batch 2 -samples 2 -estimates 2 -out variance", 0, "saltandpepper"},
		{"tables -runs run -out tables", 0, "saltandpepper gradients narrow MSE"},
		{"tables -plan plan.yaml -runs runs -out planned", 1, "-run trains what is missing"},
		{"tables -plan plan.yaml -run -runs runs -out planned", 0, "Written to planned"},
	} {
		if out, status := run(t, exe, dir, c.line); status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit status %d, want %d and %q:\n%s", c.line, status, c.status, c.want, out)
		}
	}
	// The standard programs read its folders.
	var out bytes.Buffer
	r := tables.Request{Catalog: catalog.Standard(), Runs: []string{filepath.Join(dir, "run")}, Out: filepath.Join(dir, "standard")}
	if err := tables.Run(context.Background(), r, &out, &out); err != nil || !strings.Contains(out.String(), "saltandpepper gradients narrow MSE") {
		t.Errorf("standard tables: %v\n%s", err, out.String())
	}
}

// TestMore: an operation, a loss, a restriction and an optimizer of another module.
func TestMore(t *testing.T) {
	exe, dir := build(t, "more"), t.TempDir()
	const flags = "-network soft -restriction diagonal -optimizer signum -side 16 -levels 1 -batch 2 -iterations 2 "
	for _, line := range []string{
		"train " + flags + "-strategy mge,fullmultiscale -out run",
		"evaluate -model run/mge-seed1.onnx -pictures 2 -out measured",
		"variance -network soft -restriction diagonal -side 16 -levels 1 -batch 2 -samples 2 -estimates 0 -out variance",
		"train " + flags + "-strategy mge -init run/mge-seed1.onnx -out further",
	} {
		if out, status := run(t, exe, dir, line); status != 0 {
			t.Errorf("%s: exit status %d\n%s", line, status, out)
		}
	}
}

// TestChain: tasks of another module whose degradations are chains, with JPEG files among
// them.
func TestChain(t *testing.T) {
	exe, dir := build(t, "chain"), t.TempDir()
	photo := dataset.DeadLeaves(random.New(1), 40, 30)
	if err := photo.Save(filepath.Join(dir, "photo.png")); err != nil {
		t.Fatal(err)
	}
	const flags = "-network resnet:hidden=8 -side 16 -levels 1 -batch 2 -iterations 2 -validation-pictures 4 -strategy mge "
	for _, c := range []struct{ line, want string }{
		{"train " + flags + "-out worn", "worn, resnet"},
		{"train worn " + flags + "-degrade coarse -out coarse", "worn, resnet"},
		{"train jpeg " + flags + "-out jpeg", "jpeg, resnet"},
		{"evaluate -model worn/mge-seed1.onnx -model jpeg/mge-seed1.onnx -pictures 1 -quality 30 -out measured", "quality=30,deviation=0.05"},
		{"restore -model jpeg/mge-seed1.onnx -in photo.png -out sheet.png -test quality=20", "degraded: quality=20"},
		{"restore -model worn/mge-seed1.onnx -in photo.png -out restored.png", "noise estimated"},
	} {
		if out, status := run(t, exe, dir, c.line); status != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit status %d, want %q\n%s", c.line, status, c.want, out)
		}
	}
}

// artefacts is a plan of three seeds for JPEG files and their originals, with a custom network
// and settings.
const artefacts = `name: artefacts
seeds: [1, 2, 3]
strategies: [mge, fullmultiscale]
settings:
  optimizer: adamw
  weight-decay: 0.02
  ema: 0.9
  loss: charbonnier
  warmup: 2
  augment: [flips, turns]
  side: 16
  levels: 1
  batch: 2
  iterations: 4
  validation-pictures: 4
experiments:
  - {task: restoration, network: narrow, data: pairs, root: photos, validation: held}
`

// savePairs writes n pairs of pictures and their JPEG files below a folder.
func savePairs(t *testing.T, root string, n int, seed uint64) {
	t.Helper()
	for _, folder := range []string{"clean", "degraded"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		clean := dataset.DeadLeaves(random.New(seed, uint64(i)), 36, 24)
		name := fmt.Sprintf("%02d", i)
		if err := clean.Save(filepath.Join(root, "clean", name+".png")); err != nil {
			t.Fatal(err)
		}
		img := image.NewRGBA(image.Rect(0, 0, clean.W, clean.H))
		for k := range clean.W * clean.H {
			at := func(c int) uint8 { return clean.Pix[c*clean.W*clean.H+k] }
			img.SetRGBA(k%clean.W, k/clean.W, color.RGBA{at(0), at(1), at(2), 255})
		}
		var file bytes.Buffer
		if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 15}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "degraded", name+".jpg"), file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPairs: one command trains a network of another module on pairs of folders, by a plan.
// Stopped and started again, it ends with the bytes of an undisturbed run. Its models can be
// used to restore and can be evaluated.
func TestPairs(t *testing.T) {
	exe, dirs := build(t, "own"), []string{t.TempDir(), t.TempDir()}
	const train = "tables -plan plan.yaml -run -runs runs -out planned"
	for i, dir := range dirs {
		savePairs(t, filepath.Join(dir, "photos"), 12, 1)
		savePairs(t, filepath.Join(dir, "held"), 3, 2)
		if err := os.WriteFile(filepath.Join(dir, "plan.yaml"), []byte(artefacts), 0o644); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			stopAt(t, exe, dir, train, "seed 2")
		}
		if out, status := run(t, exe, dir, train); status != 0 || !strings.Contains(out, "Written to planned") {
			t.Fatalf("exit status %d\n%s", status, out)
		}
	}
	compared := 0
	err := filepath.WalkDir(filepath.Join(dirs[0], "runs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dirs[0], path)
		if err != nil {
			return err
		}
		if filepath.Ext(name) != ".onnx" && d.Name() != "summary.csv" && d.Name() != "history.csv" {
			return nil
		}
		one, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(dirs[1], name))
		if err != nil || !bytes.Equal(one, other) {
			t.Errorf("%s differs, %v", name, err)
		}
		compared++
		return nil
	})
	// Two tables; for two strategies and three seeds the last, average and best networks.
	if err != nil || compared != 2+2*3*3 {
		t.Errorf("%d files compared, %v", compared, err)
	}
	models, err := filepath.Glob(filepath.Join(dirs[1], "runs", "*", "mge-seed3*.onnx"))
	if err != nil || len(models) != 2 {
		t.Fatalf("models %v, %v", models, err)
	}
	for line, want := range map[string]string{
		"evaluate -model " + models[0] + " -model " + models[1] + " -data pairs -root held -out measured": "as given",
		"restore -model " + models[0] + " -in held/degraded/00.jpg -out restored.png":                     "restored.png: 36x24 pixels",
		"tables -plan plan.yaml -runs runs -out again":                                                    "restoration pairs narrow MSE",
	} {
		if out, status := run(t, exe, dirs[1], line); status != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit status %d, want %q\n%s", line, status, want, out)
		}
	}
}

// stopAt runs a program and asks it to stop once it has printed some words.
func stopAt(t *testing.T, exe, dir, line, words string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, strings.Fields(line)...)
	cmd.Dir = dir
	printed, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(printed)
	for lines.Scan() && !strings.Contains(lines.Text(), words) {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, printed); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // returns an error for the exit status
	if status := cmd.ProcessState.ExitCode(); status != 130 {
		t.Errorf("stopped at %q: exit status %d, want 130", words, status)
	}
}

// TestSmall: a task, a network, a data set and the program around them take at most
// 80 lines of at most 120 columns.
func TestSmall(t *testing.T) {
	lines := 0
	files, err := filepath.Glob(filepath.Join("testdata", "own", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if lines++; len(line) > 121 {
				t.Errorf("%s: a line of %d columns", file, len(line)-1)
			}
		}
	}
	if lines > 80 {
		t.Errorf("%d lines", lines)
	}
}

// TestDocumented: the sections of the guide to extending are the text of the
// examples that these tests build and run.
func TestDocumented(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "extending.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"own", "chain", "more"} {
		files, err := filepath.Glob(filepath.Join("testdata", module, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%v, %v", files, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(guide), "```go\n"+string(source)+"```") {
				t.Errorf("docs/extending.md does not show %s as it is", file)
			}
		}
	}
}
