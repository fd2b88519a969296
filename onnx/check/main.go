// Command check runs an ONNX model in every available runtime on the same random
// inputs of several shapes and compares the results:
//
//	go run ./onnx/check MODEL.onnx
//	go run ./onnx/check -time [-side 512] MODEL.onnx
//
// With -time it measures instead: it prints one JSON object per runtime, with the seconds to open
// the model and to run it on one picture, and the peak memory of a process that does this.
//
// The exit code is 0 if all runtimes agree within the tolerance, 1 if they do not or if the model
// cannot be run, and 2 for wrong usage.
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/session"
	"multiscale/pkg/command"
)

func main() {
	command.Main("check", func(ctx context.Context, args []string) error {
		return command.Print(func(out io.Writer) error { return run(ctx, args, out, os.Stderr) })
	})
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	options, tolerance := crosscheck.Options{Seed: 1}, float64(ofModel)
	f := command.NewFlags("check", "runs an ONNX model in every available runtime on the same random inputs and compares the results")
	f.Help = stdout
	f.Arguments("MODEL.onnx")
	f.Group("Comparing")
	f.Func("tolerance", "NUMBER", fmt.Sprintf("%g; larger for models of float16 and bfloat16", crosscheck.Tolerance),
		"largest allowed difference; it is multiplied by the largest output if that is above 1", func(s string) (err error) {
			if tolerance, err = strconv.ParseFloat(s, 64); err != nil || !(tolerance >= 0 && tolerance <= math.MaxFloat64) {
				return command.Wrong("tolerance", s, "not a number that differences can be compared with", "")
			}
			return nil
		})
	f.Func("seed", "N", "1", "seed of the random inputs", func(s string) (err error) {
		if options.Seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			return command.Wrong("seed", s, "not a whole number from 0 on", "")
		}
		return nil
	})
	f.Func("shapes", "SHAPE,...", "a few that the model takes", "shapes of the images, as in 1x3x32x32,2x3x48x64", func(s string) (err error) {
		if options.Shapes, err = crosscheck.ParseShapes(s); err != nil {
			return command.Wrong("shapes", s, err.Error(), "")
		}
		return nil
	})
	f.String(&options.Library, "onnxruntime", "PATH", "ONNX Runtime's shared library, if it is not found automatically (environment: ONNXRUNTIME_LIB)")
	timed, measured := false, timer{side: 256}
	f.Group("Measuring")
	f.Bool(&timed, "time", "print seconds and peak memory of each runtime, as JSON")
	f.Int(&measured.side, "side", "PIXELS", 1, 1<<14, strconv.Itoa(measured.side), "side of the picture")
	f.Func("runtime", "network|onnxruntime|onnx-go", "the first two in turn", "the runtime to measure, in this process", func(s string) error {
		if measured.only = s; s == session.Auto || !slices.Contains(session.Runtimes(), s) {
			return command.Wrong("runtime", s, "unknown", "use network, onnxruntime or onnx-go")
		}
		return nil
	})
	if err := f.Parse(args); err != nil {
		return err
	}
	if n := len(f.Args()); n != 1 {
		return &command.UsageError{Reason: fmt.Sprintf("%d model files are given", n), Advice: "give one; -h lists the flags"}
	}
	path := f.Args()[0]
	if timed {
		measured.path, measured.library = path, options.Library
		return measured.run(stdout, stderr)
	}
	options.Folder = filepath.Dir(path)
	return check(ctx, path, options, tolerance, stdout)
}

// ofModel selects the tolerance for the types of the model.
const ofModel = -1

func check(ctx context.Context, path string, options crosscheck.Options, tolerance float64, stdout io.Writer) error {
	data, err := onnx.ReadBytes(path)
	if err != nil {
		return err
	}
	report, err := crosscheck.Run(ctx, data, options)
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
