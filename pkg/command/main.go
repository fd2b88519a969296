// Package command is what all commands of the project share: flags with one style
// of help and of errors, exit statuses, signals, and the flags of the four
// training experiments as one validated Config.
//
// A command exits with 0 only when all that was asked was done, with 1 when it
// failed, with 2 for wrong usage, and with 130 or 143 when SIGINT or SIGTERM
// stopped it. An error takes one to three lines: the flag or file, the reason,
// and what to do.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"multiscale/pkg/kernel"
)

// GCPercent is how much garbage, in per cent of what lives, is collected at
// the latest. The collector has little to do: the large blocks hold no pointers.
const GCPercent = 20

// The exit statuses. A signal's is 128 and its number.
const (
	StatusDone   = 0
	StatusFailed = 1
	StatusUsage  = 2
)

// Main is the body of a command's main function: it runs the command and ends
// the process with the status that fits. The first SIGINT or SIGTERM cancels
// ctx; run then has the time it needs to write what must not be lost, and
// returns an error that wraps ctx.Err(). A second signal ends the process at
// once. An unknown or unsupported kernel path ends it with StatusUsage at the start.
func Main(name string, run func(ctx context.Context, args []string) error) {
	// Most of the heap is one block of activations that lives throughout. With
	// Go's default as much again would be left lying before it is collected.
	debug.SetGCPercent(GCPercent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(execute(name, signals, os.Exit, os.Stderr, func(ctx context.Context) error {
		if err := kernel.Check(); err != nil {
			return &UsageError{Reason: err.Error()}
		}
		return run(ctx, os.Args[1:])
	}))
}

// stopped is the cause of a cancelled context: the signal.
type stopped struct{ signal syscall.Signal }

func (s stopped) Error() string {
	if s.signal == syscall.SIGTERM {
		return "stopped by SIGTERM"
	}
	return "stopped by SIGINT"
}

// Is makes a stopped run recognisable as a cancelled one.
func (s stopped) Is(target error) bool { return target == context.Canceled }

func (s stopped) status() int { return 128 + int(s.signal) }

func execute(name string, signals <-chan os.Signal, exit func(int), stderr io.Writer, run func(context.Context) error) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for count := 0; ; count++ {
			select {
			case s := <-signals:
				stop := stopped{syscall.SIGINT}
				if s == syscall.SIGTERM {
					stop.signal = syscall.SIGTERM
				}
				if count > 0 {
					exit(stop.status())
				}
				cancel(stop)
			case <-done:
				return
			}
		}
	}()
	err := run(ctx)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return StatusDone
	}
	var stop stopped
	var usage *UsageError
	status := StatusFailed
	switch {
	case errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &stop):
		status = stop.status()
		if err == context.Canceled {
			err = stop // says more
		}
	case errors.As(err, &usage):
		status = StatusUsage
	}
	message := strings.TrimSuffix(brief(err.Error()), ": "+context.Canceled.Error()) // nobody needs to be told
	fmt.Fprintf(stderr, "%s: %s\n", name, message)
	return status
}

// brief keeps an error to three lines.
func brief(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if len(lines) > 3 {
		lines = append(lines[:2], strings.Join(lines[2:], "; "))
	}
	return strings.Join(lines, "\n")
}
