package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/kernel"
	"multiscale/pkg/picture"
)

// files is a source of picture files below a folder.
type files struct {
	root  string
	names []string // relative, with forward slashes
}

func (f files) Len() int                            { return len(f.names) }
func (f files) Name(i int) string                   { return f.names[i] }
func (f files) Load(i int) (*picture.Planar, error) { return picture.Open(f.path(i)) }
func (f files) path(i int) string                   { return filepath.Join(f.root, filepath.FromSlash(f.names[i])) }

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

// reason is the error of the system without the path that it repeats.
func reason(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}

var errNoPictures = errors.New("the folder has no PNG, JPEG, GIF, BMP, TIFF or WebP pictures; name one that has")

// findPictures lists the pictures below root, sorted by relative path. Hidden
// files and folders are left out. Symbolic links to files inside root count;
// links to folders, and links that lead out of root, are not followed.
func findPictures(root string) (files, error) {
	// The folder itself may be given by a link.
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return files{}, fmt.Errorf("%s: %w", root, reason(err))
	}
	found := files{root: root}
	links := 0
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w; make it readable or move it away", path, reason(err))
		}
		if path == real {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !picture.IsName(d.Name()) {
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 && !staysInside(real, path) {
			links++
			return nil
		}
		if len(found.names) == maxFiles {
			return fmt.Errorf("%s: more than %d pictures; name a smaller folder", root, maxFiles)
		}
		name, err := filepath.Rel(real, path)
		if err != nil {
			return err
		}
		found.names = append(found.names, filepath.ToSlash(name))
		return nil
	})
	switch {
	case err != nil:
		return files{}, err
	case len(found.names) == 0 && links > 0:
		return files{}, fmt.Errorf("%s: no pictures but %d symbolic links that lead out of the folder and are not followed; copy the pictures", root, links)
	case len(found.names) == 0:
		return files{}, fmt.Errorf("%s: %w", root, errNoPictures)
	}
	slices.Sort(found.names)
	return found, nil
}

func staysInside(root, link string) bool {
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, target)
	return err == nil && filepath.IsLocal(rel)
}

// digestInFull is up to how many bytes the contents of files count for a
// digest, and digestStart is what counts of each file beyond that.
const (
	digestInFull = 256 << 20
	digestStart  = 4 << 10
)

// inspect checks the header of every picture and returns a digest of all, on
// all cores. The error is that of the first bad picture in the order of names.
func inspect(f files) (string, error) {
	j, err := newInspection(f)
	if err != nil {
		return "", err
	}
	if err := f.checkLinks(); err != nil {
		return "", err
	}
	j.headers = true
	return j.run()
}

// checkLinks refuses pictures, named by a list or by a counterpart, that are
// links out of the folder.
func (f files) checkLinks() error {
	real, err := filepath.EvalSymlinks(f.root)
	if err != nil {
		return fmt.Errorf("%s: %w", f.root, reason(err))
	}
	for i := range f.names {
		path := f.path(i)
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 && !staysInside(real, path) {
			return fmt.Errorf("%s: a symbolic link that leads out of the folder is not followed; copy the picture", path)
		}
	}
	return nil
}

// digestOf is the digest of files that are not pictures.
func digestOf(f files) (string, error) {
	j, err := newInspection(f)
	if err != nil {
		return "", err
	}
	return j.run()
}

type inspection struct {
	files
	headers bool
	limit   int64 // bytes of each file that count
	sizes   []int64
	sums    [][sha256.Size]byte
	errs    []error
}

func newInspection(f files) (*inspection, error) {
	n := f.Len()
	j := &inspection{files: f, sizes: make([]int64, n), sums: make([][sha256.Size]byte, n), errs: make([]error, n)}
	total := int64(0)
	for i := range n {
		info, err := os.Stat(f.path(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w; get the data set anew", f.path(i), reason(err))
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: not a file; move it away", f.path(i))
		}
		j.sizes[i] = info.Size()
		total += info.Size()
	}
	j.limit = digestStart
	if total <= digestInFull {
		j.limit = digestInFull
	}
	return j, nil
}

func (j *inspection) run() (string, error) {
	kernel.Run(j.Len(), j)
	if err := firstError(j.errs); err != nil {
		return "", err
	}
	all := sha256.New()
	for i, name := range j.names {
		fmt.Fprintf(all, "%q %d %x\n", name, j.sizes[i], j.sums[i])
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func (j *inspection) Do(i int) { j.errs[i] = j.look(i) }

func (j *inspection) look(i int) error {
	path := j.path(i)
	if j.headers {
		if _, _, err := picture.Size(path); err != nil {
			return err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, reason(err))
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(f, j.limit)); err != nil {
		return fmt.Errorf("%s: %w", path, reason(err))
	}
	sum.Sum(j.sums[i][:0])
	return nil
}

// Digest identifies the content of the named files of a folder, for Set.Digest of
// data sets that are no pictures.
func Digest(root string, names []string) (string, error) { return digestOf(files{root, names}) }
