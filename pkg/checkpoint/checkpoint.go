// Package checkpoint keeps the state of a long computation on disk: named
// sections of bytes and of numbers, in a versioned format with a checksum. The
// last few are kept as numbered files in a folder of their own, each written in
// one step, so that a valid one always remains to continue from.
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

// DefaultKeep is how many checkpoints are kept by default: one to continue from,
// one in case it is damaged, and one to spare.
const DefaultKeep = 3

const suffix = ".checkpoint"

// Store is a folder of checkpoints, numbered upwards. One process at a time may
// save into it; a run folder's lock sees to that. It is not safe for concurrent
// use.
type Store struct {
	Dir  string     // must exist for Save
	Keep int        // how many to keep; DefaultKeep if 0
	FS   durable.FS // durable.OS if nil
}

// Loaded is a checkpoint that was read back.
type Loaded struct {
	Snapshot
	Path string
	// Damaged says, newest first, which newer checkpoints were passed over and
	// why. The user should hear of it.
	Damaged []error
}

// ErrNone says that a folder holds no checkpoint to continue from. An
// error that wraps it says which were damaged, if there were any.
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
		// Only names as path makes them: other spellings of a number would
		// lead to a file that is not there.
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

// Save writes a checkpoint, newer than all others, and returns its path. Then the
// oldest beyond Keep are removed. If it fails, the earlier ones stay.
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

// Prune removes all but the newest checkpoints of which keep may stay, none with 0: of a computation that is finished.
func (s *Store) Prune(keep int) error {
	numbers, err := s.numbers()
	if err != nil {
		return fmt.Errorf("cannot list the checkpoints: %w", err)
	}
	s.remove(numbers[min(keep, len(numbers)):])
	return nil
}

// remove removes checkpoints. One that cannot be removed does no harm and is tried again next time.
func (s *Store) remove(numbers []uint64) {
	for _, n := range numbers {
		_ = s.fs().Remove(s.path(n))
	}
}

// Load reads the newest valid checkpoint. Damaged ones are passed over and
// listed in Loaded.Damaged. Where none is valid, or none exists, the error
// wraps ErrNone.
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

// Damaged returns why checkpoints that are newer than the newest valid one are not, and all of them where
// none is.
func (s *Store) Damaged() ([]error, error) {
	_, damaged, err := s.newest()
	return damaged, err
}

// newest reads the newest valid checkpoint, nil where there is none, and says why newer ones are not.
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
