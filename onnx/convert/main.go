// Command convert converts the file of a network. It reads .onnx, .safetensors, .pth and .pt, and writes .onnx and
// .safetensors, as the suffixes of the arguments say:
//
//	go run ./onnx/convert -network unet model.pth model.onnx
//	go run ./onnx/convert model.onnx model.safetensors
//
// It converts a model of this project to few core operations, for one size of pictures:
//
//	go run ./onnx/convert -shape 1x3x64x64 MODEL.onnx CORE.onnx
//
// MODEL.onnx may be the name of a model that comes with the project, as in
//
//	go run ./onnx/convert denoise denoise.safetensors
//
// For other programs it writes a model with one input and one output, RGB in [0,1] of any size:
//
//	go run ./onnx/convert -form image [-sigma 25] [-half] MODEL.onnx IMAGE.onnx
//
// onnx-go's backend gorgonnx can run the result of -shape. -ops full converts it back to the original
// model.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"multiscale/onnx/crosscheck"
	"multiscale/pkg/command"
	"multiscale/pkg/durable"
	"multiscale/pkg/weights"
)

func main() {
	command.Main("convert", func(_ context.Context, args []string) error {
		return command.Print(func(out io.Writer) error { return run(args, out) })
	})
}

func run(args []string, out io.Writer) error {
	c := conversion{sigma: math.NaN(), out: out}
	var ops, mean, std string
	shape := "1x3x64x64"
	f := command.NewFlags("convert", "converts the file of a network from .onnx, .safetensors, .pth or .pt to .onnx or .safetensors; IN may be the name of a model that comes with the project")
	f.Help = out
	f.Arguments("IN OUT")
	f.Func("network", "NAME", "the one that IN describes, else the first that fits", "network of the weights: "+strings.Join(names(), ", ")+
		", with other options after a colon as in resnet:hidden=64, or a description in JSON", func(s string) error { c.network = s; return nil })
	f.Func("ops", "core|full", "core from .onnx to .onnx, else full", "operations of the result: core (only those of onnx-go's own backend) or full (as exported after training)",
		func(s string) error { ops = s; return nil })
	f.Choice(&c.form, "form", []string{"image"}, "for other programs, from .onnx to .onnx: one input and one output of pixels in [0,1] of any size; normalisation, padding and the noise level are in the graph")
	f.Func("sigma", "NUMBER", "estimated from each picture in the graph", "with -form image: the noise level on the 8-bit scale, for networks that take one", func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= 0 && v <= 255) {
			return command.Wrong("sigma", s, "not a noise level", "give a number from 0 to 255")
		}
		c.sigma = v
		return nil
	})
	f.Bool(&c.half, "half", "with -form image: store weights as float16, at half the size; the effect is printed")
	f.String(&shape, "shape", "NxCxHxW", "the only shape of pictures that a model of core operations accepts")
	f.String(&c.task, "task", "NAME", "task that weights of other programs were trained for, as in denoising; with -mean and -std, which restore and evaluate need")
	f.String(&mean, "mean", "NUMBER,...", "mean of the pixels in [0,1] that weights of other programs were trained on: one number, or one per channel as in 0.5,0.5,0.5")
	f.String(&std, "std", "NUMBER,...", "their standard deviation, in the same form")
	if err := f.Parse(args); err != nil {
		return err
	}
	if n := len(f.Args()); n != 2 {
		return &command.UsageError{Reason: fmt.Sprintf("%d files are given", n), Advice: "give two, IN and OUT; -h lists the flags"}
	}
	c.from, c.to = f.Args()[0], f.Args()[1]
	if err := c.parse(ops, shape, mean, std); err != nil {
		return &command.UsageError{Reason: err.Error()}
	}
	if c.form == "" && !math.IsNaN(c.sigma) {
		return &command.UsageError{Flag: "-sigma", Reason: "it is for -form image", Advice: "leave it out"}
	}
	if c.form == "" && c.half {
		return &command.UsageError{Flag: "-half", Reason: "it is for -form image", Advice: "leave it out"}
	}
	if c.form != "" && (ops != "" || c.network != "" || c.task != "" || weights.Known(c.from) || c.toSafetensors()) {
		return &command.UsageError{Flag: "-form", Reason: "it is from .onnx to .onnx, without -ops, -network and -task", Advice: "leave them out"}
	}
	if err := durable.CheckFile(c.to); err != nil {
		return err
	}
	return c.run()
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
