package command_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"multiscale/pkg/command"
	"multiscale/pkg/kernel"
)

// runCommand makes the test binary a command that does nothing.
const runCommand = "COMMAND_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runCommand) != "" {
		command.Main("nothing", func(context.Context, []string) error { return nil })
	}
	os.Exit(m.Run())
}

// TestKernelPath: a command with a wrong kernel path ends with status 2 and one line.
func TestKernelPath(t *testing.T) {
	for value, status := range map[string]int{"": 0, kernel.Portable: 0, "sse": command.StatusUsage, "AVX2": command.StatusUsage} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), runCommand+"=1", kernel.PathVariable+"="+value)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != status {
			t.Errorf("%q: exit status %d, want %d: %s", value, got, status, out)
		}
		if line := string(out); status != 0 && (strings.Count(line, "\n") != 1 || !strings.Contains(line, kernel.PathVariable) || !strings.Contains(line, value)) {
			t.Errorf("%q: %q is not one line with the variable and its value", value, line)
		}
	}
}
