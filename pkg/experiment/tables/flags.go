package tables

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/lease"
	"multiscale/pkg/mpi"
)

// Request is a request to make tables, and to train the missing units of a plan.
type Request struct {
	Catalog catalog.Catalog
	Runs    []string          // run folders, or folders of run folders
	Out     string            // folder of the tables; "" for results/runs/tables or tables-PLAN
	Plan    string            // a plan's file, or ""
	Run     bool              // train the missing units of the plan
	Shard   *plan.Shard       // train only this part; nil for all
	Claim   bool              // train units that no other process has claimed
	Lease   time.Duration     // how long a claim outlives its process
	Roots   map[string]string // folders of data sets, by name
}

// defaultRuns is the folder of run folders without -out.
var defaultRuns = filepath.Join("results", "runs")

// Main is the body of the command: it parses the flags and runs the request.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, Run)
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{Catalog: known, Lease: time.Minute, Roots: map[string]string{}}
	f := command.NewFlags("tables", "makes tables (CSV, Markdown, LaTeX) and one HTML report from run folders")
	f.Help = help
	f.Group("What goes into the tables")
	f.Strings(&r.Runs, "runs", "DIR", "a run folder, or a folder of run folders; repeat the flag for more folders (default results/runs)")
	f.String(&r.Plan, "plan", "FILE", "only the experiments of this plan, like experiments/plans/cpu.yaml; prints what is missing and its cost")
	f.String(&r.Out, "out", "DIR", "folder of the tables (default results/runs/tables, or tables-NAME for a plan)")
	f.Group("Training the missing units of a plan")
	f.Bool(&r.Run, "run", "train what is missing and continue stopped units; run folders go into the first -runs")
	f.Func("shard", "I/N", "", "with -run: only part I of N parts of about equal work, 0/N to N-1/N. Other processes may train the other parts at the same time", func(s string) (err error) {
		r.Shard, err = parseShard(s)
		return err
	})
	f.Bool(&r.Claim, "claim", "with -run: train the largest unit that no other process has claimed, then the next. Any number of processes on any machines with the same folder may do so; if one dies, another takes over its unit")
	f.Func("lease", "DURATION", command.FormatDuration(r.Lease), "with -shard or -claim: time after which a silent process counts as dead", func(s string) (err error) {
		r.Lease, err = time.ParseDuration(s)
		if err != nil || r.Lease < lease.Shortest || r.Lease > lease.Longest {
			return command.Wrong("lease", s, "not a duration that makes sense", "write it like 90s, from "+command.FormatDuration(lease.Shortest)+" to "+command.FormatDuration(lease.Longest))
		}
		return nil
	})
	var roots []string
	f.Strings(&roots, "root", "NAME=DIR", "folder of a data set; repeat the flag for more data sets (default datasets/data/NAME)")
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
	if err := r.checkSharing(); err != nil {
		return r, err
	}
	if n, variable := mpi.Launched(); n > 1 && r.Run && !r.Claim {
		return r, &command.UsageError{
			Flag:   "-run",
			Reason: fmt.Sprintf("this is one of %d processes that were started together (%s), and each would train the whole plan", n, variable),
			Advice: "give -claim, with which they divide its networks among them, or start it without mpirun; the ranks of one training are those of its own program, such as denoising",
		}
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

// checkSharing returns an error if -shard or -claim contradict each other, or lack -run.
func (r Request) checkSharing() error {
	name := "-shard"
	switch {
	case r.Shard != nil && r.Claim:
		return &command.UsageError{Flag: "-claim", Reason: "-shard is given, too", Advice: "give one of them"}
	case r.Shard == nil && !r.Claim:
		return nil
	case r.Claim:
		name = "-claim"
	}
	if !r.Run {
		return &command.UsageError{Flag: name, Reason: "nothing is trained without -run", Advice: "give -run, or leave " + name + " out"}
	}
	return nil
}

// maxShards is the largest number of parts of a plan.
const maxShards = 1 << 20

// parseShard parses I/N.
func parseShard(s string) (*plan.Shard, error) {
	index, of, ok := strings.Cut(s, "/")
	i, err := strconv.Atoi(index)
	n, e := strconv.Atoi(of)
	if !ok || err != nil || e != nil || i < 0 || i >= n || n > maxShards {
		return nil, command.Wrong("shard", s, "not a part of a plan", "write it like 0/4, which is the first of four; the last one is 3/4")
	}
	return &plan.Shard{Index: i, Of: n}, nil
}
