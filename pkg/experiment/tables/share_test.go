//go:build unix

package tables_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/tables"
	"multiscale/pkg/program"
)

// asProgram makes this test binary the command itself, because several processes share a plan and are killed.
const asProgram = "MULTISCALE_TEST_TABLES"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		program.Command("tables", catalog.Catalog{}, tables.Main)
	}
	os.Exit(m.Run())
}

// shared is a plan of eight units that take a second or less each.
const shared = `
name: shared
profile: quick
seeds: [1, 2]
strategies: [single, mge]
settings: {side: 16, levels: 1, batch: 2, iterations: 200, checkpoint-every: 100ms, validation-pictures: 16}
experiments:
  - {task: superresolution, network: espcn, data: deadleaves}
  - {task: superresolution, network: espcn, data: deadleaves, settings: {loss: charbonnier}}
`

// worker is a process of the command.
type worker struct {
	*exec.Cmd
	log bytes.Buffer
}

// start starts the command for the plan, with its run folders in a folder.
func start(t *testing.T, plan, runs string, args ...string) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{Cmd: exec.CommandContext(t.Context(), self, append([]string{"-plan", plan, "-run", "-runs", runs, "-out", filepath.Join(runs, "tables"), "-threads", "1"}, args...)...)}
	w.Env = append(os.Environ(), asProgram+"=1")
	w.Stderr = &w.log
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// ends waits for a worker, which must succeed.
func (w *worker) ends(t *testing.T) {
	t.Helper()
	if err := w.Wait(); err != nil {
		t.Errorf("%v: %v\n%s", w.Args[1:], err, &w.log)
	}
}

// once returns the files of the plan when one process trains it.
var once = sync.OnceValues(func() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "shared")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	plan, runs := filepath.Join(dir, "shared.yaml"), filepath.Join(dir, "runs")
	if err := os.WriteFile(plan, []byte(shared), 0o666); err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-plan", plan, "-run", "-runs", runs, "-out", filepath.Join(runs, "tables"))
	cmd.Env = append(os.Environ(), asProgram+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	return timeless(runs)
})

// timeless returns the contents of the files of run folders and tables that are the same in equal runs, by name. For the
// other files it only has the names.
func timeless(runs string) (map[string]string, error) {
	files := map[string]string{}
	return files, filepath.WalkDir(runs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".checkpoint" { // the numbers of checkpoints may differ
			return err
		}
		name, err := filepath.Rel(runs, path)
		if err != nil {
			return err
		}
		files[name] = "there"
		base := filepath.Base(name)
		timed := strings.HasPrefix(base, "seconds")
		switch base {
		case runfolder.TimingFile, runfolder.TableFile, runfolder.ConvergenceFile, runfolder.RecordFile, tables.ReportFile, ".lock":
			timed = true
		}
		if !timed {
			data, err := os.ReadFile(path)
			files[name] = string(data)
			return err
		}
		return nil
	})
}

// asOnce compares the files with those of one process.
func asOnce(t *testing.T, runs string) {
	t.Helper()
	want, err := once()
	if err != nil {
		t.Fatal(err)
	}
	got, err := timeless(runs)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s differs from that of one process:\n%.300s\n%.300s", name, content, got[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("one process does not leave %s", name)
		}
	}
}

func planFile(t *testing.T) string {
	t.Helper()
	plan := filepath.Join(t.TempDir(), "shared.yaml")
	if err := os.WriteFile(plan, []byte(shared), 0o666); err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestShards: three processes train one part each at the same time, and one of them is interrupted and started again. They
// leave the same files as one process.
func TestShards(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	plan, runs := planFile(t), t.TempDir()
	var workers []*worker
	for _, part := range []string{"0/3", "1/3", "2/3"} {
		workers = append(workers, start(t, plan, runs, "-shard", part))
	}
	begun(t, runs)
	if err := workers[0].Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := workers[0].Wait(); !errors.As(err, &exit) || exit.ExitCode() != 75 {
		t.Errorf("stopped by SIGUSR1: %v\n%s", err, &workers[0].log)
	}
	workers[0] = start(t, plan, runs, "-shard", "0/3")
	for _, w := range workers {
		w.ends(t)
	}
	asOnce(t, runs)
}

// TestClaims: two of four processes that claim units are killed. The others take their units over and leave the same
// files as one process.
func TestClaims(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	plan, runs := planFile(t), t.TempDir()
	var workers []*worker
	for range 4 {
		workers = append(workers, start(t, plan, runs, "-claim", "-lease", "2s"))
	}
	begun(t, runs)
	for _, w := range workers[:2] {
		if err := w.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		w.Wait() // returns the kill as an error
	}
	for _, w := range workers[2:] {
		w.ends(t)
	}
	asOnce(t, runs)
}

// begun waits for the first checkpoints of two units.
func begun(t *testing.T, runs string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(runs, "*", runfolder.UnitsDir, "*", "checkpoint", "*", "*.checkpoint"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) >= 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing has begun")
		}
	}
}
