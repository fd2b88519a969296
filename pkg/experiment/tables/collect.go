package tables

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/comparison"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/experiment/runfolder"
)

// collection has the run folders of the tables.
type collection struct {
	known    catalog.Catalog
	runs     []comparison.Run
	problems []error  // of requested folders that cannot be used
	passed   []string // skipped: folders that are not run folders, or have no finished unit

	failed  []string // units that failed, with the reason
	missing []string // descriptions of the unfinished units of a plan
	units   int      // their number
}

// collect reads the run folders in dirs: each folder itself, or its subfolders. It
// reports damaged ones as problems and reads the others.
func collect(known catalog.Catalog, dirs []string, out string) collection {
	c := collection{known: known}
	seen := map[string]bool{}
	for _, dir := range dirs {
		if isRunFolder(dir) {
			c.add(dir, seen, true)
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("-runs %s: there is no such folder", dir)
			}
			c.problems = append(c.problems, err)
			continue
		}
		before := len(c.runs) + len(c.problems)
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				continue
			}
			switch {
			case isRunFolder(path):
				c.add(path, seen, false)
			case filepath.Clean(path) != filepath.Clean(out):
				c.passed = append(c.passed, path)
			}
		}
		if len(c.runs)+len(c.problems) == before {
			c.problems = append(c.problems, fmt.Errorf("-runs %s: neither a run folder nor a folder of finished ones", dir))
		}
	}
	return c
}

// isRunFolder reports whether a folder has a record or a summary of a run.
func isRunFolder(dir string) bool {
	for _, name := range []string{runfolder.RecordFile, runfolder.SummaryFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// add reads a run folder, unless it was read before. If no unit is finished, it is a problem only
// if named is set: the user has named this folder.
func (c *collection) add(dir string, seen map[string]bool, named bool) {
	if path, err := filepath.EvalSymlinks(dir); err == nil {
		if path, err = filepath.Abs(path); err == nil {
			if seen[path] {
				return
			}
			seen[path] = true
		}
	}
	contents, err := runfolder.Read(dir)
	if err == nil && len(contents.Summaries) == 0 && !named {
		c.passed = append(c.passed, dir+" (nothing is finished)")
		return
	}
	if err == nil {
		err = c.take(dir, contents)
	}
	if err != nil {
		c.problems = append(c.problems, err)
	}
}

// take adds the contents of a run folder to the collection. Damaged files are problems, but
// the units of summary.csv still count.
func (c *collection) take(dir string, contents runfolder.Contents) error {
	damage, err := runfolder.Damage(dir, contents)
	if err != nil {
		return err
	}
	if len(damage) > 0 {
		c.problems = append(c.problems, fmt.Errorf("%s is damaged: %s; train with -resume, which makes it again", dir, strings.Join(damage, ", ")))
	}
	r, err := comparison.NewRun(dir, contents, c.known)
	if err == nil {
		c.runs = append(c.runs, r)
		if averaged, ok := r.Averaged(); ok {
			c.runs = append(c.runs, averaged)
		}
	}
	for _, f := range contents.Failures {
		c.failed = append(c.failed, fmt.Sprintf("%s: %s failed: %s", filepath.Base(dir), f.Unit, f.Reason))
	}
	return err
}

// planned returns the collection of a plan: its finished units, and descriptions of the missing ones.
func planned(known catalog.Catalog, states []plan.State) collection {
	c := collection{known: known}
	for _, s := range states {
		if len(s.Contents.Summaries) > 0 {
			if err := c.take(s.Dir, s.Contents); err != nil {
				c.problems = append(c.problems, err)
				continue
			}
		}
		switch {
		case s.Err != nil:
			c.problems = append(c.problems, s.Err)
		case len(s.Missing) > 0:
			c.missing = append(c.missing, s.Lacks())
			c.units += len(s.Missing)
		}
	}
	return c
}
