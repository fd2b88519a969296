// Package durable writes files that are never seen half-written, even after
// a full disk, a kill or a power cut. It writes the new content to a temporary
// file in the same folder and syncs it, renames it over the old file, and syncs
// the folder.
//
// It also locks a folder against a second process, so that two runs never
// write into the same one.
package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
)

// Temporary files are named ".NAME.PID-NUMBER.partial". The leading dot keeps
// them out of listings; the suffix tells them from other files.
const partialSuffix = ".partial"

// maxPartialBase is how many bytes of a file's name its temporary name keeps. With process
// and number, the temporary name stays below the 255 bytes of most systems.
const maxPartialBase = 200

var partials atomic.Uint64

func partialName(path string) string {
	dir, base := filepath.Split(path)
	// The name itself may be as long as the system allows.
	base = base[:min(len(base), maxPartialBase)]
	return filepath.Join(dir, fmt.Sprintf(".%s.%d-%d%s", base, os.Getpid(), partials.Add(1), partialSuffix))
}

// IsLeftover reports whether a file name (without its folder) is one that
// WriteFile uses while it writes.
func IsLeftover(name string) bool {
	return len(name) > len(partialSuffix)+1 && name[0] == '.' && strings.HasSuffix(name, partialSuffix)
}

// WriteFile makes path hold what write produces, or leaves it as it was. The
// writer given to write is buffered and valid only during the call. The folder
// of path must exist.
//
// After an error, path has its old content, or still does not exist. The one
// exception is a folder that cannot be synced: then path holds the complete new
// content, but a power cut may still undo it.
//
// A symbolic link at path stays; WriteFile replaces or creates the file that it
// leads to.
func WriteFile(fsys FS, path string, write func(io.Writer) error) error {
	path = target(path)
	partial := partialName(path)
	err := writePartial(fsys, partial, write)
	if err == nil {
		if err = fsys.Rename(partial, path); err == nil {
			return explain(path, fsys.SyncDir(filepath.Dir(path)))
		}
	}
	// err has the reason. A leftover that cannot be removed here is removed by
	// the next run.
	_ = fsys.Remove(partial)
	return explain(path, err)
}

// Content returns a function for WriteFile that writes data.
func Content[T string | []byte](data T) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write([]byte(data)); return err }
}

// maxLinks is how many links in a row are followed; Linux has the same limit.
const maxLinks = 40

// target returns the end of a chain of symbolic links from path, whether or not a file
// exists there. If path is not a link, or the chain is a circle, it returns path.
func target(path string) string {
	end := path
	for range maxLinks {
		link, err := os.Readlink(end)
		if err != nil {
			return end
		}
		if !filepath.IsAbs(link) {
			// Not Join: it removes a/.., which is wrong if a is a link.
			link = filepath.Dir(end) + string(filepath.Separator) + link
		}
		end = link
	}
	return path // a circle
}

// writePartial writes and syncs the temporary file.
func writePartial(fsys FS, partial string, write func(io.Writer) error) (err error) {
	f, err := fsys.Create(partial)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// explain returns err with the requested file's name instead of the temporary
// one's, and with advice for the common reasons.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &inPath):
		err = inPath.Err
	case errors.As(err, &inLink):
		err = inLink.Err
	}
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC):
		hint = "; free some space and try again"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "; choose a folder that can be written to"
	case errors.Is(err, fs.ErrNotExist):
		hint = "; create its folder first"
	}
	return fmt.Errorf("cannot write %s: %w%s", path, err, hint)
}

// RemoveLeftovers removes the temporary files that killed processes left in
// dir, and returns their names. Call it while holding the folder's Lock: the
// temporary files of a process that is still writing look the same. A folder
// that does not exist has none.
func RemoveLeftovers(fsys FS, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsLeftover(e.Name()) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, e.Name())); err != nil {
			return removed, err
		}
		removed = append(removed, e.Name())
	}
	return removed, nil
}

// ReadFile reads the whole file at path. A file of more than limit bytes is an
// error, so that a damaged or foreign file cannot use up the memory.
func ReadFile(fsys FS, path string, limit int64) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, more than the %d that are sensible here", path, info.Size(), limit)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}
