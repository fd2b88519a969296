// Command check runs an ONNX model in every available runtime on the same random
// inputs of several shapes and compares the results:
//
//	go run ./onnx/check MODEL.onnx
//	go run ./onnx/check -time [-side 512] MODEL.onnx
//
// With -time it measures instead: it prints one JSON object a runtime, with the seconds to
// open the model and to run it on one picture, and the peak memory of a process that does so.
//
// It exits with 0 when all agree within the tolerance, with 1 when they do not
// or the model cannot be run, and with 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/session"
	"multiscale/pkg/kernel"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const usage = "usage: check [-tolerance 1e-4] [-seed 1] [-shapes 1x3x32x32,...] [-onnxruntime PATH] MODEL.onnx, or check -time [-side 256] MODEL.onnx"

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed below, in one line
	tolerance := flags.Float64("tolerance", crosscheck.Tolerance, "largest `difference` allowed, times the largest output where that is above 1; larger by default for models of float16 and bfloat16")
	seed := flags.Uint64("seed", 1, "of the random inputs")
	shapes := flags.String("shapes", "", "of the images, as in 1x3x32x32,2x3x48x64; by default a few that the model takes")
	library := flags.String("onnxruntime", "", "`path` of ONNX Runtime's shared library, if it is not found automatically (environment: ONNXRUNTIME_LIB)")
	timed := flags.Bool("time", false, "print seconds and peak memory of each runtime, as JSON")
	side := flags.Int("side", 256, "with -time: of the picture, in pixels")
	only := flags.String("runtime", "", "with -time: `one` of network, onnxruntime and onnx-go, measured in this process; by default the first two take turns")
	options := crosscheck.Options{}
	if err := kernel.Check(); err != nil {
		fmt.Fprintf(stderr, "check: %v\n", err)
		return 2
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	case err == nil && flags.NArg() != 1:
		err = fmt.Errorf("%d model files are given; give one", flags.NArg())
	case err == nil && !(*tolerance >= 0 && *tolerance <= math.MaxFloat64):
		err = fmt.Errorf("-tolerance %v: not a number that differences can be compared with", *tolerance)
	case err == nil && (*side < 1 || *side > 1<<14):
		err = fmt.Errorf("-side %d: not a side from 1 to 16384", *side)
	case err == nil && *only != "" && (*only == session.Auto || !slices.Contains(session.Runtimes(), *only)):
		err = fmt.Errorf("-runtime %s: use network, onnxruntime or onnx-go", *only)
	case err == nil && *shapes != "":
		if options.Shapes, err = crosscheck.ParseShapes(*shapes); err != nil {
			err = fmt.Errorf("-shapes: %w", err)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "check: %v\n%s\n", err, usage)
		return 2
	}
	if *timed {
		if err := (timer{path: flags.Arg(0), library: *library, only: *only, side: *side}).run(stdout, stderr); err != nil {
			fmt.Fprintf(stderr, "check: %v\n", err)
			return 1
		}
		return 0
	}
	options.Seed, options.Library, options.Folder = *seed, *library, filepath.Dir(flags.Arg(0))
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "tolerance" })
	if !given {
		*tolerance = ofModel
	}
	if err := check(flags.Arg(0), options, *tolerance, stdout); err != nil {
		fmt.Fprintf(stderr, "check: %v\n", err)
		return 1
	}
	return 0
}

// ofModel stands for the tolerance that fits the types of the model.
const ofModel = -1

func check(path string, options crosscheck.Options, tolerance float64, stdout io.Writer) error {
	data, err := onnx.ReadBytes(path)
	if err != nil {
		return err
	}
	report, err := crosscheck.Run(context.Background(), data, options)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if tolerance == ofModel {
		tolerance = report.Tolerance
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "runtime\tversion\tshape\tmax abs\tmax rel\tms")
	compared := false
	for _, r := range report.Rows {
		difference := fmt.Sprintf("%.2g\t%.2g", r.MaxAbs, r.MaxRel)
		if r.Reference {
			difference = "reference\t"
		}
		compared = compared || !r.Reference
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.1f\n", r.Runtime, r.Version, r.Shape, difference, r.Milliseconds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, note := range report.Notes {
		fmt.Fprintln(stdout, note)
	}
	if !compared {
		fmt.Fprintln(stdout, "only one runtime ran the model: there was nothing to compare it with")
	}
	if worst, failed := report.Worst(tolerance); failed {
		return fmt.Errorf("%s: %s differs by %.3g at shape %s, the tolerance is %g", path, worst.Runtime, worst.MaxAbs, worst.Shape, worst.Limit(tolerance))
	}
	return nil
}
