package runfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"multiscale/pkg/durable"
)

// Only one process at a time may lock a run folder. So that several processes can train its
// units at the same time, each unit moves to its own folder (Lend), which is a run folder with
// only this unit, and is moved back when it has ended (Open). Both lock the run folder only
// briefly. The final files are the same as those of a run of one process.

// UnitsDir is the folder of the units' own folders in a run folder.
const UnitsDir = "units"

// UnitDir returns a unit's own folder in a run folder.
func UnitDir(dir string, u Unit) string { return filepath.Join(dir, UnitsDir, u.String()) }

// BoardDirs returns the folders of a unit's event files in a run folder: over iterations, and
// over work units.
func BoardDirs(u Unit) (byIterations, byWork string) {
	return filepath.Join(boardDir, u.String()), filepath.Join(boardDir, "by-work-units", u.String())
}

const boardDir = "tensorboard"

// Lend creates a unit's own folder. It moves checkpoints and event files of earlier calls there, and
// copies run.json, so that training with another configuration is an error. If the unit is finished,
// Lend does nothing. If another process holds the run folder, it returns a *durable.LockedError.
func Lend(dir string, u Unit) (finished bool, err error) {
	fsys := durable.OS
	if err := fsys.MkdirAll(dir); err != nil {
		return false, fmt.Errorf("cannot make the run folder: %w; choose another with -out", err)
	}
	lock, err := durable.Acquire(dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	there, err := read(fsys, dir)
	if err != nil || there.Finished(u) {
		return err == nil, err
	}
	own := UnitDir(dir, u)
	if err := fsys.MkdirAll(own); err != nil {
		return false, err
	}
	if err := lendRecord(dir, own); err != nil {
		return false, err
	}
	return false, move(fsys, dir, own, u)
}

// lendRecord copies run.json to a unit's own folder, unless that has one: from the run folder, or, if
// that has none yet, from another unit's folder.
func lendRecord(dir, own string) error {
	to := filepath.Join(own, RecordFile)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	others, err := os.ReadDir(filepath.Dir(own)) // sorted
	if err != nil {
		return err
	}
	records := []string{filepath.Join(dir, RecordFile)}
	for _, e := range others {
		if e.IsDir() {
			records = append(records, filepath.Join(filepath.Dir(own), e.Name(), RecordFile))
		}
	}
	for _, from := range records {
		data, err := durable.ReadFile(durable.OS, from, maxBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		return durable.WriteFile(durable.OS, to, durable.Content(data))
	}
	return nil
}

// takeIn moves the content of a unit's own folder into the run folder, and removes that folder: the
// rows and models of a finished unit, the reason of a failed one, and checkpoints. With settle, a unit
// that is neither finished nor failed stays where it is. If the process is killed, the next call moves
// the rest: files are moved before rows, and the folder is removed last.
func (f *Folder) takeIn(u Unit, record Record, settle bool) error {
	own := UnitDir(f.dir, u)
	if _, err := f.fs.ReadDir(own); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	lock, err := durable.Acquire(own)
	if err != nil {
		return err
	}
	gone, err := f.takeFrom(own, u, record, settle)
	if err = errors.Join(err, lock.Release()); err != nil || !gone {
		return err
	}
	if err := removeAll(f.fs, own); err != nil {
		return err
	}
	return f.fs.SyncDir(filepath.Dir(own))
}

// takeFrom moves the content of a unit's own folder; gone reports whether the folder can be removed.
func (f *Folder) takeFrom(own string, u Unit, record Record, settle bool) (gone bool, err error) {
	there, err := read(f.fs, own)
	if err != nil {
		return false, err
	}
	result, finished := there.Result(u)
	failures := failureTable.of(there.Failures, u)
	switch {
	case f.Finished(u):
		return true, nil
	case settle && !finished && len(failures) == 0:
		return false, nil
	}
	if there.Record.Configuration != nil || finished {
		if err := CheckConfiguration(own, there.Record.Configuration, record.Configuration); err != nil {
			return false, err
		}
	}
	if finished {
		if wrong, err := there.damage(f.fs, own, u, false); err != nil || wrong != "" {
			return false, errors.Join(err, fmt.Errorf("%s is damaged: %s; train with -resume, which makes it again", own, wrong))
		}
		if len(f.Summaries) > 0 {
			if err := f.unreadableTable(); err != nil {
				return false, err
			}
		}
	}
	if err := move(f.fs, own, f.dir, u); err != nil {
		return false, err
	}
	f.Record = record
	if err := f.WriteFile(RecordFile, record.Write); err != nil {
		return false, err
	}
	switch {
	case finished:
		err = f.takeRows(u, result)
	case len(failures) > 0:
		err = f.Fail(u, errors.New(failures[0].Reason))
	}
	return err == nil, err
}

// takeRows writes a finished unit's rows into the tables. It removes the figures, which show all
// units and so have to be drawn again.
func (f *Folder) takeRows(u Unit, r Result) error {
	if err := f.forget(u); err != nil {
		return err
	}
	for _, name := range []string{ConvergenceFile, SamplesFile} {
		if err := f.fs.Remove(f.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return f.Finish(u, r)
}

// move moves the existing files of a unit from one folder to another.
func move(fsys durable.FS, from, to string, u Unit) error {
	byIterations, byWork := BoardDirs(u)
	for _, dir := range []string{filepath.Join(checkpointDir, u.String()), byIterations, byWork} {
		entries, err := fsys.ReadDir(filepath.Join(from, dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := fsys.MkdirAll(filepath.Join(to, dir)); err != nil {
			return err
		}
		for _, e := range entries {
			if durable.IsLeftover(e.Name()) {
				continue
			}
			if err := moveFile(fsys, from, to, filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		if err := fsys.SyncDir(filepath.Join(to, dir)); err != nil {
			return err
		}
		if err := removeAll(fsys, filepath.Join(from, dir)); err != nil {
			return err
		}
	}
	for _, name := range []string{ONNXFile(u), AverageONNXFile(u)} {
		if err := moveFile(fsys, from, to, name); err != nil {
			return err
		}
	}
	return fsys.SyncDir(to)
}

func moveFile(fsys durable.FS, from, to, name string) error {
	err := fsys.Rename(filepath.Join(from, name), filepath.Join(to, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeAll removes a folder and its content. It removes links and does not follow them.
func removeAll(fsys durable.FS, dir string) error {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = removeAll(fsys, path)
		} else {
			err = fsys.Remove(path)
		}
		if err != nil {
			return err
		}
	}
	return fsys.Remove(dir)
}
