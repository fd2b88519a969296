package reference_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"multiscale/pkg/reference"
)

// TestRunnerFails: TestReference fails on wrong folders and says what is wrong.
func TestRunnerFails(t *testing.T) {
	// relu writes a case, which passes with the right arguments.
	relu := func(t *testing.T, kind, function, extra string, y ...float32) string {
		folder := t.TempDir()
		at := filepath.Join(folder, "ops", "relu")
		write(t, filepath.Join(at, "case.json"), `{"id": "ops/relu", "kind": "`+kind+`", "hyper_parameters": {"function": "`+function+`"}, "files": [
			{"file": "x.npy", "role": "input", "name": "x", "shape": [2]},
			{"file": "y.npy", "role": "expected", "shape": [2], "tol_max_abs": 0}`+extra+`]}`)
		write(t, filepath.Join(at, "x.npy"), array(t, -1, 2))
		if y != nil {
			write(t, filepath.Join(at, "y.npy"), array(t, y...))
		}
		return folder
	}
	for _, tc := range []struct {
		name   string
		folder string
		want   string
	}{
		{"nothing wrong", relu(t, "unary", "relu", "", 0, 2), ""},
		{"wrong value", relu(t, "unary", "relu", "", 0, 2.5), "want 2.5"},
		{"missing file", relu(t, "unary", "relu", ""), "y.npy"},
		{"unknown kind", relu(t, "binary", "relu", "", 0, 2), `unknown kind "binary"`},
		{"unknown function", relu(t, "unary", "gelu", "", 0, 2), `unknown function "gelu"`},
		{"file of no use", relu(t, "unary", "relu", `, {"file": "z.npy", "role": "expected", "shape": [1], "tol_max_abs": 0}`, 0, 2), "has not been compared"},
		{"empty folder", t.TempDir(), "no cases"},
		{"missing folder", filepath.Join(t.TempDir(), "missing"), "not a folder"},
		{"empty variable", "", "set, but empty"},
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestReference$", "-test.v")
		cmd.Env = append(os.Environ(), reference.Variable+"="+tc.folder)
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.ENOEXEC) {
			t.Skip("under an emulator a program cannot start itself")
		}
		if (err == nil) != (tc.want == "") || !strings.Contains(string(out), tc.want) {
			t.Errorf("%s: %v, want %q in\n%s", tc.name, err, tc.want, out)
		}
	}
}
