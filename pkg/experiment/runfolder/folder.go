// Package runfolder reads and writes run folders: the tables, record and models of
// a run, and what it needs to resume.
//
// A folder belongs to one configuration. Each strategy with one seed is a unit.
// Units may be trained in any order and in any number of calls; the tables are the
// same. Every file is replaced in one step. A unit is finished as soon as its row is
// in summary.csv, which is written last.
package runfolder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/lists"
)

// The files of a run folder.
const (
	SummaryFile      = "summary.csv"
	CrosscheckFile   = "crosscheck.csv"
	TimingFile       = "timing.csv"
	HistoryFile      = "history.csv"
	MomentsFile      = "seconds.csv"
	AllocationFile   = "allocation.csv" // only if batches are not fixed
	AverageFile      = "ema.csv"        // only with -ema
	FailedFile       = "failed.csv"     // only if units failed
	RecordFile       = dataset.RunRecord
	TableFile        = "table.md"
	ConvergenceFile  = "convergence.png"
	SamplesFile      = "samples.png"
	checkpointDir    = "checkpoint"
	CoefficientsFile = "coefficients.csv" // only with -coefficients
	InputFile        = "input.csv"
	DigestsFile      = "digests.csv"
)

// ONNXFile returns the name of a unit's exported model.
func ONNXFile(u Unit) string { return u.String() + ".onnx" }

// AverageONNXFile returns the name of the exported model with averaged weights.
func AverageONNXFile(u Unit) string { return u.String() + "-ema.onnx" }

// BestFile returns the name of the exported model of a unit's smallest validation error. It
// is in the folder of the checkpoints.
func BestFile(u Unit) string { return filepath.Join(checkpointDir, u.String(), "best.onnx") }

// Options says what to do with units that an earlier call began.
type Options struct {
	Resume bool // continue unfinished ones
	Force  bool // run finished and unfinished ones again
	// Settle moves units that are finished or failed in their own folders into the run folder, and runs none.
	Settle bool
	FS     durable.FS // durable.OS if nil
}

// Work is a unit that has to be run.
type Work struct {
	Unit
	// Resume reports whether an earlier call began the unit. It then continues from
	// its last checkpoint in CheckpointDir, if there is one.
	Resume bool
}

// Folder is a run folder held by this process. Its methods are not safe for
// concurrent use.
type Folder struct {
	dir  string
	fs   durable.FS
	lock *durable.Lock
	work []Work
	// Notes are lines for the user about what Open found.
	Notes []string
	Contents
}

// UnfinishedError says that an earlier call left units unfinished.
type UnfinishedError struct {
	Dir     string
	Units   []Unit
	Damaged []string // files of finished units that are missing or damaged
}

func (e *UnfinishedError) Error() string {
	names := strings.Join(lists.Of(e.Units, Unit.String), ", ")
	if len(e.Damaged) > 0 {
		return fmt.Sprintf("%s: %s; use -resume to make it again from the checkpoint of %s, or -force to train again",
			e.Dir, strings.Join(e.Damaged, ", "), names)
	}
	return fmt.Sprintf("%s: unfinished: %s; use -resume to continue or -force to begin again", e.Dir, names)
}

// Open locks a run folder, which it creates if necessary. It moves requested units that ran in their
// own folders into it, and determines which of the requested units have to be run; see Work. Close
// releases the lock.
//
// If the folder has another configuration, Open returns a *DifferentError. If another process holds
// the folder or the own folder of a requested unit, it returns a *durable.LockedError. If a requested
// unit is unfinished and neither Resume nor Force is set, it returns an *UnfinishedError.
func Open(dir string, record Record, asked []Unit, o Options) (_ *Folder, err error) {
	f := &Folder{dir: dir, fs: o.FS}
	if f.fs == nil {
		f.fs = durable.OS
	}
	if err := f.fs.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("cannot make the run folder: %w; choose another with -out", err)
	}
	if f.lock, err = durable.Acquire(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.lock.Release() // err says more
		}
	}()
	if f.Contents, err = read(f.fs, dir); err != nil {
		return nil, err
	}
	if f.Record.Configuration != nil {
		if err := CheckConfiguration(dir, f.Record.Configuration, record.Configuration); err != nil {
			return nil, err
		}
	} else if len(f.Summaries) > 0 {
		return nil, fmt.Errorf("%s has a %s but no %s, so its configuration is not known; choose another folder with -out", dir, SummaryFile, RecordFile)
	}
	record.Digests = len(f.Summaries) == 0 || f.Record.Digests
	if wrong := f.inputDamage(); wrong != "" {
		f.Notes = append(f.Notes, wrong+"; it is made again")
		f.Inputs = nil
	}
	for _, u := range asked {
		if err := f.takeIn(u, record, o.Settle); err != nil {
			return nil, err
		}
	}
	if !o.Settle {
		if err := f.plan(asked, o); err != nil {
			return nil, err
		}
	}
	if err := f.keepsUnreadable(); err != nil {
		return nil, err
	}
	if err := f.clean(asked); err != nil {
		return nil, err
	}
	if len(f.work) == 0 {
		// The process may have been killed after it wrote summary.csv and before the table.
		return f, f.writeTable()
	}
	f.Record = record
	return f, f.WriteFile(RecordFile, record.Write)
}

// plan sets f.work to the units that have to be run, in the requested order.
func (f *Folder) plan(asked []Unit, o Options) error {
	var unfinished []Unit
	var damaged []string
	for _, u := range asked {
		begun, err := f.begun(u)
		switch {
		case err != nil:
			return err
		case o.Force:
			f.work = append(f.work, Work{Unit: u})
		case f.Finished(u):
			switch wrong, err := f.damage(f.fs, f.dir, u, true); {
			case err != nil:
				return err
			case wrong == "":
			case o.Resume:
				f.Notes = append(f.Notes, wrong+"; it is made again")
				f.work = append(f.work, Work{Unit: u, Resume: begun})
			default:
				unfinished, damaged = append(unfinished, u), append(damaged, wrong)
			}
		case begun && !o.Resume:
			unfinished = append(unfinished, u)
		default:
			f.work = append(f.work, Work{Unit: u, Resume: begun})
		}
	}
	if len(unfinished) > 0 {
		return &UnfinishedError{f.dir, unfinished, damaged}
	}
	return nil
}

// keepsUnreadable returns an error if a table cannot be read, has rows of finished units that
// are not run again, and would be written again.
func (f *Folder) keepsUnreadable() error {
	for _, s := range f.Summaries {
		again := slices.ContainsFunc(f.work, func(w Work) bool { return w.Unit == s.Unit })
		if len(f.work) > 0 && !again {
			return f.unreadableTable()
		}
	}
	return nil
}

// unreadableTable returns an error if a table that may have rows of finished units cannot be read.
func (f *Folder) unreadableTable() error {
	for _, name := range slices.Sorted(maps.Keys(f.unreadable)) {
		if name != InputFile && name != FailedFile { // these have no rows of finished units
			return fmt.Errorf("%s cannot be read: %w; mend it, or use -resume with all strategies and seeds of this folder, which makes it again", f.Path(name), f.unreadable[name])
		}
	}
	return nil
}

// begun reports whether a unit was begun, that is whether it has a checkpoint folder.
func (f *Folder) begun(u Unit) (bool, error) {
	_, err := f.fs.ReadDir(f.CheckpointDir(u))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// clean removes the temporary files of killed processes.
func (f *Folder) clean(asked []Unit) error {
	for _, dir := range append([]string{f.dir}, lists.Of(asked, f.CheckpointDir)...) {
		if _, err := durable.RemoveLeftovers(f.fs, dir); err != nil {
			return err
		}
	}
	return nil
}

// Close releases the folder's lock. A nil Folder may be closed.
func (f *Folder) Close() error {
	if f == nil {
		return nil
	}
	return f.lock.Release()
}

// Work returns the units that have to be run, in the requested order; none if all are finished.
func (f *Folder) Work() []Work { return slices.Clone(f.work) }

// Path returns the path of a file in the folder.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// CheckpointDir returns the folder of a unit's checkpoints.
func (f *Folder) CheckpointDir(u Unit) string { return CheckpointDir(f.dir, u) }

// CheckpointDir returns the folder of a unit's checkpoints in a run folder.
func CheckpointDir(dir string, u Unit) string { return filepath.Join(dir, checkpointDir, u.String()) }

// Fail records that a unit failed, and why. The unit is unfinished: Resume tries it
// again.
func (f *Folder) Fail(u Unit, reason error) error {
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(reason.Error(), u.String()+": ")), "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	text := strings.Join(lines, "; ")
	f.Failures = failureTable.replace(f.Failures, u, []Failure{{Reason: text[:min(len(text), maxReason)]}})
	return writeRows(f, failureTable, f.Failures)
}

// maxReason is the longest recorded reason of a failure, in bytes.
const maxReason = 500

// forget removes the record of a failure.
func (f *Folder) forget(u Unit) error {
	if len(failureTable.of(f.Failures, u)) == 0 {
		return nil
	}
	f.Failures = failureTable.replace(f.Failures, u, nil)
	if len(f.Failures) == 0 {
		return f.fs.Remove(f.Path(FailedFile))
	}
	return writeRows(f, failureTable, f.Failures)
}

// WriteFile writes a file of the folder in one step; see durable.WriteFile.
func (f *Folder) WriteFile(name string, write func(io.Writer) error) error {
	return durable.WriteFile(f.fs, f.Path(name), write)
}

// Begin marks a unit as begun and creates its checkpoint folder. Unless the work
// resumes, it first removes the unit's earlier checkpoints and summary.
func (f *Folder) Begin(w Work) error {
	if err := f.forget(w.Unit); err != nil {
		return err
	}
	dir := f.CheckpointDir(w.Unit)
	if !w.Resume {
		if f.Finished(w.Unit) { // unfinished from here on, before any of its files is removed
			f.Summaries = summaryTable.replace(f.Summaries, w.Unit, nil)
			if err := writeRows(f, summaryTable, f.Summaries); err != nil {
				return err
			}
		}
		if err := f.removeFiles(dir); err != nil {
			return err
		}
	}
	if err := f.fs.MkdirAll(dir); err != nil {
		return fmt.Errorf("cannot make %s: %w", dir, err)
	}
	return nil
}

// removeFiles removes the files of a folder, which need not exist.
func (f *Folder) removeFiles(dir string) error {
	entries, err := f.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := f.fs.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return f.fs.SyncDir(dir)
}

// SetInput records the measures of the input, with which networks are compared. They depend only on the
// data. If they are already recorded, SetInput writes no file.
func (f *Folder) SetInput(in Input) error {
	there := f.inputDigest()
	f.Inputs = []Input{in}
	now := f.inputDigest()
	if there == now && slices.Contains(f.Digests, now) {
		return nil
	}
	f.Digests = digestTable.replace(f.Digests, Unit{}, []Digest{now})
	return errors.Join(
		writeRows(f, inputTable, f.Inputs),
		writeRows(f, digestTable, f.Digests), f.writeTable())
}

// Progress writes the rows so far of a unit in training, so that it can be watched. Finish replaces
// them.
func (f *Folder) Progress(u Unit, history []History, moments []Moment) error {
	f.Histories = historyTable.replace(f.Histories, u, history)
	f.Moments = momentTable.replace(f.Moments, u, moments)
	return errors.Join(writeRows(f, momentTable, f.Moments), writeRows(f, historyTable, f.Histories))
}

// Finish writes the rows of a unit into the tables, each row with the unit's name.
// The unit's model must already be written. summary.csv is the last table to be
// written: until then the unit is unfinished, and resuming uses its checkpoints.
func (f *Folder) Finish(u Unit, r Result) error {
	// Rounded as in the file, so that the table is the same when it is made again from
	// the files.
	r.Timing.SecondsTraining = math.Round(r.Timing.SecondsTraining*1000) / 1000
	f.Crosschecks = crosscheckTable.replace(f.Crosschecks, u, r.Crosscheck)
	f.Timings = timingTable.replace(f.Timings, u, []Timing{r.Timing})
	f.Histories = historyTable.replace(f.Histories, u, r.History)
	f.Moments = momentTable.replace(f.Moments, u, r.Moments)
	f.Allocations = allocationTable.replace(f.Allocations, u, r.Allocations)
	var averages []Average
	if r.Average != nil {
		averages = []Average{*r.Average}
	}
	f.Averages = averageTable.replace(f.Averages, u, averages)
	f.Coefficients = coefficientTable.replace(f.Coefficients, u, r.Coefficients)
	f.Summaries = summaryTable.replace(f.Summaries, u, []Summary{r.Summary})
	digests := f.digests(u)
	switch sum, err := durable.Digest(f.fs, filepath.Join(f.dir, BestFile(u))); {
	case err == nil:
		digests = append(digests, Digest{u, best(u), sum})
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f.Digests = digestTable.replace(f.Digests, u, digests)
	for _, t := range f.tables() {
		if err := t.save(f); err != nil {
			return err
		}
	}
	return f.writeTable()
}

func (f *Folder) writeTable() error {
	if len(f.Summaries) == 0 {
		return nil
	}
	return f.WriteFile(TableFile, durable.Content(f.Table()))
}

func writeRows[R any](f *Folder, t format[R], rows []R) error {
	if t.sparse && len(rows) == 0 {
		return nil
	}
	return f.WriteFile(t.file, func(w io.Writer) error { return t.in(f.Record).write(w, rows) })
}
