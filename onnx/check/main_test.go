package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/internal/stored"
)

// TestRun covers exit statuses and messages.
func TestRun(t *testing.T) {
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
		{"-h", 0, "usage"},
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
	} {
		var stdout, stderr bytes.Buffer
		code := run(strings.Fields(c.args), &stdout, &stderr)
		out := stdout.String() + stderr.String()
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("check %s: exit %d, want %d and %q in\n%s", c.args, code, c.code, c.want, out)
		}
		if lines := strings.Count(stderr.String(), "\n"); lines > 3 || (code == 0) != (lines == 0) {
			t.Errorf("check %s: exit %d with %d lines of errors:\n%s", c.args, code, lines, stderr.String())
		}
	}
}
