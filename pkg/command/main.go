// Package command is what all commands share: flags with one style of help and of
// errors, exit statuses, and signals. The settings of training are in package setting.
//
// A command exits with 0 only when all that was asked was done, with 1 when it failed, with 2 for
// wrong usage, and with 128 and the signal's number when SIGINT (130), SIGTERM (143), SIGHUP (129)
// or a closed pipe (141) stopped it. SIGUSR1 stops it with 75: start it again, and it continues. An
// error takes one to three lines: the flag or file, the reason, and what to do.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"multiscale/pkg/kernel"
)

// GCPercent is how much garbage, in per cent of what lives, is collected at
// the latest. The collector has little to do: the large blocks hold no pointers.
const GCPercent = 20

// The exit statuses. A signal's is 128 and its number, that of SIGUSR1 StatusAgain: what
// job schedulers send before they take a machine away, and take as a request to queue the job again.
const (
	StatusDone   = 0
	StatusFailed = 1
	StatusUsage  = 2
	StatusAgain  = 75 // EX_TEMPFAIL of sysexits.h
)

// MaxThreads bounds -threads.
const MaxThreads = 1 << 12

// UseThreads bounds the cores that the process uses; 0 leaves it as it is.
func UseThreads(n int) {
	if n > 0 {
		runtime.GOMAXPROCS(n)
	}
}

// Main is the body of a command's main function: it runs the command and ends
// the process with the status that fits. The first SIGINT, SIGTERM, SIGHUP, SIGPIPE or
// SIGUSR1 cancels ctx; run then has the time it needs to write what must not be lost, and
// returns an error that wraps ctx.Err(). A signal more than a second later ends the
// process at once. An unknown or unsupported kernel path ends it with StatusUsage at
// the start.
func Main(name string, run func(ctx context.Context, args []string) error) {
	// Most of the heap is one block of activations that lives throughout. With
	// Go's default as much again would be left lying before it is collected.
	debug.SetGCPercent(GCPercent)
	signals := make(chan os.Signal, 8)
	for s := range stops {
		if s != syscall.SIGHUP || !signal.Ignored(s) { // nohup ignores SIGHUP before the program starts
			signal.Notify(signals, s)
		}
	}
	os.Exit(execute(name, signals, sameRequest, os.Exit, os.Stderr, func(ctx context.Context) error {
		if err := kernel.Check(); err != nil {
			return &UsageError{Reason: err.Error()}
		}
		return run(ctx, os.Args[1:])
	}))
}

// Do parses the arguments of a command that knows K and runs the request that they
// are: results go to standard output, progress to standard error.
func Do[K, R any](ctx context.Context, known K, args []string, parse func(known K, args []string, help io.Writer) (R, error), run func(ctx context.Context, r R, out, log io.Writer) error) error {
	return Print(func(out io.Writer) error {
		r, err := parse(known, args, out)
		if err != nil {
			return err
		}
		return run(ctx, r, out, os.Stderr)
	})
}

// Print does what writes to standard output. Where that is done, and not all could be
// written, it returns the reason: a redirected table may meet a full disk.
func Print(do func(out io.Writer) error) error {
	out := &output{w: os.Stdout}
	if err := do(out); Status(err) != StatusDone || out.err == nil {
		return err
	}
	return fmt.Errorf("standard output: %w", out.err)
}

// output keeps the first error of a writer, which those who print do not look at. A closed
// pipe is none: it is a signal, or all that was wanted.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil && !errors.Is(err, syscall.EPIPE) {
		o.err = err
	}
	return n, err
}

// stopped is the cause of a cancelled context: the signal.
type stopped struct{ signal syscall.Signal }

// stops are the signals that stop a command on every system, and again, with their names.
var stops = func() map[syscall.Signal]string {
	all := map[syscall.Signal]string{
		syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP",
		syscall.SIGPIPE: "SIGPIPE, a closed pipe",
	}
	maps.Copy(all, again)
	return all
}()

// sameRequest is how long after the first signal further ones are the same
// request: timeout and job schedulers signal a process and its group.
const sameRequest = time.Second

func (s stopped) Error() string { return "stopped by " + stops[s.signal] }

// Is makes a stopped run recognisable as a cancelled one.
func (s stopped) Is(target error) bool { return target == context.Canceled }

func (s stopped) status() int {
	if _, ok := again[s.signal]; ok {
		return StatusAgain
	}
	return 128 + int(s.signal)
}

// Status is the exit status of a command that was not stopped and returned err.
func Status(err error) int {
	var usage *UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return StatusDone
	case errors.As(err, &usage):
		return StatusUsage
	}
	return StatusFailed
}

func execute(name string, signals <-chan os.Signal, same time.Duration, exit func(int), stderr io.Writer, run func(context.Context) error) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		var first time.Time
		for {
			select {
			case s := <-signals:
				stop := stopped{syscall.SIGINT}
				if s, ok := s.(syscall.Signal); ok {
					stop.signal = s
				}
				switch {
				case first.IsZero():
					first = time.Now()
					cancel(stop)
				case stop.signal == syscall.SIGPIPE: // each further line that is printed
				case time.Since(first) >= same:
					exit(stop.status())
				}
			case <-done:
				return
			}
		}
	}()
	err := run(ctx)
	status := Status(err)
	if status == StatusDone {
		return status
	}
	var stop stopped
	if errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &stop) {
		status = stop.status()
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, Message(ctx, err))
	return status
}

// Message is what people read of an error, in at most three lines. Where a signal stopped the
// command that ctx is of, context's own words for it are left out, or the signal stands in their place.
func Message(ctx context.Context, err error) string {
	message := brief(err.Error())
	var stop stopped
	if !errors.Is(err, context.Canceled) || !errors.As(context.Cause(ctx), &stop) {
		return message
	}
	message = strings.TrimSuffix(strings.TrimSuffix(message, context.Canceled.Error()), ": ")
	switch {
	case message == "":
		return stop.Error()
	case !strings.Contains(message, "stopped"): // what says by itself that it was stopped needs no reason
		message += ": " + stop.Error()
	}
	return message
}

// brief keeps an error to three lines.
func brief(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if len(lines) > 3 {
		lines = append(lines[:2], strings.Join(lines[2:], "; "))
	}
	return strings.Join(lines, "\n")
}
