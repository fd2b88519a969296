package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"multiscale/pkg/kernel"
	"multiscale/pkg/picture"
)

// files is a source of picture files below a folder.
type files struct {
	root  string
	names []string // relative, with forward slashes
}

func (f files) Len() int          { return len(f.names) }
func (f files) Name(i int) string { return f.names[i] }
func (f files) path(i int) string { return filepath.Join(f.root, filepath.FromSlash(f.names[i])) }
func (f files) Load(i int) (*picture.Planar, error) {
	p, notes, err := load(f.path(i))
	if err != nil {
		return nil, err
	}
	p.Notes = notes
	return p, nil
}

// A digest covers the whole contents of the files if they have at most digestInFull bytes
// in all, else only the first digestStart bytes of each file.
const (
	digestInFull = 256 << 20
	digestStart  = 4 << 10
)

// checkLinks returns an error if a picture is a symbolic link that leads out of the
// folder. Lists and the names of counterparts may name such links.
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

// contents has the sizes and the digests of files, independent of their format.
type contents struct {
	files
	total int64 // bytes
	limit int64 // bytes of each file that count for the digest
	sizes []int64
	sums  [][sha256.Size]byte
	errs  []error
	// check, which may be nil, examines file i before it is read.
	check func(i int) error
}

// newContents finds the sizes of files. It refuses anything but regular files, because
// opening a pipe would wait for ever.
func newContents(f files) *contents {
	n := f.Len()
	c := &contents{files: f, sizes: make([]int64, n), sums: make([][sha256.Size]byte, n), errs: make([]error, n)}
	for i := range n {
		switch info, err := os.Stat(f.path(i)); {
		case err != nil:
			c.errs[i] = fmt.Errorf("%s: %w; get the data set anew", f.path(i), reason(err))
		case !info.Mode().IsRegular():
			c.errs[i] = fmt.Errorf("%s: not a file; move it away", f.path(i))
		default:
			c.sizes[i] = info.Size()
			c.total += info.Size()
		}
	}
	c.limit = digestStart
	if c.total <= digestInFull {
		c.limit = digestInFull
	}
	return c
}

// read fills sums and errs, on all cores.
func (c *contents) read() { kernel.Run(c.Len(), c) }

// Do implements kernel.Job for file i.
func (c *contents) Do(i int) {
	if c.errs[i] != nil {
		return
	}
	if c.check != nil {
		if c.errs[i] = c.check(i); c.errs[i] != nil {
			// The digest in Report.Decoded covers bad pictures, too.
			c.sums[i], _ = c.sum(i)
			return
		}
	}
	c.sums[i], c.errs[i] = c.sum(i)
}

func (c *contents) sum(i int) (sum [sha256.Size]byte, err error) {
	path := c.path(i)
	f, err := os.Open(path)
	if err != nil {
		return sum, fmt.Errorf("%s: %w", path, reason(err))
	}
	defer f.Close()
	all := sha256.New()
	if _, err := io.Copy(all, io.LimitReader(f, c.limit)); err != nil {
		return sum, fmt.Errorf("%s: %w", path, reason(err))
	}
	all.Sum(sum[:0])
	return sum, nil
}

// digest identifies the files, except those for which without returns true.
func (c *contents) digest(without func(i int) bool) string {
	all := sha256.New()
	for i, name := range c.names {
		if without == nil || !without(i) {
			fmt.Fprintf(all, "%q %d %x\n", name, c.sizes[i], c.sums[i])
		}
	}
	return hex.EncodeToString(all.Sum(nil))
}

// combine makes one digest of several. A single one is returned unchanged.
func combine(digests ...string) string {
	if len(digests) == 1 {
		return digests[0]
	}
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, digests)))
}

// readContents reads files that are not pictures.
func readContents(f files) (*contents, error) {
	c := newContents(f)
	c.read()
	return c, cmp.Or(c.errs...)
}

// Digest identifies the content of the named files of a folder, for the Set.Digest of custom
// formats. It covers the names in this order, the sizes and the bytes, but not the folder's
// path. If the files have more than 256 MiB in all, it covers the first 4 KiB of each.
func Digest(root string, names []string) (string, error) {
	c, err := readContents(files{root, names})
	if err != nil {
		return "", err
	}
	return c.digest(nil), nil
}
