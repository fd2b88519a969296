package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStatus(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		text   string
	}{
		{"done", nil, 0, ""},
		{"help", flag.ErrHelp, 0, ""},
		{"failed", errors.New("x.png: not a picture"), 1, "try: x.png: not a picture\n"},
		{"usage", Wrong("lr", "nan", "not a learning rate", "give a number"), 2, "try: -lr nan: not a learning rate; give a number\n"},
		{"wrapped usage", fmt.Errorf("plan: %w", Wrong("lr", 0, "too small", "")), 2, "try: plan: -lr 0: too small\n"},
		{"many lines", errors.New("a\nb\nc\nd\n"), 1, "try: a\nb\nc; d\n"},
		{"cancelled by nobody", context.Canceled, 1, "try: context canceled\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stderr strings.Builder
			status := execute("try", nil, 0, nil, &stderr, func(context.Context) error { return c.err })
			if status != c.status || stderr.String() != c.text {
				t.Errorf("%d %q, want %d %q", status, stderr.String(), c.status, c.text)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	cases := []struct {
		signal os.Signal
		err    func(ctx context.Context) error // what the run returns
		status int
		text   string
	}{
		{os.Interrupt, func(ctx context.Context) error { return ctx.Err() }, 130, "try: stopped by SIGINT\n"},
		{syscall.SIGTERM, func(ctx context.Context) error { return ctx.Err() }, 143, "try: stopped by SIGTERM\n"},
		{syscall.SIGHUP, func(ctx context.Context) error { return ctx.Err() }, 129, "try: stopped by SIGHUP\n"},
		{syscall.SIGPIPE, func(ctx context.Context) error { return ctx.Err() }, 141, "try: stopped by SIGPIPE, a closed pipe\n"},
		{syscall.SIGTERM, context.Cause, 143, "try: stopped by SIGTERM\n"},
		{os.Interrupt, func(ctx context.Context) error { return fmt.Errorf("stopped; -resume continues: %w", ctx.Err()) }, 130,
			"try: stopped; -resume continues\n"},
		{os.Interrupt, func(ctx context.Context) error { return fmt.Errorf("a.onnx: %w", ctx.Err()) }, 130, "try: a.onnx: stopped by SIGINT\n"},
		{syscall.SIGTERM, func(ctx context.Context) error { return errors.Join(ctx.Err()) }, 143, "try: stopped by SIGTERM\n"},
		{os.Interrupt, func(context.Context) error { return errors.New("disk full") }, 1, "try: disk full\n"},
		{os.Interrupt, func(context.Context) error { return nil }, 0, ""}, // it was done already
	}
	for _, c := range cases {
		signals := make(chan os.Signal, 1)
		var stderr strings.Builder
		status := execute("try", signals, 0, nil, &stderr, func(ctx context.Context) error {
			signals <- c.signal
			<-ctx.Done()
			return c.err(ctx)
		})
		if status != c.status || stderr.String() != c.text {
			t.Errorf("%v: %d %q, want %d %q", c.signal, status, stderr.String(), c.status, c.text)
		}
	}
}

// TestSecondSignal: a second signal soon after the first is the same request; a later one
// ends the process at once.
func TestSecondSignal(t *testing.T) {
	signals := make(chan os.Signal, 2)
	exited := make(chan int, 1)
	execute("try", signals, 0, func(status int) { exited <- status }, new(strings.Builder), func(context.Context) error {
		signals <- os.Interrupt
		signals <- syscall.SIGTERM
		if status := <-exited; status != 143 {
			t.Errorf("status %d", status)
		}
		return nil
	})
	status := execute("try", signals, time.Hour, func(int) { t.Error("the second signal ended the process") }, new(strings.Builder), func(ctx context.Context) error {
		signals <- syscall.SIGTERM
		signals <- syscall.SIGTERM
		<-ctx.Done()
		for len(signals) > 0 { // until the second has been received
			runtime.Gosched()
		}
		return ctx.Err()
	})
	if status != 143 {
		t.Errorf("status %d", status)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"2GiB": 2 << 30, "512MiB": 512 << 20, "1.5GB": 1_500_000_000, "1000": 1000, "7B": 7, "3 KiB": 3072, "1TiB": 1 << 40,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, bytes := range []int64{0, 1, 1000, 1024, 2 << 30, 1<<30 + 1} {
		if got, err := ParseSize(FormatSize(bytes)); err != nil || got != bytes {
			t.Errorf("%d becomes %s becomes %d, %v", bytes, FormatSize(bytes), got, err)
		}
	}
}

// TestPrint: output that cannot be written is a failure, unless the command itself fails. /dev/full behaves like a
// file on a full disk.
func TestPrint(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	defer func(stdout *os.File) { os.Stdout = stdout }(os.Stdout)
	os.Stdout = full
	if err := Print(func(out io.Writer) error { return nil }); err != nil {
		t.Errorf("nothing printed: %v", err)
	}
	failed := errors.New("failed")
	for _, done := range []error{nil, flag.ErrHelp, failed} {
		err := Print(func(out io.Writer) error { fmt.Fprint(out, "table"); return done })
		if done == failed && err != failed || done != failed && (!errors.Is(err, syscall.ENOSPC) || Status(err) != StatusFailed) {
			t.Errorf("%v: %v", done, err)
		}
	}
}
