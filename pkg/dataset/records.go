package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// layout is how a binary file stores pictures: records of one size.
type layout struct {
	side        int
	header      int  // bytes before the pixels, of a label
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

// records is a source of the records of binary files. They are read one by
// one when they are asked for; the system's file cache keeps what is in use.
type records struct {
	layout
	root  string
	files []recordFile
	n     int
}

type recordFile struct {
	name  string
	file  *os.File
	first int // number of its first record among all
}

// openRecords opens the named files of a folder. They stay open as long as the
// collection is in use.
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

// find returns the file that holds record i, and the record's number in it.
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

// matching returns the names in dir that match a pattern of package path, in
// order. A folder that cannot be read has none.
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

// openBinaries serves a data set of binary files; validation may be empty.
func openBinaries(o Options, root string, train, validation []string, l layout, scale pixel.Scale) (*Set, error) {
	digest, err := digestOf(files{root, append(append([]string(nil), train...), validation...)})
	if err != nil {
		return nil, err
	}
	all, err := openRecords(root, train, l)
	if err != nil {
		return nil, err
	}
	t, v := Source(all), Source(nil)
	if len(validation) > 0 {
		v, err = openRecords(root, validation, l)
	} else {
		t, v, err = Split(all, root)
	}
	if err != nil {
		all.close()
		return nil, err
	}
	// Nothing is kept: a record is read faster than it would be missed.
	o.budget = new(budget)
	return &Set{
		Channels: rgb, Scale: scale, Digest: digest,
		Train:      NewGallery(t, Resize, o),
		Validation: NewGallery(v, Resize, o),
	}, nil
}

// openCIFAR10 reads the binary version of CIFAR-10 (Krizhevsky 2009): every
// data_batch_*.bin for training, and test_batch.bin for validation where it is
// there.
func openCIFAR10(o Options) (*Set, error) {
	for _, dir := range []string{o.Root, filepath.Join(o.Root, "cifar-10-batches-bin")} {
		if train := matching(dir, "data_batch_*.bin"); len(train) > 0 {
			return openBinaries(o, dir, train, matching(dir, "test_batch.bin"), cifar10Layout, half)
		}
	}
	return nil, fmt.Errorf("%s: no data_batch_*.bin here or in cifar-10-batches-bin; get them with: go run ./datasets/fetch cifar10", o.Root)
}

// stl10Scale is STL-10's own statistics.
var stl10Scale = scaleOf([rgb]float32{0.4467, 0.4398, 0.4066}, [rgb]float32{0.2240, 0.2215, 0.2239})

// half takes pixels to [-1,1].
var half = scaleOf([rgb]float32{0.5, 0.5, 0.5}, [rgb]float32{0.5, 0.5, 0.5})

// scaleOf is a normalisation by numbers of single precision, as PyTorch has them.
func scaleOf(mean, std [rgb]float32) (s pixel.Scale) {
	for c := range rgb {
		s.Mean, s.Std = append(s.Mean, float64(mean[c])), append(s.Std, float64(std[c]))
	}
	return s
}

// openSTL10 reads STL-10 (Coates, Ng and Lee 2011): unlabeled_X.bin and
// train_X.bin for training, test_X.bin for validation where it is there; or,
// where there is none of them, any tree of pictures taken from it.
func openSTL10(o Options) (*Set, error) {
	for _, dir := range []string{o.Root, filepath.Join(o.Root, "stl10_binary")} {
		train := append(matching(dir, "unlabeled_X.bin"), matching(dir, "train_X.bin")...)
		validation := matching(dir, "test_X.bin")
		if len(train) > 0 {
			return openBinaries(o, dir, train, validation, stl10Layout, stl10Scale)
		}
		if len(validation) > 0 {
			return nil, fmt.Errorf("%s: test_X.bin without unlabeled_X.bin or train_X.bin; get them with: go run ./datasets/fetch stl10", dir)
		}
	}
	set, err := openTrees(o, Resize, stl10Scale)
	if errors.Is(err, errNoPictures) {
		return nil, fmt.Errorf("%s: neither unlabeled_X.bin, train_X.bin nor pictures in this folder; get them with: go run ./datasets/fetch stl10", o.Root)
	}
	return set, err
}
