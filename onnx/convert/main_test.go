package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/gorgonnx"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/command"
)

// TestRun covers exit codes and messages. A model that is converted to core operations and back has the
// same bytes.
func TestRun(t *testing.T) {
	data := sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising"))
	model, foreign := sessiontest.File(t, "unet.onnx", data), sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	dir := t.TempDir()
	small, back := filepath.Join(dir, "core.onnx"), filepath.Join(dir, "back.onnx")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-shape 2x3x16x12 " + model + " " + small, 0, ""},
		{"-ops full " + small + " " + back, 0, ""},
		{"-h", 0, "Usage"},
		{model, 2, "1 files"},
		{"-ops some " + model + " " + small, 2, "-ops some"},
		{"-shape 1x3x16 " + model + " " + small, 2, "-shape"},
		{"-shape 1x3x16x16,1x3x8x8 " + model + " " + small, 2, "one shape"},
		{"-shape 1x3x15x16 " + model + " " + back, 1, "multiples of 4"},
		{"-shape 1x1x16x16 " + model + " " + back, 1, "(N,3,H,W)"},
		{"-shape 1x3x9000x9000 " + model + " " + back, 1, "in all"},
		{foreign + " " + back, 1, "no network that this program knows"},
		{filepath.Join(dir, "none.onnx") + " " + back, 1, "none.onnx"},
	} {
		var stdout, stderr bytes.Buffer
		code := invoke(strings.Fields(c.args), &stdout, &stderr)
		if out := stdout.String() + stderr.String(); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("convert %s: exit %d, want %d and %q in\n%s", c.args, code, c.code, c.want, out)
		}
	}
	m, err := onnx.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	if err := gorgonnx.Supports(m); err != nil {
		t.Error(err)
	}
	if again, err := os.ReadFile(back); err != nil || !bytes.Equal(again, data) {
		t.Errorf("there and back gives another file (%v)", err)
	}
}

// invoke runs the command and returns its exit code. It writes the error to stderr.
func invoke(args []string, stdout, stderr io.Writer) int {
	err := run(args, stdout)
	if command.Status(err) != command.StatusDone {
		fmt.Fprintln(stderr, err)
	}
	return command.Status(err)
}
