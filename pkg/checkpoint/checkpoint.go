// Package checkpoint keeps the state of a long computation on disk: named
// sections of bytes and of numbers, in a versioned format with a checksum. The
// newest few checkpoints are numbered files in one folder. Each is written in one
// step, so that a valid one always remains.
package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/durable"
)

// DefaultKeep is the number of checkpoints that are kept by default: one to continue from,
// one in case the first is damaged, and one spare.
const DefaultKeep = 3

const suffix = ".checkpoint"

// Store is a folder of checkpoints with rising numbers. Only one process at a time
// may save into it; the lock of the run folder ensures that. It is not safe for
// concurrent use.
type Store struct {
	Dir  string     // must exist for Save
	Keep int        // number of checkpoints to keep; DefaultKeep if 0
	FS   durable.FS // durable.OS if nil
}

// Loaded is a checkpoint that was read back.
type Loaded struct {
	Snapshot
	Path string
	// Damaged has an error for each newer checkpoint that was skipped, newest
	// first. The caller should tell the user.
	Damaged []error
}

// ErrNone says that a folder has no valid checkpoint. If some are damaged, the
// error that wraps it names the newest of them.
var ErrNone = errors.New("no checkpoint")

func (s *Store) fs() durable.FS {
	if s.FS == nil {
		return durable.OS
	}
	return s.FS
}

// numbers lists the checkpoints of the folder, newest first.
func (s *Store) numbers() (list []uint64, err error) {
	entries, err := s.fs().ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !e.Type().IsRegular() {
			continue
		}
		// Other spellings of a number, like 1 for 00000001, do not count:
		// s.path would name another file.
		if n, err := strconv.ParseUint(digits, 10, 63); err == nil && filepath.Base(s.path(n)) == e.Name() {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list, nil
}

func (s *Store) path(n uint64) string {
	return filepath.Join(s.Dir, fmt.Sprintf("%08d%s", n, suffix))
}

// Save writes a checkpoint with the next number, removes the oldest ones beyond Keep,
// and returns the new one's path. If it fails, it removes none.
func (s *Store) Save(snapshot Snapshot) (path string, err error) {
	numbers, err := s.numbers()
	if err != nil {
		return "", fmt.Errorf("cannot list the checkpoints: %w", err)
	}
	next := uint64(1)
	if len(numbers) > 0 {
		next = numbers[0] + 1
	}
	path = s.path(next)
	if err := durable.WriteFile(s.fs(), path, snapshot.Encode); err != nil {
		return "", err
	}
	keep := s.Keep
	if keep <= 0 {
		keep = DefaultKeep
	}
	s.remove(numbers[min(keep-1, len(numbers)):])
	return path, nil
}

// Prune removes all but the newest keep checkpoints, or all with 0. It is for finished computations.
func (s *Store) Prune(keep int) error {
	numbers, err := s.numbers()
	if err != nil {
		return fmt.Errorf("cannot list the checkpoints: %w", err)
	}
	s.remove(numbers[min(keep, len(numbers)):])
	return nil
}

// remove removes checkpoints. It ignores errors: a leftover does no harm, and the next call tries it again.
func (s *Store) remove(numbers []uint64) {
	for _, n := range numbers {
		_ = s.fs().Remove(s.path(n))
	}
}

// Load reads the newest valid checkpoint. It skips damaged ones and lists them in
// Loaded.Damaged. If none exists or none is valid, the error wraps ErrNone.
func (s *Store) Load() (Loaded, error) {
	newest, damaged, err := s.newest()
	switch {
	case err != nil:
		return Loaded{}, err
	case newest != nil:
		return *newest, nil
	case len(damaged) > 0:
		return Loaded{}, fmt.Errorf("%w in %s is valid; the newest: %w", ErrNone, s.Dir, damaged[0])
	}
	return Loaded{}, fmt.Errorf("%w in %s", ErrNone, s.Dir)
}

// Damaged returns an error for each damaged checkpoint that is newer than the newest valid one, or for all
// checkpoints if none is valid.
func (s *Store) Damaged() ([]error, error) {
	_, damaged, err := s.newest()
	return damaged, err
}

// newest reads the newest valid checkpoint, nil if there is none. damaged has an error for each newer one.
func (s *Store) newest() (_ *Loaded, damaged []error, err error) {
	numbers, err := s.numbers()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot list the checkpoints: %w", err)
	}
	for _, n := range numbers {
		path := s.path(n)
		data, err := durable.ReadFile(s.fs(), path, MaxSize)
		if err == nil {
			var snapshot Snapshot
			if snapshot, err = Decode(data); err == nil {
				return &Loaded{Snapshot: snapshot, Path: path, Damaged: damaged}, damaged, nil
			}
			err = fmt.Errorf("%s: %w", path, err)
		}
		damaged = append(damaged, err)
	}
	return nil, damaged, nil
}
