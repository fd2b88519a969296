package dataset

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/picture"
)

// record returns a picture as a record of the layout.
func record(p *picture.Planar, l layout) []byte {
	data := make([]byte, l.header)
	for c := range 3 {
		for i := range l.side * l.side {
			at := i
			if l.columnMajor {
				at = i%l.side*l.side + i/l.side
			}
			data = append(data, p.Pix[c*l.side*l.side+at])
		}
	}
	return data
}

func recordsOf(n int, l layout, name string) (data []byte) {
	for i := range n {
		data = append(data, record(noise(l.side, l.side, name+string(rune('a'+i))), l)...)
	}
	return data
}

func TestCIFAR10(t *testing.T) {
	for _, sub := range []string{"", "cifar-10-batches-bin"} {
		root := t.TempDir()
		write(t, recordsOf(3, cifar10Layout, "1"), root, sub, "data_batch_1.bin")
		write(t, recordsOf(4, cifar10Layout, "2"), root, sub, "data_batch_2.bin")
		write(t, recordsOf(2, cifar10Layout, "t"), root, sub, "test_batch.bin")
		set := open(t, Options{Name: "cifar10", Root: root})
		use(t, set, 32)
		use(t, set, 64)
		use(t, set, 16)
		if set.Train.Len() != 7 || set.Validation.Len() != 2 || !slices.Equal(set.Scale.Mean, half.Mean) {
			t.Errorf("%d and %d pictures, %+v", set.Train.Len(), set.Validation.Len(), set.Scale)
		}
		for i, name := range []string{"1a", "1b", "1c", "2a", "2b", "2c", "2d"} {
			if got := whole(t, set.Train, i); !bytes.Equal(got.Pix, noise(32, 32, name).Pix) {
				t.Errorf("picture %d (%s) is not %s", i, set.Train.Name(i), name)
			}
		}
		if got := set.Train.Name(4); got != "data_batch_2.bin/1" {
			t.Errorf("picture 4 is called %s", got)
		}
	}
	root := t.TempDir()
	write(t, recordsOf(20, cifar10Layout, "1"), root, "data_batch_1_first20.bin")
	set := open(t, Options{Name: "cifar10", Root: root})
	use(t, set, 32)
	if set.Train.Len()+set.Validation.Len() != 20 {
		t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
	}
	if dir, ok := shared("cifar10-sample"); ok {
		set := open(t, Options{Name: "cifar10", Root: dir})
		use(t, set, 32)
		if set.Train.Len()+set.Validation.Len() != 4000 {
			t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
}

func TestSTL10(t *testing.T) {
	root := t.TempDir()
	write(t, recordsOf(3, stl10Layout, "u"), root, "stl10_binary", "unlabeled_X.bin")
	write(t, recordsOf(2, stl10Layout, "t"), root, "stl10_binary", "train_X.bin")
	write(t, recordsOf(2, stl10Layout, "v"), root, "stl10_binary", "test_X.bin")
	set := open(t, Options{Name: "stl10", Root: root})
	use(t, set, 128)
	use(t, set, 64)
	if set.Train.Len() != 5 || set.Validation.Len() != 2 || !reflect.DeepEqual(set.Scale, stl10Scale) {
		t.Errorf("%d and %d pictures, %+v", set.Train.Len(), set.Validation.Len(), set.Scale)
	}
	for i, name := range []string{"ua", "ub", "uc", "ta", "tb"} {
		if got := whole(t, set.Train, i); !bytes.Equal(got.Pix, noise(96, 96, name).Pix) {
			t.Errorf("picture %d (%s) is not %s", i, set.Train.Name(i), name)
		}
	}
	tree := t.TempDir()
	for _, name := range []string{"cat/1.png", "cat/2.png", "dog/1.png"} {
		save(t, noise(96, 96, name), tree, name)
	}
	if set := open(t, Options{Name: "stl10", Root: tree}); !reflect.DeepEqual(set.Scale, stl10Scale) || set.Train.Len()+set.Validation.Len() != 3 {
		t.Errorf("a tree of pictures: %+v, %d + %d", set.Scale, set.Train.Len(), set.Validation.Len())
	}
	if dir, ok := shared("stl10-sample"); ok {
		set := open(t, Options{Name: "stl10", Root: dir})
		use(t, set, 64)
		if set.Train.Len()+set.Validation.Len() != 246 {
			t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
}

func TestFileCutWhileInUse(t *testing.T) {
	root := t.TempDir()
	write(t, recordsOf(4, cifar10Layout, "1"), root, "data_batch_1.bin")
	write(t, recordsOf(1, cifar10Layout, "t"), root, "test_batch.bin")
	set := open(t, Options{Name: "cifar10", Root: root})
	path := filepath.Join(root, "data_batch_1.bin")
	if err := os.Truncate(path, cifar10Layout.size()*2); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Train.Whole(3); err == nil || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if _, err := set.Train.Whole(1); err != nil {
		t.Error(err)
	}
}

// Records equal to validation pictures are left out of training.
func TestSharedRecords(t *testing.T) {
	for _, tc := range []struct {
		name                        string
		train, validation           []string // names of the pictures
		wantTrain, shared, repeated int
	}{
		{"apart", []string{"a", "b", "c"}, []string{"x"}, 3, 0, 0},
		{"one in both", []string{"a", "x", "c"}, []string{"x"}, 2, 1, 0},
		{"twice in training", []string{"a", "b", "b", "x", "x"}, []string{"x"}, 3, 2, 1},
		{"all", []string{"x", "y"}, []string{"x", "y"}, 0, 2, 0},
	} {
		root := t.TempDir()
		for file, names := range map[string][]string{"data_batch_1.bin": tc.train, "test_batch.bin": tc.validation} {
			var data []byte
			for _, name := range names {
				data = append(data, record(noise(32, 32, name), cifar10Layout)...)
			}
			write(t, data, root, file)
		}
		set, err := Open(Options{Name: "cifar10", Root: root, AllowIncomplete: true})
		if tc.wantTrain == 0 {
			if err == nil || !strings.Contains(err.Error(), "no picture is left for training") {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if r := set.Report; set.Train.Len() != tc.wantTrain || set.Validation.Len() != len(tc.validation) || len(r.Shared) != tc.shared || r.Repeated != tc.repeated {
			t.Errorf("%s: %d and %d pictures, report %+v", tc.name, set.Train.Len(), set.Validation.Len(), r)
		}
		known := Options{Name: "cifar10", Root: root, AllowIncomplete: true, Known: &set.Report, Progress: func(done, total int) error { return errors.New("read again") }}
		if again, err := Open(known); err != nil || again.Train.Len() != tc.wantTrain || !reflect.DeepEqual(again.Report, set.Report) {
			t.Errorf("%s, with a record: %v", tc.name, err)
		}
		if quick, err := Open(Options{Name: "cifar10", Root: root, AllowIncomplete: true, Decoding: DecodeNone}); err != nil || quick.Train.Len() != len(tc.train) || quick.Digest != set.Digest {
			t.Errorf("%s, not decoded: %v", tc.name, err)
		}
	}
}

// fuzzBinary opens a data set whose only file has arbitrary content.
func fuzzBinary(f *testing.F, name, file string, l layout) {
	f.Add(recordsOf(2, l, "seed"))
	f.Add(recordsOf(1, l, "seed")[:l.size()-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		root := t.TempDir()
		write(t, data, root, file)
		set, err := Open(Options{Name: name, Root: root, AllowIncomplete: true})
		whole := len(data) > 0 && int64(len(data))%l.size() == 0
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), root):
			t.Errorf("the error does not name the file: %v", err)
		case err == nil && !whole:
			t.Errorf("%d bytes were accepted", len(data))
		case err == nil:
			use(t, set, 8)
		}
	})
}

func FuzzCIFAR10(f *testing.F) { fuzzBinary(f, "cifar10", "data_batch_1.bin", cifar10Layout) }
func FuzzSTL10(f *testing.F)   { fuzzBinary(f, "stl10", "train_X.bin", stl10Layout) }

// An error of Open leaves no files open.
func TestRefusedFilesAreClosed(t *testing.T) {
	root := t.TempDir()
	write(t, recordsOf(1, cifar10Layout, "1"), root, "data_batch_1.bin")
	write(t, []byte("cut short"), root, "data_batch_2.bin")
	before := openFiles(t)
	for range 10 {
		if _, err := openRecords(root, []string{"data_batch_1.bin", "data_batch_2.bin"}, cifar10Layout); err == nil {
			t.Fatal("a file that is cut short was accepted")
		}
		if _, err := cifar10.openIn(Options{AllowIncomplete: true}, root, []string{"data_batch_1.bin"}, nil, nil); err == nil {
			t.Fatal("a single picture was split in two parts")
		}
		if _, err := cifar10.openIn(Options{}, root, []string{"data_batch_1.bin"}, nil, []string{"data_batch_1.bin"}); err == nil {
			t.Fatal("an incomplete data set was accepted")
		}
	}
	if after := openFiles(t); after > before { // fewer if the garbage collector closed files of other tests
		t.Errorf("%d files are open, before it were %d", after, before)
	}
}

// openFiles returns the number of open files of the process.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("the system does not list the open files of a process")
	}
	return len(entries)
}
