package kernel_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"multiscale/pkg/kernel"
)

// printPath makes the test binary print its path and end.
const printPath = "KERNEL_TEST_PRINT_PATH"

func TestMain(m *testing.M) {
	if os.Getenv(printPath) != "" {
		os.Stdout.WriteString(kernel.Path())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// start runs a program that uses the kernels with a value of the variable.
func start(t *testing.T, value string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), printPath+"=1", kernel.PathVariable+"="+value)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestPathVariable(t *testing.T) {
	best, _, status := start(t, "")
	if status != 0 {
		t.Fatalf("an empty variable: exit status %d", status)
	}
	order := []string{kernel.Portable, kernel.AVX2, kernel.AVX512}
	offered := true // all up to the best
	for _, path := range order {
		out, errs, status := start(t, path)
		if offered && (out != path || status != 0) {
			t.Errorf("%s: path %q, exit status %d, %s", path, out, status, errs)
		}
		if !offered {
			checkRefusal(t, path, errs, status)
		}
		if path == best {
			offered = false
		}
	}
	for _, value := range []string{"sse", "AVX2", " avx2", "portable,avx2"} {
		out, errs, status := start(t, value)
		if out != "" {
			t.Errorf("%q: the program ran", value)
		}
		checkRefusal(t, value, errs, status)
	}
}

// checkRefusal: one line that names the variable and its value, status 2.
func checkRefusal(t *testing.T, value, errs string, status int) {
	t.Helper()
	if status != 2 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, kernel.PathVariable) || !strings.Contains(errs, value) {
		t.Errorf("%q: exit status %d and %q, want 2 and one line", value, status, errs)
	}
}
