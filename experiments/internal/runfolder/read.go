package runfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"multiscale/pkg/durable"
)

// Contents is what a run folder's files say.
type Contents struct {
	Record      Record
	Summaries   []Summary
	Crosschecks []Crosscheck
	Timings     []Timing
	Histories   []History
	Moments     []Moment
}

// mostBytes bounds the files that are read back; a history of a million steps
// takes half of it.
const mostBytes = 1 << 28

// Read reads a run folder without taking hold of it; a run may be writing into
// it. Units that are not finished may have rows in some tables, but not in
// Summaries.
func Read(dir string) (Contents, error) {
	c, err := read(durable.OS, dir)
	if err == nil && c.Record.Configuration == nil {
		err = fmt.Errorf("%s has no %s; it is not a run folder", dir, RecordFile)
	}
	return c, err
}

// read reads what is there.
func read(fsys durable.FS, dir string) (c Contents, err error) {
	load := func(name string, parse func(data []byte) error) {
		if err != nil {
			return
		}
		path := filepath.Join(dir, name)
		data, e := durable.ReadFile(fsys, path, mostBytes)
		if errors.Is(e, fs.ErrNotExist) {
			return
		}
		if e == nil {
			e = parse(data)
		}
		if e != nil {
			err = fmt.Errorf("%s cannot be read: %w", path, e)
		}
	}
	load(RecordFile, func(data []byte) (err error) { c.Record, err = decodeRecord(data); return err })
	load(SummaryFile, summaryTable.into(&c.Summaries))
	load(CrosscheckFile, crosscheckTable.into(&c.Crosschecks))
	load(TimingFile, timingTable.into(&c.Timings))
	load(HistoryFile, historyTable.into(&c.Histories))
	load(MomentsFile, momentTable.into(&c.Moments))
	return c, err
}

// Finished reports whether a unit is finished.
func (c *Contents) Finished(u Unit) bool {
	return len(summaryTable.of(c.Summaries, u)) > 0
}

// Result returns the rows of a unit; ok is false where it is not finished.
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
	return r, true
}
