// Command survive kills a denoising run at random moments, resumes it, and
// compares tables and models with those of an undisturbed run.
//
//	go run ./experiments/survive [-kills N] [-seed N] [-- FLAGS OF DENOISING]
//
// Without flags for denoising it trains with the quick profile. It takes as long as two
// runs plus a start after each kill.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/survive"
	"multiscale/pkg/program"
)

// trains is the environment variable with which this program starts itself as the
// training program that it kills.
const trains = "MULTISCALE_SURVIVE_TRAINS"

func main() {
	if os.Getenv(trains) != "" {
		program.Train("denoising")
	}
	command.Main("survive", func(ctx context.Context, args []string) error {
		return command.Print(func(out io.Writer) error { return run(ctx, args, out) })
	})
}

func run(ctx context.Context, args []string, out io.Writer) error {
	kills, seed := 50, 1
	f := command.NewFlags("survive", "kills a denoising run at random moments, resumes it, and compares the results with an undisturbed run's.")
	f.Int(&kills, "kills", "N", 1, 10_000, "50", "kills, with SIGKILL")
	f.Int(&seed, "seed", "N", 0, 1<<31-1, "1", "seed of the moments")
	f.Arguments("[-- FLAGS OF DENOISING]")
	f.Help = out
	if err := f.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "survive-")
	if err != nil {
		return err
	}
	if err := os.Setenv(trains, "1"); err != nil {
		return err
	}
	command := append([]string{self, "-checkpoint-every", "1s"}, f.Args()...)
	trial := survive.Trial{Command: command, Dir: dir, Kills: kills, Seed: uint64(seed)}
	report, err := trial.Run(ctx, func(line string) { fmt.Fprintln(out, line) })
	if err != nil {
		return fmt.Errorf("%w; the run folders are in %s", err, dir)
	}
	fmt.Fprintf(out, "%d kills, %d runs, %d files of each: all bytes are the same\n", report.Kills, report.Runs, report.Files)
	return os.RemoveAll(dir)
}
