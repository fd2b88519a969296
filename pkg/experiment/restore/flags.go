package restore

import (
	"context"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/trial"
)

// DefaultMemory is the default memory of a network for a tile, in bytes. With it, the
// process restores a picture of 24 megapixels in less than 1.5 GB.
const DefaultMemory = 256 << 20

// Main is the body of the command: it parses the flags and runs the request.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, Run)
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{Catalog: known, Memory: DefaultMemory, Options: session.Options{Runtime: session.Auto, Extensions: known.Extensions()}}
	f := command.NewFlags("restore", "runs an exported model on a picture of any size")
	f.Help = help
	f.Group("What is done")
	f.String(&r.Model, "model", "M.onnx", "the model: a file, or the name of a model that comes with the program; an unknown name prints the available names")
	f.String(&r.In, "in", "PICTURE", "the picture: PNG, JPEG, GIF, BMP, TIFF, WebP or an array (channels, rows, columns) in .npy, turned upright by its EXIF orientation; or a folder, to restore all pictures in it and in its subfolders")
	f.String(&r.Out, "out", "PICTURE", "the result; its extension chooses the format: PNG, JPEG, GIF, BMP, TIFF, or .npy for numbers; or a folder, if -in is one: results have the pictures' names, with .png after those of formats that are not written")
	f.String(&r.Mask, "mask", "PICTURE", "for inpainting and filling: a picture of the same size, white where the picture should be filled; all other pixels stay as they are")
	f.Bool(&r.Resume, "resume", "for a folder: leave out pictures with complete results")
	f.Func("t", "T", "estimated from the picture and printed",
		"the second input t of the network: in denoising 1-n, in deblurring, inpainting and filling n, where n/(1-n) is the noise's standard deviation in normalised values; in awgn and sharpening this deviation",
		func(s string) error {
			for part := range strings.SplitSeq(s, ",") {
				v, err := strconv.ParseFloat(part, 32)
				if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
					return command.Wrong("t", s, "not a number", "give one like 0.8, or several with commas between them where the network takes several")
				}
				r.T = append(r.T, float32(v))
			}
			return nil
		})
	var forms []string
	for _, t := range known.Tasks {
		if form := t.Form(); !(t.Paired() && t.Scale == 1) && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	f.String(&r.Test, "test", strings.Join(forms, "|"), "degrade -in, which must be clean, and write degraded, restored and clean side by side; noise is its share, 1-t of denoising")
	f.Group("How it is done")
	trial.DefineMemory(f, &r.Memory)
	f.Int(&r.Tile, "tile", "PIXELS", 8, 8192, "what fits the memory", "side of the tiles, even if the whole picture fits")
	trial.DefineRuntime(f, &r.Options)
	if err := f.Parse(args); err != nil {
		return r, err
	}
	for _, needed := range []struct{ name, value, unit string }{{"model", r.Model, "M.onnx"}, {"in", r.In, "PICTURE"}, {"out", r.Out, "PICTURE"}} {
		if needed.value == "" {
			return r, &command.UsageError{Flag: "-" + needed.name, Reason: "missing", Advice: "give -" + needed.name + " " + needed.unit}
		}
	}
	return r, nil
}
