package dataset

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"multiscale/pkg/picture"
)

// Errors are one line that names the file or folder.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	small := noise(8, 8, "small")
	write(t, nil, at("empty"), ".hidden")
	write(t, []byte("hello\n"), at("text"), "a.png")
	save(t, small, at("text"), "b.png")
	save(t, small, at("one"), "a.png")
	write(t, make([]byte, 1000), at("cut"), "data_batch_1.bin")
	write(t, make([]byte, stl10Layout.size()-1), at("cutstl"), "stl10_binary", "train_X.bin")
	write(t, make([]byte, stl10Layout.size()), at("teststl"), "test_X.bin")
	save(t, small, at("bsds"), "train", "a.png")
	write(t, []byte("x"), at("file"))
	save(t, small, at("celeba"), "img_align_celeba", "000001.jpg")
	write(t, []byte("000001.jpg 0\n000002.jpg 1\n000003.jpg 0\n"), at("celeba"), "list_eval_partition.txt")
	save(t, small, at("odd"), "HR", "1.png")
	save(t, small, at("odd"), "LR", "1.png")
	save(t, small, at("odd"), "HR", "2.png")
	save(t, noise(4, 4, ""), at("odd"), "LR", "2.png")
	save(t, small, at("lack"), "HR", "1.png")
	save(t, small, at("lack"), "HR", "2.png")
	save(t, noise(4, 4, ""), at("lack"), "LR", "1.png")
	if err := os.Mkdir(at("cut/data_batch_2.bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		o     Options
		words string
	}{
		{Options{Name: "imagenet"}, `"imagenet": unknown; use one of deadleaves, `},
		{Options{Root: dir}, "deadleaves is built in"},
		{Options{Side: -1}, "side -1"},
		{Options{Name: "cifar10", Validation: dir}, "-data folder and pairs only"},
		{Options{Name: "folder"}, "-root DIR"},
		{Options{Name: "folder", Root: at("none")}, "none: no such folder"},
		{Options{Name: "folder", Root: at("file")}, "file: not a folder"},
		{Options{Name: "folder", Root: at("empty")}, "empty: the folder has no PNG"},
		{Options{Name: "folder", Root: at("text")}, "a.png: not a PNG"},
		{Options{Name: "folder", Root: at("one")}, "one: only 1 picture"},
		{Options{Name: "folder", Root: at("one"), Validation: at("none")}, "none: no such folder"},
		{Options{Name: "folder", Root: at("one"), Validation: at("text")}, "a.png: not a PNG"},
		{Options{Name: "cifar10", Root: at("cut")}, "data_batch_"},
		{Options{Name: "cifar10", Root: at("empty")}, "datasets/fetch cifar10"},
		{Options{Name: "cifar10"}, filepath.Join("datasets", "data", "cifar10")},
		{Options{Name: "stl10", Root: at("empty")}, "empty: neither"},
		{Options{Name: "stl10", Root: at("cutstl")}, "train_X.bin: 27647 bytes"},
		{Options{Name: "stl10", Root: at("teststl")}, "test_X.bin without"},
		{Options{Name: "bsds500", Root: at("bsds")}, "no folder test/"},
		{Options{Name: "celeba", Root: at("empty")}, "list_eval_partition.txt: no such file"},
		{Options{Name: "celeba", Root: at("celeba")}, "2 of the 3 pictures"},
		{Options{Name: "urban100", Root: at("empty")}, "empty: the folder has no PNG"},
		{Options{Name: "urban100", Root: at("one")}, "only 1 picture"},
		{Options{Name: "urban100", Root: at("odd")}, "LR/1.png: 8x8 pixels are not half of the 8x8"},
		{Options{Name: "urban100", Root: at("lack")}, "LR/2.png: no such file"},
	} {
		_, err := Open(tc.o)
		if err == nil {
			t.Errorf("%+v: no error", tc.o)
			continue
		}
		if msg := filepath.ToSlash(err.Error()); !strings.Contains(msg, filepath.ToSlash(tc.words)) || strings.Contains(msg, "\n") || strings.Count(msg, "no such file") > 1 {
			t.Errorf("%+v: %v", tc.o, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range Names(Formats()) {
		if _, err := Open(Options{Name: name, Root: filepath.Join(t.TempDir(), "none")}); err == nil || strings.Contains(err.Error(), "unknown") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Prepare fills the cache on all cores. The pictures do not depend on the number of cores.
func TestPrepareOnAnyCores(t *testing.T) {
	sets := make([]*Set, 2)
	for i := range sets {
		before := runtime.GOMAXPROCS(i + 1)
		sets[i] = open(t, Options{Side: 8})
		err := sets[i].Train.Prepare()
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range sets[0].Train.Len() {
		if a, b := whole(t, sets[0].Train, i), whole(t, sets[1].Train, i); string(a.Pix) != string(b.Pix) {
			t.Fatalf("picture %d depends on the number of cores", i)
		}
	}
	dir := makeFolder(t, 20, 8, 8)
	set := open(t, Options{Name: "folder", Root: dir})
	if err := os.Remove(filepath.Join(dir, set.Train.Name(3))); err != nil {
		t.Fatal(err)
	}
	if err := set.Train.Prepare(); err == nil || !strings.Contains(err.Error(), set.Train.Name(3)) {
		t.Errorf("a picture that vanished: %v", err)
	}
}

func whole(t *testing.T, s *Gallery, i int) *picture.Planar {
	t.Helper()
	p, err := s.Whole(i)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
