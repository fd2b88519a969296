//go:build unix

package picture

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Opening a pipe without a writer would wait for ever.
func TestOpenRefusesPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.png")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(pipe); err == nil || !strings.HasPrefix(err.Error(), pipe) {
		t.Errorf("%v", err)
	}
}
