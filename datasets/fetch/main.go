// Command fetch downloads a data set, verified, into datasets/data:
//
//	go run ./datasets/fetch [-out DIR] [-sha256 HEX] [-accept] cifar10|stl10|urban100|bsds500|celeba
//
// A broken download is resumed by calling it again. CelebA may not be
// fetched by a program: fetch names what is missing of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"multiscale/datasets"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	var got atomic.Int32
	go func() {
		s := <-signals
		signal.Reset() // a second signal ends the program at once
		if number, ok := s.(syscall.Signal); ok {
			got.Store(int32(number))
		}
		cancel()
	}()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, context.Canceled) && got.Load() != 0:
		fmt.Fprintln(os.Stderr, "fetch: stopped; the same command continues")
		os.Exit(128 + int(got.Load()))
	}
	fmt.Fprintln(os.Stderr, "fetch:", err)
	if errors.As(err, &usage) {
		os.Exit(2)
	}
	os.Exit(1)
}

type usageError string

func (u usageError) Error() string { return string(u) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o datasets.Options
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed by main, in one line
	flags.StringVar(&o.Out, "out", filepath.Join("datasets", "data"), "`folder` below which the data set is put")
	flags.StringVar(&o.SHA256, "sha256", "", "checksum in `hex` that the archive must have, instead of the known ones")
	flags.BoolVar(&o.Accept, "accept", false, "take pictures whose digest differs from the known one")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		help(stdout, flags)
		return err
	} else if err != nil {
		return usageError(err.Error() + "; see -help")
	}
	if flags.NArg() != 1 {
		return usageError("name one data set: " + strings.Join(names(), ", "))
	}
	d, ok := datasets.Find(flags.Arg(0))
	if !ok {
		return usageError(fmt.Sprintf("%q: no such data set; use one of %s", flags.Arg(0), strings.Join(names(), ", ")))
	}
	if o.SHA256 != "" && len(o.SHA256) != 64 {
		return usageError(fmt.Sprintf("-sha256 %s: %d characters, not 64 hexadecimal digits", o.SHA256, len(o.SHA256)))
	}
	fmt.Fprintf(stdout, "%s\n  licence: %s\n  cite:    %s\n", d.Title, d.Licence, d.Citation)
	p := newProgress(stderr, d.Name)
	o.Progress = p.report
	there, err := datasets.Fetch(ctx, d, o)
	p.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, there)
	return nil
}

func names() (all []string) {
	for _, d := range datasets.Manifest {
		all = append(all, d.Name)
	}
	return all
}

func help(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintln(w, "fetch [flags] NAME downloads a data set, verified. The data sets:")
	for _, d := range datasets.Manifest {
		fmt.Fprintf(w, "  %-9s %s\n            %s\n", d.Name, d.Title, d.Page)
	}
	fmt.Fprintln(w, "The flags:")
	flags.SetOutput(w)
	flags.PrintDefaults()
}

// progress shows the progress of a download: a line that changes on a terminal, or
// else a new line now and then.
type progress struct {
	w        io.Writer
	name     string
	terminal bool
	last     time.Time
	shown    bool
}

func newProgress(w io.Writer, name string) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, name: name, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) report(have, total int64) {
	every := 10 * time.Second
	if p.terminal {
		every = time.Second / 4
	}
	now := time.Now()
	if have != total && now.Sub(p.last) < every {
		return
	}
	p.last, p.shown = now, true
	line := fmt.Sprintf("%s: %.1f MiB", p.name, float64(have)/(1<<20))
	if total > 0 {
		line += fmt.Sprintf(" of %.1f (%d%%)", float64(total)/(1<<20), 100*have/total)
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r%-60s", line)
	} else {
		fmt.Fprintln(p.w, line)
	}
}

func (p *progress) end() {
	if p.terminal && p.shown {
		fmt.Fprintln(p.w)
	}
}
