package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxName is the longest file name, in bytes, that common systems accept.
const maxName = 255

// CheckFile returns an error if WriteFile could not write path. Call it before the work
// whose result goes there. It leaves no file behind.
func CheckFile(path string) error {
	end := target(path)
	dir := filepath.Dir(end)
	if err := checkName(end); err != nil {
		return err
	}
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s: a folder; name a file", path)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a file; choose another name", path)
	}
	if _, err := os.Readlink(end); err == nil {
		return fmt.Errorf("%s: a link that leads in a circle; choose another name", path)
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no folder %s; create it first", path, dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: %s is not a folder", path, dir)
	}
	return checkWritable(dir)
}

// checkName returns an error if the last part of a path is too long.
func checkName(path string) error {
	if base := filepath.Base(path); len(base) > maxName {
		return fmt.Errorf("%.40s...: a name of %d bytes, more than the %d that systems take; choose a shorter one", base, len(base), maxName)
	}
	return nil
}

// CheckFolder returns an error if files could not be written into a folder. If the folder
// does not exist, CheckFolder checks the nearest parent that does; it creates no folder.
func CheckFolder(dir string) error {
	for {
		if err := checkName(dir); err != nil {
			return err
		}
		info, err := os.Stat(dir)
		above := filepath.Dir(dir)
		switch {
		case err == nil && !info.IsDir():
			return fmt.Errorf("%s is not a folder; choose another", dir)
		case err == nil:
			return checkWritable(dir)
		case !errors.Is(err, fs.ErrNotExist) || above == dir:
			return fmt.Errorf("%s: %w; choose another folder", dir, reasonOf(err))
		}
		if _, err := os.Lstat(dir); err == nil {
			return fmt.Errorf("%s is a link to nothing; choose another folder", dir)
		}
		dir = above
	}
}

// checkWritable creates a file in dir and removes it again.
func checkWritable(dir string) error {
	name := partialName(filepath.Join(dir, "check"))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: files cannot be written there: %w; choose another folder", dir, reasonOf(err))
	}
	return errors.Join(f.Close(), os.Remove(name))
}

// reasonOf returns the system's error without the path, which the message already names.
func reasonOf(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}
