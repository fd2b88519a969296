package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/picture"
)

// encoded returns a picture as the bytes of a file whose name has the extension kind.
func encoded(t testing.TB, p *picture.Planar, kind string) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := p.Encode(&file, kind); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// nested makes a folder that contains the validation folder. One validation picture is also
// among the training pictures in another file format, and one training picture occurs twice.
func nested(t *testing.T) (root, validation string) {
	root = t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		save(t, noise(9, 7, name), root, name+".png")
	}
	save(t, noise(9, 7, "a"), root, "again.bmp")
	save(t, noise(9, 7, "v"), root, "copy.bmp")
	save(t, noise(9, 7, "v"), root, "held", "v.png")
	save(t, noise(9, 7, "w"), root, "held", "w.png")
	return root, filepath.Join(root, "held")
}

// Validation pictures are left out of training: they are recognised by their pixels, under
// any file name.
func TestSharedPictures(t *testing.T) {
	root, validation := nested(t)
	o := Options{Name: "folder", Root: root, Validation: validation}
	set := open(t, o)
	r := set.Report
	if got, want := names(set.Train), []string{"a.png", "again.bmp", "b.png", "c.png", "d.png"}; !slices.Equal(got, want) {
		t.Errorf("training %v, want %v", got, want)
	}
	if want := []string{"copy.bmp", "held/v.png", "held/w.png"}; !slices.Equal(r.Shared, want) || r.Train != 5 || r.Validation != 2 || r.Repeated != 1 {
		t.Errorf("report %+v", r)
	}
	if lines := strings.Join(r.Lines(), "\n"); !strings.Contains(lines, "pictures: 5 for training, 2 for validation, RGB") ||
		!strings.Contains(lines, "left out of training: 3 that validation has, too: copy.bmp, held/v.png, held/w.png") {
		t.Errorf("told:\n%s", lines)
	}

	// With the report of an earlier call the result is the same, without decoding.
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	o.Known = new(Report)
	if err := json.Unmarshal(data, o.Known); err != nil {
		t.Fatal(err)
	}
	o.Progress = func(done, total int) error { return errors.New("decoded again") }
	again := open(t, o)
	if !reflect.DeepEqual(again.Report, r) || again.Digest != set.Digest || !slices.Equal(names(again.Train), names(set.Train)) {
		t.Errorf("with a record: %+v", again.Report)
	}
	o.Known.Decoded = "of other files"
	if _, err := Open(o); err == nil || err.Error() != "decoded again" {
		t.Errorf("a record of other files: %v", err)
	}

	// The digest covers only the pictures that are used.
	apart := t.TempDir()
	for _, name := range []string{"copy.bmp", "held"} {
		if err := os.Rename(filepath.Join(root, name), filepath.Join(apart, name)); err != nil {
			t.Fatal(err)
		}
	}
	if moved := open(t, Options{Name: "folder", Root: root, Validation: filepath.Join(apart, "held")}); moved.Digest != set.Digest || len(moved.Report.Shared) > 0 {
		t.Errorf("without the copies: %+v", moved.Report)
	}
	// A split keeps equal pictures apart, too.
	for _, name := range []string{"e", "f", "g", "h", "i", "j"} {
		save(t, noise(9, 7, "a"), root, name+".png")
	}
	split := open(t, Options{Name: "folder", Root: root})
	held := map[string]bool{}
	for i := range split.Validation.Len() {
		held[string(whole(t, split.Validation, i).Pix)] = true
	}
	for i := range split.Train.Len() {
		if held[string(whole(t, split.Train, i).Pix)] {
			t.Errorf("%s is a validation picture, too", split.Train.Name(i))
		}
	}
}

// TestGreyIsTold: the report says that grey pictures become RGB. If all are grey, it says how to
// train on grey.
func TestGreyIsTold(t *testing.T) {
	const told, advice = "grey pictures, taken as RGB of three equal channels", "-channels 1"
	root := t.TempDir()
	for i := range 4 {
		p := noise(9, 7, fmt.Sprint(i))
		copy(p.Pix[9*7:], p.Pix[:9*7])
		copy(p.Pix[2*9*7:], p.Pix[:9*7])
		save(t, p, root, fmt.Sprintf("%d.png", i))
	}
	lines := func(o Options) string {
		o.Name, o.Root = "folder", root
		set := open(t, o)
		return strings.Join(set.Report.Lines(), "\n")
	}
	if all := lines(Options{}); !strings.Contains(all, told+" (all; "+advice+" trains on grey): 4") {
		t.Errorf("all are grey:\n%s", all)
	}
	if as := lines(Options{Channels: 1}); strings.Contains(as, told) || strings.Contains(as, advice) {
		t.Errorf("as grey:\n%s", as)
	}
	save(t, noise(9, 7, "colour"), root, "colour.png")
	if some := lines(Options{}); !strings.Contains(some, told+": 4") || strings.Contains(some, advice) {
		t.Errorf("some are grey:\n%s", some)
	}
}

func TestSharedPairs(t *testing.T) {
	root, validation := t.TempDir(), t.TempDir()
	for _, name := range []string{"1", "2", "3"} {
		save(t, noise(8, 8, name), root, "clean", name+".png")
		save(t, noise(4, 4, name), root, "degraded", name+".png")
	}
	save(t, noise(8, 8, "2"), validation, "clean", "x.png")
	save(t, noise(4, 4, "other"), validation, "degraded", "x.png")
	set := open(t, Options{Name: "pairs", Root: root, Validation: validation})
	if got := names(set.Train); !slices.Equal(got, []string{"1.png", "3.png"}) || !slices.Equal(set.Report.Shared, []string{"clean/2.png"}) {
		t.Errorf("training %v, report %+v", got, set.Report)
	}
	low, _, err := set.Train.WholePair(1, 2)
	if err != nil || !bytes.Equal(low.Pix, noise(4, 4, "3").Pix) {
		t.Errorf("the degraded picture of 3.png is another one, %v", err)
	}
}

// One error names all bad pictures with their reasons; -skip-bad leaves them out.
func TestBadPictures(t *testing.T) {
	root := makeFolder(t, 12, 8, 8)
	good := open(t, Options{Name: "folder", Root: root})
	cut := encoded(t, noise(40, 40, "cut"), "a.png")
	bad := map[string][]byte{
		"cut.png":   cut[:len(cut)*2/3],
		"empty.jpg": {},
		"lfs.png":   []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
		"page.jpg":  []byte("<!DOCTYPE html><html><body>Sign in</body></html>"),
		"heic.jpg":  []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"),
	}
	for name, data := range bad {
		write(t, data, root, name)
	}
	socket, err := net.Listen("unix", filepath.Join(root, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := os.Symlink("socket", filepath.Join(root, "link.png")); err != nil {
		t.Fatal(err)
	}
	bad["link.png"] = nil // links to no regular file; opening a pipe would wait for ever
	_, err = Open(Options{Name: "folder", Root: root})
	if err == nil {
		t.Fatal("bad pictures are taken")
	}
	for _, words := range []string{"6 of 18", "link.png: not a file", "-skip-bad", "cut.png: ", "empty.jpg: the file is empty", "lfs.png: a Git LFS pointer", "page.jpg: a web page", "heic.jpg: not supported: HEIC"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("no %q in: %v", words, err)
		}
	}
	set := open(t, Options{Name: "folder", Root: root, SkipBad: true})
	if len(set.Report.Bad) != len(bad) || set.Report.Bad[0].Name != "cut.png" || set.Train.Len()+set.Validation.Len() != 12 {
		t.Errorf("report %+v", set.Report)
	}
	if set.Digest != good.Digest {
		t.Error("the digest is not that of the pictures that are used")
	}
	known := Options{Name: "folder", Root: root, SkipBad: true, Known: &set.Report, Progress: func(int, int) error { return errors.New("decoded again") }}
	if again := open(t, known); !reflect.DeepEqual(again.Report, set.Report) || !slices.Equal(names(again.Train), names(set.Train)) {
		t.Errorf("with a record: %+v", again.Report)
	}
	known.SkipBad = false
	if _, err := Open(known); err == nil || !strings.Contains(err.Error(), "6 of 18") {
		t.Errorf("with a record, but without -skip-bad: %v", err)
	}
	// Headers are read even if pictures are not decoded.
	if set := open(t, Options{Name: "folder", Root: root, SkipBad: true, Decoding: DecodeNone}); len(set.Report.Bad) != len(bad)-1 || set.Report.Decoded != "" {
		t.Errorf("headers alone: %+v", set.Report)
	}
	for name := range bad {
		if name != "cut.png" {
			os.Remove(filepath.Join(root, name))
		}
	}
	if _, err := Open(Options{Name: "folder", Root: root}); err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), filepath.Join(root, "cut.png")) {
		t.Errorf("one bad picture: %v", err)
	}
	only := t.TempDir()
	write(t, nil, only, "a.png")
	write(t, nil, only, "b.png")
	if _, err := Open(Options{Name: "folder", Root: only, SkipBad: true}); err == nil || !strings.Contains(err.Error(), "none of the 2") {
		t.Errorf("nothing but bad pictures: %v", err)
	}
}

// If one picture of a pair is bad, both are left out.
func TestBadPair(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"1", "2", "3", "4"} {
		save(t, noise(8, 8, name), root, "clean", name+".png")
		save(t, noise(8, 8, name), root, "degraded", name+".png")
	}
	write(t, nil, root, "degraded", "2.png")
	write(t, nil, root, "clean", "3.png")
	set := open(t, Options{Name: "pairs", Root: root, SkipBad: true})
	if got := slices.Sorted(slices.Values(append(names(set.Train), names(set.Validation)...))); !slices.Equal(got, []string{"1.png", "4.png"}) {
		t.Errorf("used %v", got)
	}
	if b := set.Report.Bad; len(b) != 2 || b[0].Name != "clean/3.png" || b[1].Name != "degraded/2.png" {
		t.Errorf("bad %+v", b)
	}
}

// Progress is called for every picture, and its error stops Open.
func TestDecodingProgress(t *testing.T) {
	root := makeFolder(t, 10, 8, 8)
	var seen []int
	open(t, Options{Name: "folder", Root: root, Progress: func(done, total int) error {
		if total != 10 {
			t.Errorf("%d of %d", done, total)
		}
		seen = append(seen, done)
		return nil
	}})
	if !slices.Equal(seen, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
		t.Errorf("progress %v", seen)
	}
	stop := errors.New("stop")
	if _, err := Open(Options{Name: "folder", Root: root, Progress: func(int, int) error { return stop }}); err != stop {
		t.Errorf("stopped: %v", err)
	}
}

// Files that are not used are counted by kind.
func TestLeftOut(t *testing.T) {
	root := makeFolder(t, 4, 8, 8)
	for _, name := range []string{"h1.heic", "h2.HEIC", "a.avif", "notes.txt", "README", "@eaDir/000.png/SYNOPHOTO_THUMB_M.jpg", "sub/__MACOSX/._000.png", ".hidden.png", ".cache/x.png", "feature.npy", "run/run.json", "run/samples.png", "run/more/convergence.png"} {
		write(t, []byte("x"), root, filepath.FromSlash(name))
	}
	if err := os.Symlink(root, filepath.Join(root, "link.png")); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(root, "socket.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	save(t, noise(8, 8, "w"), root, "sub", "w.png")
	set := open(t, Options{Name: "folder", Root: root})
	if n := set.Train.Len() + set.Validation.Len(); n != 5 {
		t.Errorf("%d pictures", n)
	}
	got := map[string]int{}
	for _, c := range set.Report.LeftOut {
		got[c.Kind] = c.N
	}
	want := map[string]int{"HEIC": 2, "AVIF": 1, ".txt": 1, "other files": 1, "in @eaDir (thumbnails and the like)": 1, "in __MACOSX (thumbnails and the like)": 1,
		"in run folders": 2, kindHidden: 1, "folders that are hidden": 1, ".npy": 1, kindLinks: 1, kindSpecial: 1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("left out %v, want %v", got, want)
	}
	only := t.TempDir()
	write(t, []byte("x"), only, "a.heic")
	if _, err := Open(Options{Name: "folder", Root: only}); err == nil || !strings.Contains(err.Error(), "1 HEIC") {
		t.Errorf("nothing but HEIC: %v", err)
	}
}

// Examples of awkward folders, if they are beside the repository.
func TestAwkwardFolders(t *testing.T) {
	at := func(name string) string {
		return filepath.Join("..", "..", "..", "shared", "bugs", "cases", filepath.FromSlash(name))
	}
	if !isFolder(at("set-good")) {
		t.Skip("the examples are not beside the repository")
	}
	for _, tc := range []struct {
		name              string
		o                 Options
		train, validation int
		words             string // of the error, or of the report
	}{
		{"set-cut2", Options{Name: "folder"}, 0, 0, "q30.png: "},
		{"set-cut2", Options{Name: "folder", SkipBad: true}, 29, 3, "left out as they cannot be read: 1"},
		{"set-nested", Options{Name: "folder", Validation: at("set-nested/val")}, 8, 4, "4 that validation has, too: val/p08.png"},
		{"set-nested", Options{Name: "folder", Validation: at("set-nested")}, 0, 0, "no picture is left for training"},
		{"set-webpmix", Options{Name: "folder"}, 0, 0, "20 HEIC"},
		{"set-webpmix", Options{Name: "folder", SkipBad: true}, 3, 1, "20 HEIC"},
		{"set-cifar-partial", Options{Name: "cifar10"}, 0, 0, "missing data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin"},
		{"set-cifar-partial", Options{Name: "cifar10", AllowIncomplete: true}, 26, 8, "left out of training: 6"},
		{"set-gray", Options{Name: "folder", Channels: 1}, 11, 1, "grey"},
	} {
		tc.o.Root = at(tc.name)
		set, err := Open(tc.o)
		told := ""
		if err != nil {
			told = err.Error()
		} else {
			told = strings.Join(set.Report.Lines(), "\n")
			if set.Train.Len() != tc.train || set.Validation.Len() != tc.validation {
				t.Errorf("%s: %d and %d pictures, want %d and %d", tc.name, set.Train.Len(), set.Validation.Len(), tc.train, tc.validation)
			}
		}
		if (err != nil) != (tc.train == 0) || !strings.Contains(told, tc.words) {
			t.Errorf("%s %+v: want %q, told:\n%s", tc.name, tc.o, tc.words, told)
		}
	}
}
