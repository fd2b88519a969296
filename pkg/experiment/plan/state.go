package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/setting"
)

// State is the progress of an experiment of a plan.
type State struct {
	Entry
	Dir string // of the run folder, which need not exist
	// Contents has the rows of the finished units that the plan asks for.
	Contents runfolder.Contents
	Missing  []runfolder.Unit
	Begun    int   // number of missing units that an earlier call began
	Err      error // why the folder cannot be used
}

// Look returns the progress of a plan. The run folder of an experiment is the
// first one with its name in dirs; if there is none, it will be in the first of
// dirs. If a folder cannot be read, or has runs of another configuration, its
// State has an error.
func (f *File) Look(dirs []string) (states []State) {
	for _, e := range f.Entries {
		s := State{Entry: e, Dir: filepath.Join(dirs[0], e.Folder)}
		for _, dir := range dirs {
			path := filepath.Join(dir, e.Folder)
			if _, err := os.Stat(path); err == nil {
				s.Dir = path
				break
			}
		}
		s.look()
		states = append(states, s)
	}
	return states
}

// look reads the run folder and sets the other fields.
func (s *State) look() {
	c, err := runfolder.Contents{}, error(nil)
	// A run that was stopped at its beginning leaves a folder without a record.
	if _, none := os.Stat(filepath.Join(s.Dir, runfolder.RecordFile)); !errors.Is(none, fs.ErrNotExist) {
		c, err = runfolder.Read(s.Dir)
	}
	s.Missing = s.Units()
	if err != nil {
		s.Err = err
		return
	}
	if d := s.differing(c.Record); c.Record.Configuration != nil && len(d) > 0 {
		s.Err = fmt.Errorf("%s holds runs with another %s; move it away", s.Dir, strings.Join(d, ", "))
		return
	}
	s.Missing = nil
	s.Contents = c.Only(s.Units())
	for _, u := range s.Units() {
		if c.Finished(u) {
			continue
		}
		s.Missing = append(s.Missing, u)
		if runfolder.Begun(s.Dir, u) {
			s.Begun++
		}
	}
}

// differing returns the settings in which a record differs from the entry. Digests do not
// count: they are only known to a run.
func (s *State) differing(r runfolder.Record) (names []string) {
	now := s.Determining()
	for _, d := range setting.Differences(r.Configuration, now) {
		if _, ok := now[d.Name]; ok {
			names = append(names, d.Name)
		}
	}
	return names
}

// Lacks describes the missing units in one line.
func (s *State) Lacks() string {
	if len(s.Missing) == len(s.Units()) {
		return s.Folder + ": nothing is finished"
	}
	return s.Folder + ": missing " + strings.Join(lists.Of(s.Missing, runfolder.Unit.String), ", ")
}
