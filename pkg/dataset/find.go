package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/picture"
)

// maxFiles bounds the pictures of a data set. No data set that fits on a current disk has
// more.
const maxFiles = 5_000_000

func checkFolder(dir, hint string) error {
	if hint != "" {
		hint = "; " + hint
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such folder%s", dir, hint)
	case err != nil:
		return fmt.Errorf("%s: %w", dir, reason(err))
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder%s", dir, hint)
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// firstFolder returns the first folder inside root that exists, or root if none does.
// Archives are often unpacked into a folder of their own name.
func firstFolder(root string, inside ...string) string {
	for _, name := range inside {
		if dir := filepath.Join(root, filepath.FromSlash(name)); isFolder(dir) {
			return dir
		}
	}
	return root
}

// reason returns the system's error without the path, which the message already has.
func reason(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}

// errNoPictures is the error for a folder without supported pictures.
var errNoPictures = errors.New("the folder has no PNG, JPEG, GIF, BMP, TIFF or WebP pictures")

// thumbnails are folders in which systems keep thumbnails, metadata and deleted files.
var thumbnails = []string{"@eaDir", ".@__thumb", ".thumbnails", ".picasaoriginals", "__MACOSX", "#recycle", "@Recycle", "$RECYCLE.BIN"}

// RunRecord is the file that marks a run folder. Its figures are not pictures for training.
const RunRecord = "run.json"

// arrayEnding is the file name extension of NumPy's arrays.
const arrayEnding = ".npy"

func isArray(name string) bool { return strings.EqualFold(filepath.Ext(name), arrayEnding) }

// search is one walk through a folder of pictures.
type search struct {
	root, real string
	pictures   []string // names relative to root, with forward slashes
	arrays     []string // .npy files
	left       counts   // what is left out, by kind
}

// The kinds of entries that are left out. Files of unsupported formats are counted by
// format or extension; see kindOf.
const (
	kindHidden  = "hidden"
	kindLinks   = "links that are not followed"
	kindSpecial = "pipes, sockets and devices"
)

// findPictures lists the pictures below root, sorted by relative path, and counts what it
// leaves out: hidden files and folders, folders of thumbnails, run folders, and files of
// unsupported formats. Symbolic links to files inside root count as pictures; links to
// folders, and links that lead out of root, are not followed. If arrays is set and there
// are no pictures, it lists the .npy files instead.
func findPictures(root string, arrays bool) (files, counts, error) {
	// root itself may be a link.
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return files{}, nil, fmt.Errorf("%s: %w", root, reason(err))
	}
	s := &search{root: root, real: real, left: counts{}}
	if err := filepath.WalkDir(real, s.visit); err != nil {
		return files{}, nil, err
	}
	found := s.pictures
	if len(found) == 0 && arrays {
		found = s.arrays
	} else if len(s.arrays) > 0 {
		s.left[arrayEnding] += len(s.arrays)
	}
	if len(found) == 0 {
		return files{}, nil, s.nothing()
	}
	slices.Sort(found)
	return files{root, found}, s.left, nil
}

// visit implements fs.WalkDirFunc. It records a picture or an array, or counts what is left out.
func (s *search) visit(path string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w; make it readable or move it away", path, reason(err))
	case path == s.real:
		return nil
	case d.IsDir() && slices.Contains(thumbnails, d.Name()):
		s.left["in "+d.Name()+" (thumbnails and the like)"] += picturesIn(path)
		return fs.SkipDir
	case strings.HasPrefix(d.Name(), "."):
		if d.IsDir() {
			s.left["folders that are hidden"]++
			return fs.SkipDir
		}
		if picture.IsName(d.Name()) {
			s.left[kindHidden]++
		}
		return nil
	case d.IsDir() && isFile(filepath.Join(path, RunRecord)):
		s.left["in run folders"] += picturesIn(path)
		return fs.SkipDir
	case d.IsDir():
		return nil
	}
	known, array := picture.IsName(d.Name()), isArray(d.Name())
	switch {
	case !known && !array:
		s.left[kindOf(d.Name())]++
		return nil
	case d.Type()&fs.ModeSymlink != 0 && (isFolder(path) || !staysInside(s.real, path)):
		s.left[kindLinks]++
		return nil
	case d.Type()&^fs.ModeSymlink != 0:
		s.left[kindSpecial]++
		return nil
	case len(s.pictures)+len(s.arrays) == maxFiles:
		return fmt.Errorf("%s: more than %d pictures; name a smaller folder", s.root, maxFiles)
	}
	name, err := filepath.Rel(s.real, path)
	if err != nil {
		return err
	}
	if array {
		s.arrays = append(s.arrays, filepath.ToSlash(name))
	} else {
		s.pictures = append(s.pictures, filepath.ToSlash(name))
	}
	return nil
}

// picturesIn is the number of files in a folder that look like pictures.
func picturesIn(dir string) (n int) {
	// Unreadable folders count as empty: dir is left out in any case.
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && picture.IsName(d.Name()) {
			n++
		}
		return nil
	})
	return n
}

// kindOf names the kind of an unsupported file: its format or its extension.
func kindOf(name string) string {
	if kind := picture.Unread(name); kind != "" {
		return kind
	}
	if ending := strings.ToLower(filepath.Ext(name)); ending != "" && len(ending) <= 12 {
		return ending
	}
	return "other files"
}

// nothing returns the error for a folder without supported pictures.
func (s *search) nothing() error {
	if n := s.left[kindLinks]; n > 0 {
		return fmt.Errorf("%s: no pictures but %d symbolic links that lead out of the folder and are not followed; copy the pictures", s.root, n)
	}
	if len(s.left) > 0 {
		return fmt.Errorf("%s: %w, but %s; convert pictures to PNG, or name another folder", s.root, errNoPictures, s.left.list(""))
	}
	return fmt.Errorf("%s: %w; name another folder", s.root, errNoPictures)
}

func staysInside(root, link string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, target)
	return err == nil && filepath.IsLocal(rel)
}
