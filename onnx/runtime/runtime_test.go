//go:build cgo

package runtime_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/internal/opcase"
	"multiscale/onnx/internal/stored"
	"multiscale/onnx/runtime"
)

// library loads ONNX Runtime, or skips the test with a message if it is missing.
func library(t *testing.T) *runtime.Library {
	t.Helper()
	l, err := runtime.Load("")
	if errors.Is(err, runtime.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// rounding bounds the differences of a few float32 operations on numbers from 1 to 100.
const rounding = 1e-5

// TestOperators checks that the hand-made cases for this project's backend agree with ONNX Runtime.
func TestOperators(t *testing.T) {
	l := library(t)
	t.Logf("ONNX Runtime %s", l.Version())
	for _, c := range opcase.All() {
		t.Run(c.Name, func(t *testing.T) {
			data, err := c.Model.Encode()
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			out, err := s.Run(c.In)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := onnx.Difference(out["y"], c.Want); err != nil || !(d <= rounding) {
				t.Errorf("got %v, want %v (%v)", out["y"], c.Want, err)
			}
		})
	}
}

func TestReference(t *testing.T) {
	l := library(t)
	for _, c := range stored.Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			s, err := l.Open(c.Bytes(t))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c.Compare(t, s.Run)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	l := library(t)
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name:    "g",
		Inputs:  []*onnx.ValueInfo{{Name: "x", Type: onnx.Float32}},
		Nodes:   []*onnx.Node{{Op: "Frobnicate", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		Outputs: []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32}},
	}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("text"), data} {
		if _, err := l.Open(bad); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	}
}

// TestLoadRefuses loads files that are no libraries. It does so in a separate process, because
// this one may have loaded the right library already.
func TestLoadRefuses(t *testing.T) {
	if path := os.Getenv("TEST_LOAD"); path != "" {
		_, err := runtime.Load(path)
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
		return
	}
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("this is not a library\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, exe, filepath.Join(t.TempDir(), "none.so")} {
		cmd := exec.Command(exe, "-test.run", "^TestLoadRefuses$")
		cmd.Env = append(os.Environ(), "TEST_LOAD="+path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// TestNothingIsKept: ONNX Runtime neither sends telemetry nor stores files for it. It also disables telemetry in processes
// that seem to be automatic tests, so this test runs it in a process without environment variables.
func TestNothingIsKept(t *testing.T) {
	library(t)
	path, err := runtime.Find("")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOperators$")
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home, runtime.Variable + "=" + path}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}
