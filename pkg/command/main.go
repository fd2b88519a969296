// Package command is what all commands share: flags with one style of help and of
// errors, exit statuses, and signals. The settings of training are in package setting.
//
// A command exits with 0 only if it did everything that was asked, with 1 if it failed, and with 2 after
// wrong usage. If SIGINT (130), SIGTERM (143), SIGHUP (129) or a closed pipe (141) stopped it, it exits with
// 128 plus the signal's number. SIGUSR1 stops it with 75: started again, it continues. An error takes one to
// three lines: the flag or file, the reason, and what to do.
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

// GCPercent is the value of GOGC in all commands: a collection starts when the heap has
// grown by this many per cent. Collections are cheap, because the large blocks hold no pointers.
const GCPercent = 20

// The exit statuses. After a signal the status is 128 plus its number. SIGUSR1 is the exception: job schedulers
// send it before they take a machine away, and understand StatusAgain as a request to queue the job again.
const (
	StatusDone   = 0
	StatusFailed = 1
	StatusUsage  = 2
	StatusAgain  = 75 // EX_TEMPFAIL of sysexits.h
)

// MaxThreads is the largest value of -threads.
const MaxThreads = 1 << 12

// UseThreads limits the cores that the process uses to n; 0 changes nothing.
func UseThreads(n int) {
	if n > 0 {
		runtime.GOMAXPROCS(n)
	}
}

// Main is the body of a command's main function: it runs the command and ends the
// process with its exit status. The first SIGINT, SIGTERM, SIGHUP, SIGPIPE or SIGUSR1
// cancels ctx; run then takes the time to write what must not be lost, and returns an
// error that wraps ctx.Err(). A signal other than SIGPIPE a second later or more ends the
// process at once. If the kernel path is unknown or unsupported, Main exits with
// StatusUsage before it calls run.
func Main(name string, run func(ctx context.Context, args []string) error) {
	// Most of the heap is one block of activations that lives throughout. With Go's
	// default, garbage of the same size would accumulate before a collection.
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

// Do parses the arguments of a command into a request of type R and runs it. Results go
// to standard output, progress to standard error.
func Do[K, R any](ctx context.Context, known K, args []string, parse func(known K, args []string, help io.Writer) (R, error), run func(ctx context.Context, r R, out, log io.Writer) error) error {
	return Print(func(out io.Writer) error {
		r, err := parse(known, args, out)
		if err != nil {
			return err
		}
		return run(ctx, r, out, os.Stderr)
	})
}

// Print calls do with standard output. If do succeeds but some output could not be
// written, Print returns the reason: standard output may be a file on a full disk.
func Print(do func(out io.Writer) error) error {
	out := &output{w: os.Stdout}
	if err := do(out); Status(err) != StatusDone || out.err == nil {
		return err
	}
	return fmt.Errorf("standard output: %w", out.err)
}

// output keeps the first error of a writer, because callers of fmt.Fprint ignore it. A closed
// pipe is not an error: either SIGPIPE stops the command, or the reader has all that it wanted.
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

// stopped is the cause with which a signal cancels the context.
type stopped struct{ signal syscall.Signal }

// stops has all signals that stop a command, with their names: those of every system, and again.
var stops = func() map[syscall.Signal]string {
	all := map[syscall.Signal]string{
		syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP",
		syscall.SIGPIPE: "SIGPIPE, a closed pipe",
	}
	maps.Copy(all, again)
	return all
}()

// sameRequest is how long after the first signal further signals count as the same
// request: timeout and job schedulers signal both a process and its group.
const sameRequest = time.Second

func (s stopped) Error() string { return "stopped by " + stops[s.signal] }

// Is makes errors.Is(s, context.Canceled) true.
func (s stopped) Is(target error) bool { return target == context.Canceled }

func (s stopped) status() int {
	if _, ok := again[s.signal]; ok {
		return StatusAgain
	}
	return 128 + int(s.signal)
}

// Status returns the exit status of a command that returned err and was not stopped by a signal.
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

// execute calls run and returns the exit status. The first of signals cancels the context of run; another one that is
// not SIGPIPE and comes at least same later calls exit. Errors go to stderr.
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
				case stop.signal == syscall.SIGPIPE: // comes again with each line that is printed
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

// Message returns the text of an error for the user, in at most three lines. If a signal cancelled ctx, the
// text says which signal, unless it already says "stopped", and omits "context canceled" at its end.
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
	case !strings.Contains(message, "stopped"):
		message += ": " + stop.Error()
	}
	return message
}

// brief joins all lines of an error from the third on into one.
func brief(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if len(lines) > 3 {
		lines = append(lines[:2], strings.Join(lines[2:], "; "))
	}
	return strings.Join(lines, "\n")
}
