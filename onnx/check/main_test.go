package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/internal/stored"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/command"
)

// child is the environment variable that makes the test program run as the command, because -time starts its own executable.
const child = "CHECK_TEST_IS_CHECK"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		os.Exit(invoke(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestTime: -time prints a line for each available runtime, among them the network for models of this project.
func TestTime(t *testing.T) {
	t.Setenv(child, "1")
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Signed("superresolution")), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := invoke([]string{"-time", "-side", "8", path}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	for i, text := range strings.Split(strings.TrimSpace(stdout.String()), "\n") {
		var line timing
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if (i == 0) != (line.Runtime == "network") || line.Version == "" || line.Side != 8 || !(line.Seconds > 0 && line.SecondsOpen > 0) || line.PeakRSSBytes < 1<<20 {
			t.Errorf("line %d: %s", i, text)
		}
	}
}

// TestRun covers exit codes and messages.
func TestRun(t *testing.T) {
	t.Setenv(child, "1")
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	model := stored.Cases(t)[0].Path
	data, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	text, empty, cut := write("text.onnx", []byte("hello")), write("empty.onnx", nil), write("cut.onnx", data[:len(data)/2])
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{model, 0, "onnx-go"},
		{"-seed 5 -tolerance 1e-3 " + model, 0, "reference"},
		{"-h", 0, "Usage"},
		{text, 1, text},
		{empty, 1, "empty"},
		{cut, 1, "cut off"},
		{filepath.Join(dir, "none.onnx"), 1, "none.onnx"},
		{dir, 1, dir},
		{"-onnxruntime " + text + " " + model, 1, text},
		{"-shapes 1x3x16 " + model, 2, "1x3x16"},
		{"-shapes 9x9x9x9 " + model, 1, "9x9x9x9"},
		{"", 2, "model file"},
		{model + " " + model, 2, "2 model files"},
		{"-tolerance nan " + model, 2, "-tolerance"},
		{"-tolerance x " + model, 2, "-tolerance"},
		{"-unknown", 2, "-unknown"},
		{"-time -side 0 " + model, 2, "-side"},
		{"-time -runtime auto " + model, 2, "-runtime"},
		{"-time " + text, 1, text},
	} {
		var stdout, stderr bytes.Buffer
		code := invoke(strings.Fields(c.args), &stdout, &stderr)
		out := stdout.String() + stderr.String()
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("check %s: exit %d, want %d and %q in\n%s", c.args, code, c.code, c.want, out)
		}
		if lines := strings.Count(stderr.String(), "\n"); lines > 3 || (code == 0) != (lines == 0) {
			t.Errorf("check %s: exit %d with %d lines of errors:\n%s", c.args, code, lines, stderr.String())
		}
	}
}

// invoke runs the command and returns its exit code. It writes the error to stderr.
func invoke(args []string, stdout, stderr io.Writer) int {
	err := run(context.Background(), args, stdout, stderr)
	if command.Status(err) != command.StatusDone {
		fmt.Fprintln(stderr, err)
	}
	return command.Status(err)
}
