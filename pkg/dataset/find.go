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

// maxFiles is more than any data set of pictures has that fits on a disk of today.
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

// firstFolder returns the first of the folders inside root that exists; root itself
// where none does. Archives are often unpacked into a folder of their own name.
func firstFolder(root string, inside ...string) string {
	for _, name := range inside {
		if dir := filepath.Join(root, filepath.FromSlash(name)); isFolder(dir) {
			return dir
		}
	}
	return root
}

// reason is the error of the system without the path that it repeats.
func reason(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}

// errNoPictures says that a folder has nothing that is read.
var errNoPictures = errors.New("the folder has no PNG, JPEG, GIF, BMP, TIFF or WebP pictures")

// thumbnails are folders in which systems keep small copies of pictures, and what was
// deleted.
var thumbnails = []string{"@eaDir", ".@__thumb", ".thumbnails", ".picasaoriginals", "__MACOSX", "#recycle", "@Recycle", "$RECYCLE.BIN"}

// RunRecord is the file that marks a run folder. Its figures are not pictures for training.
const RunRecord = "run.json"

// arrayEnding is that of the names of NumPy's arrays.
const arrayEnding = ".npy"

func isArray(name string) bool { return strings.EqualFold(filepath.Ext(name), arrayEnding) }

// search is the walk through a folder of pictures.
type search struct {
	root, real string
	pictures   []string // names relative to root, with forward slashes
	arrays     []string // .npy files
	left       counts
}

// The kinds of what is left out; those of files that are not read have the names of
// their formats or endings.
const (
	kindHidden  = "hidden"
	kindLinks   = "links that are not followed"
	kindSpecial = "pipes, sockets and devices"
)

// findPictures lists the pictures below root, sorted by relative path, and counts what
// it leaves out: hidden files and folders, folders of thumbnails, files that are not
// read. Symbolic links to files inside root count; links to folders, and links that
// lead out of root, are not followed. If arrays is set, a folder without pictures may
// have .npy files.
func findPictures(root string, arrays bool) (files, counts, error) {
	// The folder itself may be given by a link.
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
	// What cannot be read has none: the folder is left out either way.
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && picture.IsName(d.Name()) {
			n++
		}
		return nil
	})
	return n
}

// kindOf names the kind of a file that is not read.
func kindOf(name string) string {
	if kind := picture.Unread(name); kind != "" {
		return kind
	}
	if ending := strings.ToLower(filepath.Ext(name)); ending != "" && len(ending) <= 12 {
		return ending
	}
	return "other files"
}

// nothing is the error for a folder that has nothing to read.
func (s *search) nothing() error {
	if n := s.left[kindLinks]; n > 0 {
		return fmt.Errorf("%s: no pictures but %d symbolic links that lead out of the folder and are not followed; copy the pictures", s.root, n)
	}
	if len(s.left) > 0 {
		return fmt.Errorf("%s: %w, but %s; convert pictures to PNG, or name another folder", s.root, errNoPictures, s.left.list(""))
	}
	return fmt.Errorf("%s: %w; name one that has", s.root, errNoPictures)
}

func staysInside(root, link string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, target)
	return err == nil && filepath.IsLocal(rel)
}
