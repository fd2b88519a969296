package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// FS has the operations of a file system that crash-safe files need. All files that
// must not be lost are written through it, so that tests can make any step fail (see
// package durabletest). Errors are those of package os.
type FS interface {
	// Create makes a new file for writing; the path must not exist.
	Create(path string) (File, error)
	// Open opens a file for reading.
	Open(path string) (fs.File, error)
	// Rename moves a file inside its folder, replacing the target in one step.
	Rename(from, to string) error
	// Remove removes a file or an empty folder.
	Remove(path string) error
	// MkdirAll creates a folder and its missing parents, and makes them survive a power cut.
	MkdirAll(dir string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(dir string) ([]fs.DirEntry, error)
	// SyncDir makes the creations, renames and removals inside a folder survive a power cut.
	SyncDir(dir string) error
}

// File is a file being written.
type File interface {
	io.WriteCloser
	// Sync makes the written content survive a power cut.
	Sync() error
}

// OS is the file system of the operating system.
var OS FS = osFS{}

type osFS struct{}

func (osFS) Create(path string) (File, error) {
	// O_EXCL never follows a link that another user put there.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

func (osFS) Open(path string) (fs.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) Rename(from, to string) error              { return os.Rename(from, to) }
func (osFS) Remove(path string) error                  { return os.Remove(path) }
func (osFS) ReadDir(dir string) ([]fs.DirEntry, error) { return os.ReadDir(dir) }

func (o osFS) MkdirAll(dir string) error {
	var parents []string // of the missing folders
	for d := filepath.Clean(dir); ; {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		parent := filepath.Dir(d)
		if parent == d {
			break
		}
		parents = append(parents, parent)
		d = parent
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range parents {
		if err := o.SyncDir(p); err != nil {
			return err
		}
	}
	return nil
}

func (osFS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync folders; NTFS journals renames
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	// Some file systems cannot sync a folder. Nothing more can be done for their
	// renames, so this is not an error.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
