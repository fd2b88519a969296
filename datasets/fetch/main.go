// Command fetch downloads a data set into datasets/data and verifies it:
//
//	go run ./datasets/fetch [-out DIR] [-sha256 HEX] [-accept] cifar10|stl10|urban100|bsds500|celeba
//
// The same command continues an interrupted download. Programs may not download CelebA:
// fetch only says which of its files are missing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"multiscale/datasets"
	"multiscale/pkg/command"
	"multiscale/pkg/lists"
)

func main() {
	command.Main("fetch", func(ctx context.Context, args []string) error {
		return command.Print(func(out io.Writer) error { return run(ctx, args, out, os.Stderr) })
	})
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := datasets.Options{Out: filepath.Join("datasets", "data")}
	f := command.NewFlags("fetch", "downloads a data set and verifies it")
	f.Help = stdout
	f.Arguments("NAME")
	f.String(&o.Out, "out", "DIR", "folder below which the data set is stored")
	f.Func("sha256", "HEX", "the known ones", "checksum that the archive must have", func(s string) error {
		if o.SHA256 = s; len(s) != 64 {
			return command.Wrong("sha256", s, fmt.Sprintf("%d characters, not 64 hexadecimal digits", len(s)), "")
		}
		return nil
	})
	f.Bool(&o.Accept, "accept", "accept pictures whose digest differs from the known one")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, "\nThe data sets")
		for _, d := range datasets.Manifest {
			fmt.Fprintf(stdout, "  %-9s %s\n            %s\n", d.Name, d.Title, d.Page)
		}
		return err
	} else if err != nil {
		return err
	}
	if len(f.Args()) != 1 {
		return &command.UsageError{Reason: "name one data set", Advice: command.OneOf(names())}
	}
	name := f.Args()[0]
	d, ok := datasets.Find(name)
	if !ok {
		return &command.UsageError{Value: name, Reason: "there is no such data set", Advice: command.OneOf(names())}
	}
	fmt.Fprintf(stdout, "%s\n  licence: %s\n  cite:    %s\n", d.Title, d.Licence, d.Citation)
	p := newProgress(stderr, d.Name)
	o.Progress = p.report
	there, err := datasets.Fetch(ctx, d, o)
	p.end()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped; the same command continues: %w", ctx.Err())
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, there)
	return nil
}

func names() []string {
	return lists.Of(datasets.Manifest, func(d datasets.Dataset) string { return d.Name })
}

// progress shows the progress of a download: on a terminal as one line that changes, else
// as a new line every 10 seconds.
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

// report shows the progress, but not too often, and always at the end. total is 0 if it is unknown.
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
