package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

func names(s interface {
	Len() int
	Name(int) string
}) (all []string) {
	for i := range s.Len() {
		all = append(all, s.Name(i))
	}
	return all
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"b/2.jpg", "a.PNG", "b/1.bmp", "b/c/3.gif", "z.tiff", ".hidden.png", ".git/x.png"} {
		save(t, noise(20, 12, name), root, filepath.FromSlash(name))
	}
	write(t, []byte("notes"), root, "b", "readme.txt")
	f, _, err := findPictures(root, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a.PNG", "b/1.bmp", "b/2.jpg", "b/c/3.gif", "z.tiff"}; !slices.Equal(f.names, want) {
		t.Errorf("found %v, want %v", f.names, want)
	}
	set := open(t, Options{Name: "folder", Root: root})
	use(t, set, 8)
	use(t, open(t, Options{Name: "folder", Root: root, Validation: filepath.Join(root, "b")}), 16)
	if both := append(names(set.Train), names(set.Validation)...); len(both) != 5 {
		t.Errorf("split into %v and %v", names(set.Train), names(set.Validation))
	}
}

func TestFolderOfReal(t *testing.T) {
	if dir, ok := shared("bsds500/train"); ok {
		set := open(t, Options{Name: "folder", Root: dir})
		use(t, set, 64)
		if set.Train.Len()+set.Validation.Len() != 200 {
			t.Errorf("%d + %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
}

func TestSymbolicLinks(t *testing.T) {
	outside := makeFolder(t, 3, 8, 8)
	root := t.TempDir()
	save(t, noise(8, 8, "a"), root, "a.png")
	for link, target := range map[string]string{
		"inside.png": filepath.Join(root, "a.png"), "out.png": filepath.Join(outside, "000.png"), "outdir": outside,
		"dangling.png": filepath.Join(root, "none.png"), "loop": root,
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	f, _, err := findPictures(root, false)
	if want := []string{"a.png", "inside.png"}; err != nil || !slices.Equal(f.names, want) {
		t.Errorf("found %v, want %v, %v", f.names, want, err)
	}
	pairs := t.TempDir()
	for _, name := range []string{"1.png", "2.png"} {
		save(t, noise(16, 16, name), pairs, "HR", name)
	}
	save(t, noise(8, 8, "low"), pairs, "LR", "1.png")
	if err := os.Symlink(filepath.Join(outside, "000.png"), filepath.Join(pairs, "LR", "2.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Name: "urban100", Root: pairs}); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a counterpart outside: %v", err)
	}
	// The folder itself may be a link; the digest does not depend on its path.
	save(t, noise(8, 8, "b"), root, "b.png")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	if a, b := open(t, Options{Name: "folder", Root: link}), open(t, Options{Name: "folder", Root: root}); a.Digest != b.Digest {
		t.Error("the digest depends on the way to the folder")
	}
	only := t.TempDir()
	if err := os.Symlink(filepath.Join(outside, "000.png"), filepath.Join(only, "a.png")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := findPictures(only, false); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("%v", err)
	}
}

// A picture keeps its part when others are added or removed, and about a tenth are for
// validation.
func TestSplit(t *testing.T) {
	var all files
	for i := range 2000 {
		all.names = append(all.names, fmt.Sprintf("dir/%04d.png", i))
	}
	train, validation, err := Split(all, "all")
	if err != nil {
		t.Fatal(err)
	}
	if n := validation.Len(); n < 160 || n > 240 || n+train.Len() != 2000 {
		t.Errorf("%d and %d pictures", train.Len(), n)
	}
	side := make(map[string]bool)
	for i := range validation.Len() {
		side[validation.Name(i)] = true
	}
	part, held, err := Split(files{"", all.names[:1000]}, "part")
	if err != nil {
		t.Fatal(err)
	}
	for i := range held.Len() {
		if !side[held.Name(i)] {
			t.Errorf("%s changed its side", held.Name(i))
		}
	}
	for i := range part.Len() {
		if side[part.Name(i)] {
			t.Errorf("%s changed its side", part.Name(i))
		}
	}
	for n := 2; n < 30; n++ {
		a, b, err := Split(files{"", all.names[:n]}, "few")
		if err != nil || a.Len() == 0 || b.Len() == 0 || a.Len()+b.Len() != n {
			t.Errorf("of %d pictures %d and %d, %v", n, a.Len(), b.Len(), err)
		}
	}
}

// TestHoldOut: validation uses a tenth of the training pictures and none of the data set's own
// validation pictures. Degraded pictures stay with their clean ones.
func TestHoldOut(t *testing.T) {
	root := t.TempDir()
	for i := range 20 {
		name := fmt.Sprintf("%02d.png", i)
		save(t, noise(8, 8, name), root, cleanFolder, name)
		save(t, noise(8, 8, "low"+name), root, degradedFolder, name)
	}
	for _, o := range []Options{{Name: "deadleaves"}, {Name: "pairs", Root: root, Validation: root}} {
		o.Side = 8
		if o.Validation != "" {
			o.Validation = t.TempDir()
			save(t, noise(8, 8, "own"), o.Validation, cleanFolder, "own.png")
			save(t, noise(8, 8, "lowown"), o.Validation, degradedFolder, "own.png")
		}
		all := open(t, o)
		o.HoldOut = true
		held := open(t, o)
		if held.Digest != all.Digest || held.Report.Train != held.Train.Len() {
			t.Errorf("%s: digest %s and %s, %d pictures reported of %d", o.Name, held.Digest, all.Digest, held.Report.Train, held.Train.Len())
		}
		place := make(map[string]int)
		for i := range all.Train.Len() {
			place[all.Train.Name(i)] = i
		}
		seen := make(map[string]bool)
		for _, g := range []*Gallery{held.Train, held.Validation} {
			for i := range g.Len() {
				k, ok := place[g.Name(i)]
				if !ok || seen[g.Name(i)] {
					t.Fatalf("%s: %s is no training picture, or there twice", o.Name, g.Name(i))
				}
				seen[g.Name(i)] = true
				if o.Name == "pairs" {
					a, err := g.inputs.Load(i)
					b, err2 := all.Train.inputs.Load(k)
					if err != nil || err2 != nil || !slices.Equal(a.Pix, b.Pix) {
						t.Fatalf("%s: another degraded picture, %v, %v", g.Name(i), err, err2)
					}
				}
			}
		}
		if n := held.Validation.Len(); len(seen) != all.Train.Len() || n == 0 || n > all.Train.Len()/4 {
			t.Errorf("%s: %d of %d pictures, %d held out", o.Name, len(seen), all.Train.Len(), n)
		}
	}
}

func TestDigest(t *testing.T) {
	root := makeFolder(t, 4, 8, 8)
	digest := func() string { return open(t, Options{Name: "folder", Root: root}).Digest }
	first := digest()
	if digest() != first {
		t.Error("the digest changes by itself")
	}
	save(t, noise(8, 8, "other"), root, "000.png")
	second := digest()
	if second == first {
		t.Error("the digest does not see a changed picture")
	}
	if err := os.Rename(filepath.Join(root, "000.png"), filepath.Join(root, "0000.png")); err != nil {
		t.Fatal(err)
	}
	if digest() == second {
		t.Error("the digest does not see a changed name")
	}
}

func TestVanishingPicture(t *testing.T) {
	root := makeFolder(t, 12, 8, 8)
	set := open(t, Options{Name: "folder", Root: root, CacheBytes: -1})
	path := filepath.Join(root, set.Train.Name(0))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r := random.New(1)
	for name, err := range map[string]error{
		"Sample": set.Train.Sample(make([]float32, 48), 0, 4, &r),
		"Fixed":  set.Train.Fixed(make([]float32, 48), 0, 4),
		"pair":   set.Train.SamplePair(make([]float32, 12), make([]float32, 48), 0, 4, 2, &r),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Many names take time and memory in proportion.
func TestManyNames(t *testing.T) {
	root := t.TempDir()
	p := picture.New(3, 1, 1)
	for i := range 2000 {
		p.Pix[0], p.Pix[1] = uint8(i), uint8(i>>8)
		save(t, p, root, fmt.Sprintf("%05d.png", i))
	}
	set := open(t, Options{Name: "folder", Root: root})
	if n := set.Train.Len() + set.Validation.Len(); n != 2000 {
		t.Errorf("%d pictures", n)
	}
}
