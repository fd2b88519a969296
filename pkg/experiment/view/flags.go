package view

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/experiment/trial"
)

// DefaultAddress is the default of -addr, which only this machine can reach.
const DefaultAddress = "127.0.0.1:8080"

// DefaultRuns is the default folder of run folders.
const DefaultRuns = "results/runs"

// Main is the body of the command: it parses the flags and serves until it is stopped.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	// SIGPIPE ends other commands, because nobody reads their output. A server must survive clients that go away.
	signal.Ignore(syscall.SIGPIPE)
	return command.Do(ctx, known, args, parse, Run)
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{
		Catalog: known, Address: DefaultAddress, Memory: restore.DefaultMemory,
		Options: session.Options{Runtime: session.Auto, Extensions: known.Extensions()},
	}
	f := command.NewFlags("view", "serves a page that restores pictures and shows runs")
	f.Help = help
	f.Arguments("[RUNFOLDER ...]")
	f.Group("What is shown; run folders, or folders of them, by default those in " + DefaultRuns)
	f.Strings(&r.Models, "model", "M.onnx", "a model to try; repeat the flag for more models")
	f.Group("Where")
	f.Func("addr", "HOST:PORT", r.Address, "address of the page; a host other than the loopback lets others use it; port 0 is any free port", func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if _, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil {
			return command.Wrong("addr", s, "not an address", "write it like "+DefaultAddress)
		}
		r.Address = s
		return nil
	})
	f.Group("How pictures are restored")
	trial.DefineMemory(f, &r.Memory)
	trial.DefineRuntime(f, &r.Options)
	if err := f.Parse(args); err != nil {
		return r, err
	}
	r.Runs = f.Args()
	for _, dir := range r.Runs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return r, &command.UsageError{Value: dir, Reason: "there is no such folder", Advice: "name run folders, or folders of run folders"}
		}
	}
	if len(r.Runs) == 0 {
		r.Runs = []string{DefaultRuns}
	}
	for _, file := range r.Models {
		if _, err := os.Stat(file); err != nil {
			return r, fmt.Errorf("-model %s: there is no such file", file)
		}
	}
	return r, command.CheckOnce("model", r.Models)
}
