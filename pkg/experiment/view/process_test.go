package view

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
)

// serveVariable makes the test program the command itself.
const serveVariable = "MULTISCALE_VIEW_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		command.Main("view", func(ctx context.Context, args []string) error { return Main(ctx, catalog.Standard(), args) })
	}
	os.Exit(m.Run())
}

// TestProcess: clients that disconnect do not end the program. A signal does, with its status, and no files
// are left.
func TestProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there")
	}
	temporary := t.TempDir()
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-addr", "127.0.0.1:0", "-memory", "1MiB", "-model", model)
	cmd.Env = append(os.Environ(), serveVariable+"=1", "TMPDIR="+temporary)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	address := regexp.MustCompile(`http://[^;]*/`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("%q, %v", line, err)
	}
	picture, err := os.ReadFile(noisy(t, 1200, 900))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		answer, err := http.DefaultClient.Do(post(ctx, t, address+"restore?model=file-1", bytes.NewReader(picture)))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() && !strings.Contains(lines.Text(), `"tiles":3`) {
		}
		cancel() // the server still writes for a moment
		answer.Body.Close()
	}
	if status, _ := get(t, address); status != 200 {
		t.Errorf("afterwards the page has status %d", status)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 130 || !strings.Contains(log.String(), "view: stopped by SIGINT") {
		t.Errorf("it ends with %d and %q", status, log.String())
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}
