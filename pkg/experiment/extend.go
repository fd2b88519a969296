package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"multiscale/pkg/checkpoint"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/setting"
)

// extendedRun returns the record of the run that -extend continues. It returns nil without -extend, and if
// the run does not exist but -extend states its own rate, so that all steps can be trained. If -lr is the rate
// of the added steps, extendedRun sets c.LearningRate to the run's own.
func extendedRun(c *setting.Config) (*runfolder.Record, error) {
	if c.Extend.Steps == 0 {
		return nil, nil
	}
	dir := c.Extends()
	if _, err := os.Stat(filepath.Join(dir, runfolder.RecordFile)); errors.Is(err, fs.ErrNotExist) {
		if c.Extend.Stated {
			return nil, nil
		}
		return nil, command.Wrong("extend", c.Extend.Steps, fmt.Sprintf("there is no run in %s to continue", dir),
			fmt.Sprintf("train it first, or state both rates: -lr RATE -extend %d@RATE", c.Extend.Steps))
	}
	there, err := runfolder.Read(dir)
	if err != nil {
		return nil, err
	}
	if setting.Extends(there.Record.Configuration) {
		return nil, command.Wrong("extend", c.Extend, dir+" is the folder of an extended run", "extend the run that it continues by more steps")
	}
	if !c.Extend.Stated {
		rate, err := strconv.ParseFloat(setting.Text(there.Record.Configuration["lr"]), 64)
		if err != nil {
			return nil, fmt.Errorf("%s: its learning rate cannot be read: %w", filepath.Join(dir, runfolder.RecordFile), err)
		}
		c.LearningRate = rate
	}
	return &there.Record, nil
}

// checkExtended returns an error if the run to be continued has another configuration.
func (e *Experiment) checkExtended() error {
	if e.extended == nil {
		return nil
	}
	now := maps.Clone(e.record().Configuration)
	delete(now, "extend")
	return runfolder.CheckConfiguration(e.config.Extends(), e.extended.Configuration, now)
}

// extends loads the last state of the run that -extend continues. If that has no checkpoint, the unit
// trains all steps.
func (u *unit) extends() error {
	dir := runfolder.CheckpointDir(u.config.Extends(), u.name)
	err := u.load(&checkpoint.Store{Dir: dir, FS: u.files})
	if errors.Is(err, checkpoint.ErrNone) {
		u.progress.Print("%s: %v; all of it is trained", u.name, err)
		return nil
	}
	return err
}
