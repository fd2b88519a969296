package program_test

import (
	"bytes"
	"context"
	"errors"
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

// TestOwn: a program of another module with a task, a network and a data set of its
// own has every command, file and report of this project.
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
