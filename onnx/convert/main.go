// Command convert reads a model that this project exported and writes its network
// again, with few operations and for one size of pictures:
//
//	go run ./onnx/convert -shape 1x3x64x64 MODEL.onnx CORE.onnx
//
// The result keeps to what onnx-go's own backend gorgonnx can run. -ops full turns it back
// into the model that it was made from.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const usage = "usage: convert [-ops core|full] [-shape 1x3x64x64] MODEL.onnx RESULT.onnx"

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed below, in one line
	ops := flags.String("ops", "core", "`operations` of the result: core, those of onnx-go's own backend, or full, what is exported after training")
	shape := flags.String("shape", "1x3x64x64", "of the pictures (N,C,H,W) in `pixels`, the only one that a model of core operations takes")
	err := flags.Parse(args)
	var shapes [][]int
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	case err == nil && flags.NArg() != 2:
		err = fmt.Errorf("%d files are given, two are wanted", flags.NArg())
	case err == nil && *ops == "core":
		if shapes, err = crosscheck.ParseShapes(*shape); err != nil {
			err = fmt.Errorf("-shape: %w", err)
		} else if len(shapes) != 1 {
			err = fmt.Errorf("-shape %s: one shape is wanted", *shape)
		}
	case err == nil && *ops != "full":
		err = fmt.Errorf("-ops %s: core or full is wanted", *ops)
	}
	if err != nil {
		fmt.Fprintf(stderr, "convert: %v\n%s\n", err, usage)
		return 2
	}
	var core []int
	if shapes != nil {
		core = shapes[0]
	}
	if err := convert(flags.Arg(0), flags.Arg(1), core); err != nil {
		fmt.Fprintf(stderr, "convert: %v\n", err)
		return 1
	}
	return 0
}

// convert writes the network of one file to another; core is the shape of pictures, nil for any.
func convert(from, to string, core []int) error {
	m, err := onnx.ReadFile(from)
	if err != nil {
		return err
	}
	i, err := export.Import(m, export.Extensions{})
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	i.Options.Core = core
	result, err := export.Network(i.Network, i.Channels, i.Params, i.Options)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return result.WriteFile(to)
}
