package evaluate

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/trial"
)

const (
	// DefaultMemory is what a network may use for one picture; what needs more is
	// restored in tiles.
	DefaultMemory = 2 << 30
	leastMemory   = 1 << 20

	defaultBlur = 3 // pixels, as in training
)

// Main is the command's body: it parses the flags and runs.
func Main(ctx context.Context, args []string) error {
	r, err := parse(args, os.Stdout)
	if err != nil {
		return err
	}
	return Run(ctx, r, os.Stdout, os.Stderr)
}

func parse(args []string, help io.Writer) (Request, error) {
	r := Request{Data: "deadleaves", Blur: defaultBlur, Memory: DefaultMemory, Options: session.Options{Runtime: session.Auto}}
	f := command.NewFlags("evaluate", "measures exported models on whole pictures with fixed degradations")
	f.Help = help
	f.Group("What is measured")
	f.Strings(&r.Models, "model", "M.onnx", "a model; give the flag again for each further one")
	f.Choice(&r.Data, "data", dataset.Names(), "data set, of which the validation pictures are taken; of folder all")
	f.String(&r.Root, "root", "DIR", "folder of the data set (default datasets/data/NAME; folder needs one)")
	f.Int(&r.Pictures, "pictures", "N", 1, 1<<30, "all", "only the first pictures")
	f.Group("Degradations; which a model meets follows from its task")
	f.Func("noise", "SHARE,...", "0.1,0.3 for denoising, 0.05 else", "shares of noise: 1-t of denoising, t of deblurring and inpainting", func(s string) error {
		for _, part := range strings.Split(s, ",") {
			v, err := trial.ParseNoise(part)
			if err != nil {
				return command.Wrong("noise", s, err.Error(), "")
			}
			r.Noise = append(r.Noise, v)
		}
		r.Asked = append(r.Asked, Asked{"noise", []string{"denoising", "deblurring", "inpainting"}})
		return nil
	})
	f.Func("blur", "PIXELS", "3", "standard deviation of the blur of deblurring", func(s string) (err error) {
		if r.Blur, err = trial.ParseBlur(s); err != nil {
			return command.Wrong("blur", s, err.Error(), "")
		}
		r.Asked = append(r.Asked, Asked{"blur", []string{"deblurring"}})
		return nil
	})
	boxes := false
	f.Bool(&boxes, "boxes", "boxes to paint in, which models for inpainting meet in any case")
	f.Group("How")
	f.String(&r.Out, "out", "DIR", "folder of the tables (default results/runs/evaluation-DATA)")
	f.Func("memory", "SIZE", command.FormatSize(r.Memory), "for what a network computes in between; a picture that needs more is restored in tiles", func(s string) error {
		size, err := command.ParseSize(s)
		if err != nil || size < leastMemory {
			return command.Wrong("memory", s, "not a size to work with", "write it like 512MiB; the least is "+command.FormatSize(leastMemory))
		}
		r.Memory = size
		return nil
	})
	f.Choice(&r.Options.Runtime, "runtime", session.Runtimes(), "what runs the models; auto is ONNX Runtime where it is there, else the network with its training kernels; onnx-go is slow and independent of both")
	f.String(&r.Options.Library, "onnxruntime", "PATH", "ONNX Runtime's shared library, when it is not found by itself (environment: "+runtime.Variable+")")
	if err := f.Parse(args); err != nil {
		return r, err
	}
	if boxes {
		r.Asked = append(r.Asked, Asked{"boxes", []string{"inpainting"}})
	}
	if r.Out == "" {
		r.Out = filepath.Join("results", "runs", "evaluation-"+r.Data)
	}
	return r, r.check()
}

// check refuses what single flags cannot.
func (r *Request) check() error {
	seen := map[string]bool{}
	for _, m := range r.Models {
		if seen[filepath.Clean(m)] {
			return command.Wrong("model", m, "given twice", "give each model once")
		}
		seen[filepath.Clean(m)] = true
	}
	switch {
	case len(r.Models) == 0:
		return &command.UsageError{Flag: "-model", Reason: "missing", Advice: "give -model M.onnx, once for each model"}
	case r.Data == "folder" && r.Root == "":
		return &command.UsageError{Flag: "-root", Reason: "-data folder needs the folder of the pictures", Advice: "give -root DIR"}
	case r.Data == "deadleaves" && r.Root != "":
		return command.Wrong("root", r.Root, "-data deadleaves reads no files", "give -data as well, for instance -data folder")
	}
	return nil
}
