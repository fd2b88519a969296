package datasets

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack writes the wanted entries of a .tar.gz below dir, which must be empty.
//
// It is safe for hostile archives. It refuses an archive that has an absolute name, a name
// with "..", a name that another system could read as one of these, or a wanted entry that
// is not a plain file or folder. Files are created within dir only (os.Root), and none is
// overwritten. Bytes and entries are bounded, including skipped entries.
func unpack(r io.Reader, dir string, d Dataset) error {
	packed, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("not a .tar.gz archive (%w)", err)
	}
	return extract(packed, dir, d)
}

// extract does the same for an uncompressed .tar.
func extract(packed io.Reader, dir string, d Dataset) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	bounded := &boundedReader{r: packed, left: d.MaxUnpacked, limit: d.MaxUnpacked}
	entries := tar.NewReader(bounded)
	kept := 0
	for n := 0; ; n++ {
		e, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("damaged archive (%w)", err)
		}
		if n == d.MaxEntries {
			return fmt.Errorf("more than %d entries", d.MaxEntries)
		}
		if e.Typeflag == tar.TypeXGlobalHeader {
			continue // in archives of repositories, this is the commit
		}
		if err := checkName(e.Name); err != nil {
			return err
		}
		name, wanted := d.place(e.Name)
		switch {
		case !wanted || e.Typeflag == tar.TypeDir:
			continue
		case e.Typeflag != tar.TypeReg:
			return fmt.Errorf("entry %.100q is a link or a device", e.Name)
		case e.Size > d.MaxUnpacked:
			return fmt.Errorf("entry %.100q has %d bytes, more than the %d of the whole data set", e.Name, e.Size, d.MaxUnpacked)
		}
		if err := create(root, name, entries); err != nil {
			return fmt.Errorf("entry %.100q: %w", e.Name, err)
		}
		kept++
	}
	// Read to the end: gzip's checksum comes after the tar archive.
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return fmt.Errorf("damaged archive (%w)", err)
	}
	if kept == 0 {
		return fmt.Errorf("no files in %s", d.Inside)
	}
	return nil
}

func create(root *os.Root, name string, r io.Reader) (err error) {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return sync(f)
}

// sync is a variable so that the fuzz test need not wait for the disk.
var sync = (*os.File).Sync

// checkName refuses names that could lead out of the folder on any system.
func checkName(name string) error {
	local := filepath.IsLocal(filepath.FromSlash(name)) || name == "./"
	if !local || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\:\x00") || hasDotDot(name) {
		return fmt.Errorf("entry %.100q leads out of the folder", name)
	}
	return nil
}

func hasDotDot(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// place returns the path to which an entry is unpacked, and whether it is wanted.
func (d Dataset) place(entry string) (name string, wanted bool) {
	name = path.Clean(entry)
	for part := range strings.SplitSeq(d.Inside, "/") {
		first, rest, more := strings.Cut(name, "/")
		if !more || part != "*" && part != first {
			return "", false
		}
		name = rest
	}
	if len(d.Keep) == 0 {
		return name, true
	}
	for _, pattern := range d.Keep {
		if ok, _ := path.Match(pattern, path.Base(name)); ok {
			return name, true
		}
	}
	return "", false
}

// boundedReader returns an error, not the end of the file, beyond the limit.
type boundedReader struct {
	r           io.Reader
	left, limit int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes when unpacked", b.limit)
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes when unpacked", b.limit)
	}
	return n, err
}
