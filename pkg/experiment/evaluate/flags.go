package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/field"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// DefaultMemory is the default memory of a network for one picture, in bytes; larger
// pictures are restored in tiles.
const DefaultMemory = 2 << 30

// defaultData is a built-in data set.
const defaultData = "deadleaves"

// Main is the body of the command: it parses the flags and runs the request.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, Run)
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{Catalog: known, Data: defaultData, Settings: map[string][]float64{}, Memory: DefaultMemory, Options: session.Options{Runtime: session.Auto, Extensions: known.Extensions()}}
	f := command.NewFlags("evaluate", "measures exported models on whole pictures with fixed degradations")
	f.Help = help
	f.Group("What is measured")
	f.Strings(&r.Models, "model", "M.onnx", "a model: a file, or the name of a model that comes with the program; repeat the flag for more models")
	f.Choice(&r.Data, "data", dataset.Names(known.Data), "data set, whose validation pictures are measured; folder and pairs measure all pictures")
	f.String(&r.Root, "root", "DIR", "folder of the data set; pictures are PNG, JPEG, GIF, BMP, TIFF or WebP files (default datasets/data/NAME; your own data, as with folder, needs one)")
	f.Bool(&r.AllowIncomplete, "allow-incomplete", "accept a published data set that lacks files or pictures")
	f.Bool(&r.SkipBad, "skip-bad", "leave out pictures that cannot be read, and of pairs those without a counterpart")
	f.Choice(&r.Benchmark, "benchmark", field.Names(), "a benchmark of the field instead, on the clean pictures of -root, with simple methods and published figures for comparison; models are optional")
	f.String(&r.List, "list", "FILE", "for a benchmark: names of its pictures below -root, one a line")
	f.Int(&r.Pictures, "pictures", "N", 1, 1<<30, "all", "only the first pictures")
	f.Group("Degradations; a model gets those of its task")
	r.defineSettings(f)
	f.Group("How")
	f.String(&r.Out, "out", "DIR", "folder of the tables (default results/runs/evaluation-DATA, followed by the data's digest where it has a -root)")
	trial.DefineMemory(f, &r.Memory)
	trial.DefineRuntime(f, &r.Options)
	if err := f.Parse(args); err != nil {
		return r, err
	}
	return r, r.check()
}

// defineSettings defines a flag for each setting of the tasks' evaluations.
func (r *Request) defineSettings(f *command.Flags) {
	type use struct {
		task.Setting
		defaults []string
	}
	var order []string
	uses := map[string]*use{}
	for _, t := range r.Catalog.Tasks {
		for _, s := range t.Evaluation.Settings {
			if uses[s.Name] == nil {
				uses[s.Name] = &use{Setting: s}
				order = append(order, s.Name)
			}
			var values []string
			for _, v := range s.Defaults {
				values = append(values, strconv.FormatFloat(v, 'g', -1, 64))
			}
			uses[s.Name].defaults = append(uses[s.Name].defaults, strings.Join(values, ",")+" for "+t.Name)
		}
	}
	for _, name := range order {
		u := uses[name]
		if u.Switch {
			f.Switch(name, u.Usage, func() { r.Settings[name] = []float64{0} })
			continue
		}
		f.Func(name, cmp.Or(u.Unit, "NUMBER")+",...", strings.Join(u.defaults, ", "), u.Usage, func(s string) error {
			for part := range strings.SplitSeq(s, ",") {
				v, err := u.Parse(part)
				switch {
				case err != nil:
					return command.Wrong(name, s, err.Error(), "")
				case slices.Contains(r.Settings[name], v):
					return command.Wrong(name, s, fmt.Sprintf("%v is in it twice", v), "")
				}
				r.Settings[name] = append(r.Settings[name], v)
			}
			return nil
		})
	}
}

// check returns an error if flags that are each valid do not go together.
func (r *Request) check() error {
	if err := command.CheckOnce("model", r.Models); err != nil {
		return err
	}
	switch {
	case r.Benchmark != "":
		return r.checkBenchmark()
	case r.List != "":
		return command.Wrong("list", r.List, "it is for a -benchmark", "give -benchmark NAME, or leave it out")
	case len(r.Models) == 0:
		return &command.UsageError{Flag: "-model", Reason: "missing", Advice: "give -model M.onnx, once for each model"}
	}
	format, err := dataset.Find(r.Catalog.Data, r.Data)
	if err != nil {
		return command.Wrong("data", r.Data, "unknown", command.OneOf(dataset.Names(r.Catalog.Data)))
	}
	return setting.CheckData(format, r.Root, "")
}

// checkBenchmark returns an error if a benchmark's folder is missing, or a flag is given that the benchmark decides.
func (r *Request) checkBenchmark() error {
	fixed := func(flag string) error {
		return &command.UsageError{Flag: "-" + flag, Reason: "-benchmark " + r.Benchmark + " decides it", Advice: "leave it out"}
	}
	switch {
	case r.Root == "":
		return &command.UsageError{Flag: "-root", Reason: "-benchmark needs the folder of the pictures", Advice: "give -root DIR"}
	case r.Data != defaultData && r.Data != "folder":
		return fixed("data")
	case r.AllowIncomplete:
		return fixed("allow-incomplete")
	case r.SkipBad:
		return fixed("skip-bad")
	}
	for name := range r.Settings {
		return fixed(name)
	}
	return nil
}
