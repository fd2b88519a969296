package experiment_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"multiscale/pkg/checkpoint"
	"multiscale/pkg/experiment/survive"
	"multiscale/pkg/program"
)

// asProgram makes this test binary the training program itself, because the effect
// of signals and kills can only be observed from another process.
const asProgram = "MULTISCALE_TEST_TRAINS"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		program.Train("superresolution")
	}
	os.Exit(m.Run())
}

// smallest is the network of 26,796 parameters on meshes of side 16 and 8.
var smallest = []string{"-network", "espcn", "-side", "16", "-levels", "1", "-batch", "2"}

func flags(more ...string) []string { return append(append([]string{}, smallest...), more...) }

// process returns the training program with flags.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// waitFor polls done until it holds.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestKills: killing a run at random moments and resuming it changes no byte of its results, even with
// all settings of the trainer in use.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asProgram, "1")
	long := flags("-checkpoint-every", "100ms", "-iterations", "60", "-stages", "60,30", "-strategy", "mge,fullmultiscale")
	for name, tc := range map[string]struct {
		flags        []string
		kills, files int
	}{
		"defaults": {nil, 50, 4},
		"all settings": {[]string{"-optimizer", "sgd", "-nesterov", "-momentum", "0.5", "-weight-decay", "0.01", "-warmup", "9", "-restart", "-ema", "0.9",
			"-loss", "huber:0.5+0.1*ssim", "-freeze", "conv1.*", "-validate-every", "7", "-validation-pictures", "5"}, 15, 6},
	} {
		t.Run(name, func(t *testing.T) {
			trial := survive.Trial{
				Command: append([]string{self}, append(slices.Clone(long), tc.flags...)...),
				Dir:     t.TempDir(), Kills: tc.kills, Seed: 1,
			}
			report, err := trial.Run(t.Context(), func(line string) { t.Log(line) })
			if err != nil {
				t.Fatal(err)
			}
			if report.Kills != tc.kills || report.Files != tc.files {
				t.Errorf("%+v", report)
			}
		})
	}
}

// TestSignalsOfAProcess: SIGINT and SIGTERM leave a checkpoint of the printed
// iteration, and the exit status that shells expect. A second run cannot use the
// folder of a running one.
func TestSignalsOfAProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	for _, tc := range []struct {
		signal syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(tc.signal.String(), func(t *testing.T) {
			out := t.TempDir()
			long := flags("-strategy", "mge", "-iterations", "1000000", "-checkpoint-every", "100ms", "-out", out)
			cmd := process(t, long...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			store := checkpoint.Store{Dir: filepath.Join(out, "checkpoint", "mge-seed1")}
			waitFor(t, "a checkpoint", func() bool { _, err := store.Load(); return err == nil })

			second, err := process(t, long...).CombinedOutput()
			if !exited(err, 1) || !strings.Contains(string(second), out+" is in use by process ") {
				t.Errorf("a second run: %v\n%s", err, second)
			}

			began := time.Now()
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); !exited(err, tc.status) {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			t.Logf("%v: ended %v later", tc.signal, time.Since(began).Round(time.Millisecond))
			named := regexp.MustCompile(`stopped after (\d+) of 1000000 iterations; the same command with -resume continues`).FindStringSubmatch(stderr.String())
			loaded, err := store.Load()
			if named == nil || err != nil || !strings.Contains(string(loaded.Bytes["state"]), fmt.Sprintf(`"Iteration":%s,`, named[1])) {
				t.Errorf("the checkpoint is not of the iteration named: %v\n%s", err, stderr.String())
			}
		})
	}
}

func exited(err error, status int) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == status
}
