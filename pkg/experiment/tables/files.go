package tables

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/report"
	"multiscale/pkg/experiment/table"
)

// The files of a folder of tables. The folder also has a CSV file with the name of
// each table. Equal runs give equal bytes, except in files of seconds and in the report.
const (
	MarkdownFile        = "tables.md"
	LaTeXFile           = "tables.tex"
	SecondsMarkdownFile = "seconds.md"
	SecondsLaTeXFile    = "seconds.tex"
	ReportFile          = "report.html"
)

// results has the tables of some runs.
type results struct {
	runs     []comparison.Run
	answer   *table.Table
	ends     []comparison.End
	timeless []*table.Table // the same for equal runs; the answer comes before them
	seconds  []*table.Table // depend on the machine
	pairs    *table.Table   // too long to be read: CSV alone
	problems []error
}

// newResults makes all tables of runs.
func newResults(runs []comparison.Run) (r results) {
	groups, problems := comparison.Groups(runs)
	r.problems = problems
	r.answer, r.ends, r.pairs = comparison.Answer(groups), comparison.Ends(groups), comparison.Differences(groups)
	for _, g := range groups {
		r.timeless = append(r.timeless, g.Main())
		r.seconds = append(r.seconds, g.Seconds())
		for _, run := range g.Runs {
			r.runs = append(r.runs, *run)
		}
	}
	cost, problems := comparison.Cost(groups)
	r.problems = append(r.problems, problems...)
	r.timeless = append(r.timeless, comparison.Quality(groups), cost)
	r.seconds = append(r.seconds, comparison.QualitySeconds(groups))
	return r
}

// files returns the tables' files by name, without the report.
func (r results) files() map[string]string {
	files := map[string]string{r.pairs.Name + ".csv": r.pairs.CSV()}
	for _, of := range []struct {
		tables          []*table.Table
		markdown, latex string
	}{{append([]*table.Table{r.answer}, r.timeless...), MarkdownFile, LaTeXFile}, {r.seconds, SecondsMarkdownFile, SecondsLaTeXFile}} {
		var markdown, latex []string
		for _, t := range of.tables {
			markdown = append(markdown, t.Markdown())
			latex = append(latex, t.LaTeX())
			files[t.Name+".csv"] = t.CSV()
		}
		files[of.markdown] = strings.Join(markdown, "\n")
		files[of.latex] = "% needs \\usepackage{booktabs,graphicx}\n\n" + strings.Join(latex, "\n")
	}
	return files
}

// write writes the tables and the report into a folder.
func (r results) write(dir, title string, absent, faults []string) error {
	if err := durable.OS.MkdirAll(dir); err != nil {
		return fmt.Errorf("-out %s: %w", dir, err)
	}
	for name, content := range r.files() {
		if err := writeFile(dir, name, durable.Content(content)); err != nil {
			return err
		}
	}
	return writeFile(dir, ReportFile, r.report(title, absent, faults).Write)
}

func (r results) report(title string, absent, faults []string) report.Report {
	units := 0
	for _, run := range r.runs {
		units += len(run.Summaries)
	}
	return report.Report{
		Title: title,
		Intro: []string{fmt.Sprintf("%d networks of %d run folders: image restoration trained by single-scale gradients and by Multiscale Gradient Estimation (arXiv 2501.12739).", units, len(r.runs))},
		// Interleaved, so that the seconds of a comparison follow it.
		Absent: absent, Faults: faults, Answer: r.answer, Ends: r.ends, Tables: interleave(r.timeless, r.seconds), Runs: r.runs,
	}
}

// interleave returns the tables of a, each followed by its counterpart of b. The
// counterparts have the same order; the last tables of a may have none.
func interleave(a, b []*table.Table) (all []*table.Table) {
	for i, t := range a {
		all = append(all, t)
		if i < len(b) {
			all = append(all, b[i])
		}
	}
	return all
}

func writeFile(dir, name string, write func(io.Writer) error) error {
	if err := durable.WriteFile(durable.OS, filepath.Join(dir, name), write); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	return nil
}
