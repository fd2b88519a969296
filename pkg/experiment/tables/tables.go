// Package tables is the body of experiments/tables: it makes tables and a report from
// run folders that it finds, or from those of a plan.
package tables

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"multiscale/pkg/catalog"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
)

// Run runs the request: it prints the tables to out, and progress and missing units to
// log. It also returns an error if the tables lack requested units.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	if r.Plan != "" {
		return runPlan(ctx, r, out, log)
	}
	r.Out = cmp.Or(r.Out, filepath.Join(defaultRuns, "tables"))
	if err := durable.CheckFolder(r.Out); err != nil { // before it reads many runs
		return fmt.Errorf("-out %w", err)
	}
	c := collect(r.Catalog, r.Runs, r.Out)
	if len(c.passed) > 0 {
		fmt.Fprintf(log, "passed over: %s\n", strings.Join(c.passed, ", "))
	}
	return c.finish(r.Out, "Multiscale training compared", out, log)
}

// runPlan makes the tables of a plan, after it has trained missing units or printed their cost.
func runPlan(ctx context.Context, r Request, out, log io.Writer) error {
	p, err := plan.Read(r.Plan, r.Catalog, r.Roots)
	if err != nil {
		return fmt.Errorf("-plan %w", err)
	}
	r.Out = cmp.Or(r.Out, filepath.Join(defaultRuns, "tables-"+p.Name))
	if err := durable.CheckFolder(r.Out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	failed := map[string]error{}
	fails := func(dir string, err error) { failed[dir] = err }
	shared := r.Shard != nil || r.Claim
	states := p.Look(r.Runs)
	switch sharing := (plan.Sharing{Known: r.Catalog, Lease: r.Lease, Log: log, Failed: fails}); {
	case r.Claim:
		err = sharing.RunClaims(ctx, func() []plan.State { return p.Look(r.Runs) })
	case r.Shard != nil:
		err = sharing.RunShard(ctx, states, *r.Shard)
	default:
		if r.Run { // without printState: timing every experiment of a long plan takes minutes
			err = plan.Run(ctx, r.Catalog, states, log, fails)
		} else {
			err = printState(ctx, r.Catalog, states, log)
		}
	}
	if err != nil {
		return err
	}
	if r.Run {
		states = p.Look(r.Runs)
	}
	missing := 0
	for i, s := range states {
		if err := failed[s.Dir]; err != nil && s.Err == nil {
			states[i].Err = fmt.Errorf("%s: %w", s.Dir, err)
		}
		missing += len(s.Missing)
	}
	if shared && missing > 0 && len(failed) == 0 && !slices.ContainsFunc(states, func(s plan.State) bool { return s.Err != nil }) {
		fmt.Fprintf(log, "this part is finished; %s of the plan missing, and the process that finishes last writes the tables\n", count(missing, "network"))
		return nil
	}
	c := planned(r.Catalog, states)
	return c.finish(r.Out, "Multiscale training compared: "+p.Name, out, log)
}

// printState prints a table of a plan's experiments: finished and missing units, and the cost of the latter.
func printState(ctx context.Context, known catalog.Catalog, states []plan.State, log io.Writer) error {
	shown := progress.New(log)
	costs, err := plan.Estimate(ctx, known, states, func(done, all int) { shown.Count("experiments timed", done, all) })
	shown.Close()
	if err != nil {
		return err
	}
	rows := [][]string{{"run folder", "finished", "begun", "missing", "work units", "time, about"}}
	var total plan.Cost
	missing := 0
	line := func(name string, finished, begun, missing string, c plan.Cost) {
		work, seconds := "", ""
		if c.WorkUnits > 0 {
			work, seconds = table.Plain(c.WorkUnits), progress.Duration(time.Duration(c.Seconds*float64(time.Second)))
		}
		rows = append(rows, []string{name, finished, begun, missing, work, seconds})
	}
	for i, s := range states {
		total.WorkUnits += costs[i].WorkUnits
		total.Seconds += costs[i].Seconds
		missing += len(s.Missing)
		line(s.Folder, fmt.Sprint(len(s.Contents.Summaries)), fmt.Sprint(s.Begun), fmt.Sprint(len(s.Missing)-s.Begun), costs[i])
	}
	line("all", "", "", fmt.Sprint(missing), total)
	fmt.Fprintf(log, "%s\n", table.Aligned(rows, 1))
	return nil
}

// finish writes and prints the tables of the collection. It prints problems, and
// returns an error if the tables are not complete.
func (c *collection) finish(dir, title string, out, log io.Writer) error {
	res := newResults(c.runs)
	problems := append(c.problems, res.problems...)
	absent := append(slices.Clone(c.failed), c.missing...)
	if len(res.runs) > 0 {
		res.answer.Warnings = append(res.answer.Warnings, c.failed...)
	} else { // there is no table that could have a warning
		for _, f := range c.failed {
			fmt.Fprintln(log, f)
		}
	}
	for _, p := range problems {
		fmt.Fprintf(log, "%v\n", p)
	}
	if len(res.runs) > 0 {
		if err := res.write(dir, title, absent, lists.Of(problems, error.Error)); err != nil {
			return err
		}
		files := res.files()
		fmt.Fprintf(out, "%s\n%s\nWritten to %s, with a report in %s.\n", files[MarkdownFile], files[SecondsMarkdownFile], dir, filepath.Join(dir, ReportFile))
	}
	switch {
	case len(problems) > 0:
		return fmt.Errorf("the tables are not complete: %s, see above", count(len(problems), "problem"))
	case c.units > 0:
		return fmt.Errorf("the tables are not complete: %s missing of the plan; -run trains what is missing", count(c.units, "network"))
	}
	return nil
}

// count returns "1 problem" or "3 problems".
func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}
