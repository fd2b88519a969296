package runfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"multiscale/pkg/durable"
	"multiscale/pkg/metric"
)

// Contents is the content of a run folder's files.
type Contents struct {
	Record       Record
	Summaries    []Summary
	Crosschecks  []Crosscheck
	Timings      []Timing
	Histories    []History
	Moments      []Moment
	Allocations  []Allocation
	Averages     []Average // only with -ema
	Failures     []Failure // of units that are not finished
	Coefficients []Coefficient
	Inputs       []Input  // one; none in folders of earlier versions
	Digests      []Digest // none in folders of earlier versions

	// unreadable has the errors of tables that could not be read, by file. Their rows can be
	// made again.
	unreadable map[string]error
}

// maxBytes is the size of the largest file that is read; a history of a million
// steps has half of it.
const maxBytes = 1 << 28

// Read reads a run folder without locking it; a run may be writing into it. Units
// that are not finished may have rows in some tables, but not in Summaries.
func Read(dir string) (Contents, error) {
	c, err := read(durable.OS, dir)
	if err == nil && c.Record.Configuration == nil {
		err = fmt.Errorf("%s has no %s; it is not a run folder", dir, RecordFile)
	}
	for _, name := range slices.Sorted(maps.Keys(c.unreadable)) {
		if err == nil {
			err = fmt.Errorf("%s cannot be read: %w; train with -resume, which makes it again", filepath.Join(dir, name), c.unreadable[name])
		}
	}
	return c, err
}

// read reads the tables and the record that exist.
func read(fsys durable.FS, dir string) (c Contents, err error) {
	c.unreadable = make(map[string]error)
	load := func(name string, parse func(data []byte) error) {
		path := filepath.Join(dir, name)
		data, e := durable.ReadFile(fsys, path, maxBytes)
		if e == nil {
			e = parse(data)
		}
		if e != nil && !errors.Is(e, fs.ErrNotExist) {
			c.unreadable[name] = e
		}
	}
	load(RecordFile, func(data []byte) (err error) { c.Record, err = decodeRecord(data); return err })
	for _, t := range append(c.tables(), rows[Input]{inputTable, &c.Inputs}, rows[Failure]{failureTable, &c.Failures}) {
		load(t.name(), t.load)
	}
	// No other file has the configuration of a run, or its finished units.
	for name, help := range map[string]string{
		RecordFile:  "choose another folder with -out, or remove this one",
		SummaryFile: "mend it, or remove it and use -resume, which makes it again from the checkpoints",
	} {
		if e := c.unreadable[name]; e != nil {
			return c, fmt.Errorf("%s cannot be read: %w; %s", filepath.Join(dir, name), e, help)
		}
	}
	return c, nil
}

// Damage lists the files of finished units that are missing, lack rows, or differ from their recorded
// digests. Models may be missing, because folders are copied without them.
func Damage(dir string, c Contents) (list []string, err error) {
	if wrong := c.inputDamage(); wrong != "" {
		list = append(list, wrong)
	}
	for _, s := range c.Summaries {
		wrong, err := c.damage(durable.OS, dir, s.Unit, false)
		if err != nil {
			return list, err
		}
		if wrong != "" {
			list = append(list, wrong)
		}
	}
	return list, nil
}

// damage describes the first file of a finished unit that is missing, lacks rows, or differs
// from its recorded digest; "" if there is none. Missing models count only if withModels is set.
func (c *Contents) damage(fsys durable.FS, dir string, u Unit, withModels bool) (string, error) {
	r, _ := c.Result(u)
	recorded := digestTable.of(c.Digests, u)
	largest := func(row Crosscheck) bool { return row.MaxAbs == r.Summary.CrosscheckMaxAbs }
	for _, table := range []struct {
		name               string
		rows               int
		complete, required bool // it has all rows that can be counted; it must have rows
	}{
		{HistoryFile, len(r.History), r.historyWhole(), true},
		{CrosscheckFile, len(r.Crosscheck), slices.ContainsFunc(r.Crosscheck, largest), true},
		{TimingFile, len(timingTable.of(c.Timings, u)), true, true},
		{MomentsFile, len(r.Moments), len(r.Moments) == r.validations(), true},
		{AverageFile, len(averageTable.of(c.Averages, u)), true, c.Record.averages()},
		{DigestsFile, len(recorded), c.recorded(u, recorded), c.Record.Digests || c.unreadable[DigestsFile] != nil},
	} {
		switch reason := c.unreadable[table.name]; {
		case !table.required:
		case reason != nil:
			return fmt.Sprintf("%s cannot be read (%v)", table.name, reason), nil
		case table.rows == 0:
			return table.name + " has no rows of " + u.String(), nil
		case !table.complete:
			return table.name + " lacks rows of " + u.String(), nil
		}
	}
	now := c.digests(u)
	for _, d := range recorded {
		if d.File == best(u) { // may be missing: people delete it with the checkpoints
			if wrong, err := differs(fsys, dir, BestFile(u), DigestsFile, d.SHA256, false); wrong != "" || err != nil {
				return wrong, err
			}
			continue
		}
		if !slices.Contains(now, d) {
			return fmt.Sprintf("%s has other rows of %s than those that %s has the digest of", d.File, u, DigestsFile), nil
		}
	}
	wrong, err := differs(fsys, dir, ONNXFile(u), SummaryFile, r.Summary.ONNXSHA256, withModels)
	if wrong != "" || err != nil || !c.Record.averages() {
		return wrong, err
	}
	return differs(fsys, dir, AverageONNXFile(u), AverageFile, r.Average.ONNXSHA256, withModels)
}

// recorded reports whether the digests there include one of each table with rows of the unit.
func (c *Contents) recorded(u Unit, there []Digest) bool {
	return !slices.ContainsFunc(c.digests(u), func(now Digest) bool {
		return !slices.ContainsFunc(there, func(d Digest) bool { return d.File == now.File })
	})
}

// inputDamage says whether input.csv is missing or differs from its digest in digests.csv; "" if neither is so, or if
// there is no digest.
func (c *Contents) inputDamage() string {
	recorded := digestTable.of(c.Digests, Unit{})
	switch {
	case len(recorded) == 0 || slices.Contains(recorded, c.inputDigest()):
		return ""
	case len(c.Inputs) == 0:
		return InputFile + " is missing"
	}
	return fmt.Sprintf("%s is not the file that %s has the digest of", InputFile, DigestsFile)
}

// inputDigest returns the row of digests.csv for input.csv, which belongs to no unit.
func (c *Contents) inputDigest() Digest {
	return Digest{File: InputFile, SHA256: inputTable.in(c.Record).digest(c.Inputs)}
}

// digests returns the digests of a unit's rows in the tables that are the same, byte by byte, in every equal run.
func (c *Contents) digests(u Unit) (list []Digest) {
	for _, d := range []Digest{
		{u, SummaryFile, summaryTable.in(c.Record).digest(summaryTable.of(c.Summaries, u))},
		{u, HistoryFile, historyTable.in(c.Record).digest(historyTable.of(c.Histories, u))},
		{u, CrosscheckFile, crosscheckTable.digest(crosscheckTable.of(c.Crosschecks, u))},
		{u, AllocationFile, allocationTable.digest(allocationTable.of(c.Allocations, u))},
		{u, AverageFile, averageTable.in(c.Record).digest(averageTable.of(c.Averages, u))},
		{u, CoefficientsFile, coefficientTable.digest(coefficientTable.of(c.Coefficients, u))},
	} {
		if d.SHA256 != "" {
			list = append(list, d)
		}
	}
	return list
}

// historyWhole reports whether the history has all iterations, from 0 on.
func (r Result) historyWhole() bool {
	for i, h := range r.History {
		if h.Iteration != i {
			return false
		}
	}
	return len(r.History) == r.Summary.Iterations+1
}

// validations returns the number of validations in the history.
func (r Result) validations() (n int) {
	for _, h := range r.History {
		if len(h.Validation) > 0 {
			n++
		}
	}
	return n
}

// differs says that a model is missing or differs from its digest in a table; "" if neither is so. A missing model
// counts only if it is needed.
func differs(fsys durable.FS, dir, name, table, digest string, needed bool) (string, error) {
	switch now, err := durable.Digest(fsys, filepath.Join(dir, name)); {
	case errors.Is(err, fs.ErrNotExist) && !needed:
		return "", nil
	case errors.Is(err, fs.ErrNotExist):
		return name + " is missing", nil
	case err != nil:
		return "", err
	case now != digest:
		return name + " is not the file that " + table + " has the digest of", nil
	}
	return "", nil
}

// best returns the name of a unit's BestFile in digests.csv, with slashes on every system.
func best(u Unit) string { return filepath.ToSlash(BestFile(u)) }

// Input returns the measures of the input, without a network; nil if the folder does not have them.
func (c *Contents) Input() metric.Values {
	if len(c.Inputs) == 0 {
		return nil
	}
	return c.Inputs[0].Values
}

// Finished reports whether a unit is finished.
func (c *Contents) Finished(u Unit) bool {
	return len(summaryTable.of(c.Summaries, u)) > 0
}

// Result returns the rows of a unit; ok is false if it is not finished.
func (c *Contents) Result(u Unit) (r Result, ok bool) {
	rows := summaryTable.of(c.Summaries, u)
	if len(rows) == 0 {
		return Result{}, false
	}
	r.Summary = rows[0]
	if t := timingTable.of(c.Timings, u); len(t) > 0 {
		r.Timing = t[0]
	}
	r.Crosscheck = crosscheckTable.of(c.Crosschecks, u)
	r.History = historyTable.of(c.Histories, u)
	r.Moments = momentTable.of(c.Moments, u)
	r.Allocations = allocationTable.of(c.Allocations, u)
	if a := averageTable.of(c.Averages, u); len(a) > 0 {
		r.Average = &a[0]
	}
	r.Coefficients = coefficientTable.of(c.Coefficients, u)
	return r, true
}

// Units returns the units with rows in history.csv: those that are finished, in training, or
// stopped.
func (c *Contents) Units() (units []Unit) {
	for _, h := range c.Histories {
		if n := len(units); (n == 0 || units[n-1] != h.Unit) && !slices.Contains(units, h.Unit) {
			units = append(units, h.Unit)
		}
	}
	return units
}

// Way returns the history and the moments of a unit, finished or not; the rest of the Result is empty.
func (c *Contents) Way(u Unit) Result {
	return Result{History: historyTable.of(c.Histories, u), Moments: momentTable.of(c.Moments, u)}
}

// Measured is a validation of a unit: the cost of training so far, and the measures.
// Seconds are NaN if they are not known.
type Measured struct {
	WorkUnits float64
	Seconds   float64 // of training, without validation
	metric.Values
}

// Curve returns the validations of a unit, in order.
func (r Result) Curve() (curve []Measured) {
	type step struct{ stage, iteration int }
	at := make(map[step]float64, len(r.Moments))
	for _, m := range r.Moments {
		at[step{m.Stage, m.Iteration}] = m.Seconds
	}
	for _, h := range r.History {
		if len(h.Validation) == 0 {
			continue
		}
		seconds, ok := at[step{h.Stage, h.Iteration}]
		if !ok {
			seconds = math.NaN()
		}
		curve = append(curve, Measured{h.WorkUnits, seconds, h.Validation})
	}
	return curve
}

// Only returns the contents with only the rows of some units, in the order of the
// files.
func (c Contents) Only(units []Unit) Contents {
	for _, t := range append(c.tables(), rows[Failure]{failureTable, &c.Failures}) {
		t.keep(units)
	}
	return c
}

// OfAverages returns the contents with the measures of averaged weights instead of those of the last ones, in
// Summaries and in Histories. Units without an average are left out; ok is false if none has one.
func (c Contents) OfAverages() (_ Contents, ok bool) {
	var units []Unit
	for _, a := range c.Averages {
		if c.Finished(a.Unit) {
			units = append(units, a.Unit)
		}
	}
	c = c.Only(units)
	for i := range c.Summaries { // of the copy that Only made
		s := &c.Summaries[i]
		a := averageTable.of(c.Averages, s.Unit)[0]
		s.Values, s.ONNXSHA256, s.CrosscheckMaxAbs = a.Values, a.ONNXSHA256, a.CrosscheckMaxAbs
	}
	for i := range c.Histories {
		h := &c.Histories[i]
		averaged := metric.Values{}
		for name := range h.Validation {
			if v, ok := h.Validation[OfAverage(name)]; ok {
				averaged[name] = v
			}
		}
		h.Validation = averaged
	}
	c.Averages, c.Crosschecks = nil, nil
	return c, len(units) > 0
}

// Begun reports whether a unit of a run folder was begun, that is whether it has a
// checkpoint folder, there or in its own folder.
func Begun(dir string, u Unit) bool {
	for _, dir := range []string{dir, UnitDir(dir, u)} {
		if info, err := os.Stat(CheckpointDir(dir, u)); err == nil && info.IsDir() {
			return true
		}
	}
	return false
}
