package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"multiscale/pkg/picture"
)

// layout is the layout of a binary file's records, which all have the same size.
type layout struct {
	side        int
	header      int  // bytes of the label, before the pixels
	columnMajor bool // planes are stored column by column
}

func (l layout) size() int64 { return int64(l.header + rgb*l.side*l.side) }

var (
	cifar10Layout = layout{side: 32, header: 1}
	stl10Layout   = layout{side: 96, columnMajor: true}
)

// decode turns a record into a picture.
func (l layout) decode(record []byte) *picture.Planar {
	p := picture.New(rgb, l.side, l.side)
	pixels := record[l.header:]
	if !l.columnMajor {
		copy(p.Pix, pixels)
		return p
	}
	plane := l.side * l.side
	for i, v := range pixels[:len(p.Pix)] {
		x, y := i%plane/l.side, i%l.side
		p.Pix[i/plane*plane+y*l.side+x] = v
	}
	return p
}

// records is a source of the records of binary files. Each is read on demand; the system's
// file cache keeps those in use.
type records struct {
	layout
	root  string
	files []recordFile
	n     int
}

type recordFile struct {
	name  string
	file  *os.File
	first int // index of its first record among all
}

// openRecords opens the named files of a folder. They stay open as long as the source is in
// use.
func openRecords(root string, names []string, l layout) (_ *records, err error) {
	c := &records{layout: l, root: root}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for _, name := range names {
		path := filepath.Join(root, name)
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, reason(err))
		}
		c.files = append(c.files, recordFile{name, f, c.n})
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, reason(err))
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: not a file; move it away", path)
		case info.Size() == 0 || info.Size()%l.size() != 0:
			return nil, fmt.Errorf("%s: %d bytes are not a whole number of %d-byte records; the file is cut short, get it anew", path, info.Size(), l.size())
		}
		c.n += int(info.Size() / l.size())
	}
	return c, nil
}

func (c *records) close() {
	for _, f := range c.files {
		f.file.Close() // it was only read
	}
}

func (c *records) Len() int { return c.n }

// sizes returns the number of records of each file.
func (c *records) sizes() map[string]int {
	sizes := make(map[string]int)
	for i, f := range c.files {
		end := c.n
		if i+1 < len(c.files) {
			end = c.files[i+1].first
		}
		sizes[f.name] = end - f.first
	}
	return sizes
}

// find returns the file that holds record i, and the record's index in it.
func (c *records) find(i int) (recordFile, int) {
	f := c.files[0]
	for _, next := range c.files[1:] {
		if next.first > i {
			break
		}
		f = next
	}
	return f, i - f.first
}

func (c *records) Name(i int) string {
	f, k := c.find(i)
	return fmt.Sprintf("%s/%d", f.name, k)
}

func (c *records) Load(i int) (*picture.Planar, error) {
	f, k := c.find(i)
	record := make([]byte, c.size())
	if _, err := f.file.ReadAt(record, int64(k)*c.size()); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file has become shorter while it was in use")
		}
		return nil, fmt.Errorf("%s: record %d: %w; get it anew", filepath.Join(c.root, f.name), k, reason(err))
	}
	return c.decode(record), nil
}

// matching returns the sorted names in dir that match a pattern of package path. A folder
// that cannot be read has none.
func matching(dir, pattern string) []string {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names
}
