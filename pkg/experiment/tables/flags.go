package tables

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
)

// Request is what the command is to do.
type Request struct {
	Catalog catalog.Catalog
	Runs    []string          // folders that are run folders or hold some
	Out     string            // folder of the tables; "" for results/runs/tables or tables-PLAN
	Plan    string            // a plan's file, or ""
	Run     bool              // train what is missing of it
	Roots   map[string]string // folders of data sets, by name
}

// defaultRuns is where training experiments put their run folders.
var defaultRuns = filepath.Join("results", "runs")

// Main is the command's body: it parses the flags and runs.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, Run)
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{Catalog: known, Roots: map[string]string{}}
	f := command.NewFlags("tables", "brings run folders together into tables (CSV, Markdown, LaTeX) and one HTML report")
	f.Help = help
	f.Group("What goes into the tables")
	f.Strings(&r.Runs, "runs", "DIR", "a run folder, or a folder of run folders; give the flag again for further ones (default results/runs)")
	f.String(&r.Plan, "plan", "FILE", "only the experiments of this plan, like experiments/plans/cpu.yaml; says what is missing and what that costs")
	f.String(&r.Out, "out", "DIR", "folder of the tables (default results/runs/tables, or tables-NAME for a plan)")
	f.Group("Training what is missing of a plan")
	f.Bool(&r.Run, "run", "train what is missing and continue what was stopped; run folders go into the first -runs")
	var roots []string
	f.Strings(&roots, "root", "NAME=DIR", "folder of a data set; give the flag again for further ones (default datasets/data/NAME)")
	f.Threads()
	if err := f.Parse(args); err != nil {
		return r, err
	}
	for _, root := range roots {
		name, dir, ok := strings.Cut(root, "=")
		switch {
		case !ok || dir == "":
			return r, command.Wrong("root", root, "not a data set and its folder", "write it like bsds500=path/to/bsds500")
		case !slices.Contains(dataset.Names(known.Data), name):
			return r, command.Wrong("root", root, "there is no data set "+name, "use one of "+strings.Join(dataset.Names(known.Data), ", "))
		case r.Roots[name] != "":
			return r, command.Wrong("root", root, "the folder of "+name+" is given twice", "give it once")
		}
		r.Roots[name] = dir
	}
	if r.Plan == "" && (r.Run || len(roots) > 0) {
		name := "-root"
		if r.Run {
			name = "-run"
		}
		return r, &command.UsageError{Flag: name, Reason: "there is no plan to run", Advice: "give -plan FILE, or leave it out"}
	}
	if len(r.Runs) == 0 {
		r.Runs = []string{defaultRuns}
	}
	return r, nil
}
