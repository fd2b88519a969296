// Command convert changes the form of a network's file. From .onnx, .safetensors, .pth and .pt it writes .onnx and
// .safetensors; the suffixes say which:
//
//	go run ./onnx/convert -network unet model.pth model.onnx
//	go run ./onnx/convert model.onnx model.safetensors
//
// From a model that this project exported to another, it writes the network again, with few operations and for one size
// of pictures:
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
	"path/filepath"
	"strings"

	"multiscale/onnx/crosscheck"
	"multiscale/pkg/durable"
	"multiscale/pkg/weights"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const usage = "usage: convert [-network NAME] [-ops core|full] [-shape 1x3x64x64] IN OUT"

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("convert", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed below, in one line
	var c conversion
	var ops, shape, mean, std string
	flags.StringVar(&c.network, "network", "", "`name` of the network that the weights are of: "+strings.Join(names(), ", ")+", with other options behind a colon as in resnet:hidden=64, or a description in JSON (default: what IN says, else the first that fits)")
	flags.StringVar(&ops, "ops", "", "`operations` of the result: core, those of onnx-go's own backend, or full, what is exported after training (default core from .onnx to .onnx, else full)")
	flags.StringVar(&shape, "shape", "1x3x64x64", "of the pictures (N,C,H,W) in `pixels`, the only one that a model of core operations takes")
	flags.StringVar(&c.task, "task", "", "`name` of the task that weights of other programs were trained for, as in denoising; with -mean and -std, which restore and evaluate need")
	flags.StringVar(&mean, "mean", "", "mean of the pixels in [0,1] that weights of other programs were trained on: one `number`, or one a channel, as in 0.5,0.5,0.5")
	flags.StringVar(&std, "std", "", "their standard deviation, in the same `form`")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	case err == nil && flags.NArg() != 2:
		err = fmt.Errorf("%d files are given; give two", flags.NArg())
	case err == nil:
		c.from, c.to = flags.Arg(0), flags.Arg(1)
		err = c.parse(ops, shape, mean, std)
	}
	if err != nil {
		fmt.Fprintf(stderr, "convert: %v\n%s\n", err, usage)
		return 2
	}
	if err = durable.CheckFile(c.to); err == nil {
		err = c.run()
	}
	if err != nil {
		fmt.Fprintf(stderr, "convert: %v\n", err)
		return 1
	}
	return 0
}

// parse checks the flags that go together.
func (c *conversion) parse(ops, shape, mean, std string) error {
	switch toWeights := c.toSafetensors(); {
	case !toWeights && weights.Known(c.to):
		return fmt.Errorf("%s: %s is read, not written; PyTorch loads .safetensors", c.to, filepath.Ext(c.to))
	case ops != "" && ops != "core" && ops != "full":
		return fmt.Errorf("-ops %s: unknown; use core or full", ops)
	case ops != "" && toWeights:
		return fmt.Errorf("-ops %s: %s holds weights and no operations", ops, c.to)
	case ops == "core", ops == "" && !toWeights && !weights.Known(c.from):
		shapes, err := crosscheck.ParseShapes(shape)
		if err != nil {
			return fmt.Errorf("-shape: %w", err)
		}
		if len(shapes) != 1 {
			return fmt.Errorf("-shape %s: give one shape", shape)
		}
		c.core = shapes[0]
	}
	if (c.task == "") != (mean == "") || (mean == "") != (std == "") {
		return errors.New("-task, -mean and -std go together")
	}
	var err error
	if c.mean, err = numbers("-mean", mean); err != nil {
		return err
	}
	if c.std, err = numbers("-std", std); err != nil {
		return err
	}
	if len(c.mean) != len(c.std) {
		return fmt.Errorf("-mean %s and -std %s: they differ in length", mean, std)
	}
	return nil
}
