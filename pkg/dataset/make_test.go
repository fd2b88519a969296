package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// The tests make data sets in the layouts of the published ones. If samples of the real
// data sets are beside the repository, they are tested as well.

// noise returns a picture of random bytes, which depend on the name.
func noise(w, h int, name string) *picture.Planar {
	p := picture.New(3, w, h)
	s := random.New(99).Child(name)
	for i := range p.Pix {
		p.Pix[i] = uint8(s.Uint64())
	}
	return p
}

func save(t testing.TB, p *picture.Planar, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file) // picture's Save would sync each file to the disk
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := p.Encode(f, file); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, data []byte, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// makeFolder writes n pictures of w by h pixels.
func makeFolder(t testing.TB, n, w, h int) string {
	dir := t.TempDir()
	for i := range n {
		name := fmt.Sprintf("%03d.png", i)
		save(t, noise(w, h, name), dir, name)
	}
	return dir
}

// shared returns a folder of real samples, and whether it exists.
func shared(name string) (string, bool) {
	dir := filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name))
	return dir, isFolder(dir)
}

// open opens a data set; published ones may be incomplete.
func open(t testing.TB, o Options) *Set {
	t.Helper()
	o.AllowIncomplete = true
	set, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// use draws all kinds of samples and checks what must hold for every source.
func use(t *testing.T, set *Set, side int) {
	t.Helper()
	high, again, low := make([]float32, 3*side*side), make([]float32, 3*side*side), make([]float32, 3*side*side/4)
	for part, s := range map[string]*Gallery{"train": set.Train, "validation": set.Validation} {
		if s.Len() == 0 {
			t.Fatalf("%s %s has no pictures", set.Name, part)
		}
		for k := range min(2*s.Len(), 20) {
			for name, draw := range map[string]func(dst []float32) error{
				"Sample": func(dst []float32) error {
					r := random.New(1, uint64(k))
					return s.Sample(dst, k%s.Len(), side, &r)
				},
				"Fixed": func(dst []float32) error { return s.Fixed(dst, k, side) },
				"SamplePair": func(dst []float32) error {
					r := random.New(1, uint64(k))
					return s.SamplePair(low, dst, k%s.Len(), side, 2, &r)
				},
				"FixedPair": func(dst []float32) error { return s.FixedPair(low, dst, k, side, 2) },
			} {
				if err := draw(high); err != nil {
					t.Fatalf("%s %s %s: %v", set.Name, part, name, err)
				}
				if err := draw(again); err != nil {
					t.Fatal(err)
				}
				for i, v := range high {
					if v < 0 || v > 1 || v != again[i] {
						t.Fatalf("%s %s %s: value %d is %v, then %v", set.Name, part, name, i, v, again[i])
					}
				}
			}
		}
		l, h, err := s.WholePair(s.Len()-1, 2)
		if err != nil || h.W != 2*l.W || h.H != 2*l.H {
			t.Errorf("%s %s: pair of %v and %v, %v", set.Name, part, l, h, err)
		}
		if s.Name(0) == s.Name(s.Len()-1) && s.Len() > 1 {
			t.Errorf("%s %s: names repeat", set.Name, part)
		}
	}
	if len(set.Digest) != 64 {
		t.Errorf("%s: digest %q", set.Name, set.Digest)
	}
}
