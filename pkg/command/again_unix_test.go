//go:build unix

package command

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestAgain: SIGUSR1 stops a command with the status that asks for another start.
func TestAgain(t *testing.T) {
	signals := make(chan os.Signal, 1)
	var stderr strings.Builder
	status := execute("try", signals, 0, nil, &stderr, func(ctx context.Context) error {
		signals <- syscall.SIGUSR1
		<-ctx.Done()
		return ctx.Err()
	})
	if status != StatusAgain || stderr.String() != "try: stopped by SIGUSR1\n" {
		t.Errorf("%d %q", status, stderr.String())
	}
}
