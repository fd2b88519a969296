package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// makePairs writes n pairs: clean pictures of w by h pixels, and degraded ones of 1/ratio
// the sides with another extension.
func makePairs(t testing.TB, n, w, h, ratio int) string {
	root := t.TempDir()
	for i := range n {
		name := fmt.Sprintf("%02d", i)
		save(t, noise(w, h, "clean"+name), root, "clean", "sub", name+".png")
		save(t, noise(w/ratio, h/ratio, "degraded"+name), root, "degraded", "sub", name+".bmp")
	}
	return root
}

func TestPairs(t *testing.T) {
	for _, ratio := range []int{1, 2} {
		root := makePairs(t, 12, 24, 20, ratio)
		if got, err := ratioOfPairs(root); got != ratio || err != nil {
			t.Errorf("ratio %d, %v, want %d", got, err, ratio)
		}
		set := open(t, Options{Name: "pairs", Root: root})
		r := set.Report
		if r.Ratio != ratio || r.Train+r.Validation != 12 || !set.Train.HasInputs() {
			t.Errorf("report %+v", r)
		}
		if lines := strings.Join(r.Lines(), "\n"); !strings.HasPrefix(lines, fmt.Sprintf("pairs: %d for training, %d for validation, RGB, degraded pictures of ", r.Train, r.Validation)) {
			t.Errorf("told: %s", lines)
		}
		// Both crops show the same part, and both are mirrored or neither.
		const side = 8
		small := side / ratio
		clean, input := make([]float32, 3*side*side), make([]float32, 3*small*small)
		for k := range 40 {
			i := k % set.Train.Len()
			stream := random.New(uint64(k))
			if err := set.Train.SamplePair(input, clean, i, side, ratio, &stream); err != nil {
				t.Fatal(err)
			}
			stream = random.New(uint64(k))
			p := whole(t, set.Train, i)
			v := set.Train.randomWindow(p, side, ratio, &stream)
			q, err := set.Train.inputs.Load(i)
			if err != nil {
				t.Fatal(err)
			}
			for y := range small {
				for x := range small {
					at, from := x, v.x/ratio
					if v.flip {
						at = small - 1 - x
					}
					if want := float32(float64(q.Row(1, v.y/ratio+y)[from+at]) / 255); input[(small+y)*small+x] != want {
						t.Fatalf("ratio %d, sample %d: (%d,%d) is %v, want %v", ratio, k, x, y, input[(small+y)*small+x], want)
					}
				}
			}
		}
	}
}

// Evaluations use all pairs of a folder, without a split.
func TestAllPairs(t *testing.T) {
	root := makePairs(t, 5, 9, 9, 1)
	write(t, nil, root, "clean", "notes.txt")
	set := open(t, Options{Name: "pairs", Root: root, Validation: root, Decoding: DecodeNone})
	if set.Validation.Len() != 5 || len(set.Report.LeftOut) != 1 {
		t.Errorf("report %+v", set.Report)
	}
}

// Errors about pairs list all names.
func TestWrongPairs(t *testing.T) {
	small, large := noise(8, 8, "s"), noise(16, 16, "l")
	for _, tc := range []struct {
		name  string
		pairs map[string]*picture.Planar
		words []string
	}{
		{"unmatched", map[string]*picture.Planar{"clean/a.png": small, "degraded/a.bmp": small, "clean/b.png": small, "clean/c.png": small, "degraded/d.png": small},
			[]string{"3 pictures have no counterpart", "-skip-bad", "\n  in clean/ only: b.png, c.png", "\n  in degraded/ only: d.png"}},
		{"nothing in common", map[string]*picture.Planar{"clean/a.png": small, "degraded/b.png": small}, []string{"none of the 2 pictures", "a.png", "b.png"}},
		{"twice degraded", map[string]*picture.Planar{"clean/a.png": small, "degraded/a.png": small, "degraded/a.bmp": small}, []string{"degraded/a.bmp and degraded/a.png have the same name"}},
		{"twice clean", map[string]*picture.Planar{"clean/a.png": small, "clean/a.bmp": small, "degraded/a.bmp": small}, []string{"clean/a.bmp and clean/a.png have the same name"}},
		{"a third", map[string]*picture.Planar{"clean/a.png": noise(24, 24, ""), "degraded/a.png": small, "clean/b.png": small, "degraded/b.png": small},
			[]string{"degraded/a.png: 8x8 pixels, while the clean picture has 24x24", "or all of them half"}},
		{"two ratios", map[string]*picture.Planar{"clean/a.png": large, "degraded/a.png": small, "clean/b.png": small, "degraded/b.png": small, "clean/c.png": small, "degraded/c.png": small},
			[]string{"2 pairs have wrong sides", "degraded/b.png, degraded/c.png: 1/1 of the clean picture's sides, while those of degraded/a.png are 1/2"}},
		{"larger", map[string]*picture.Planar{"clean/a.png": small, "degraded/a.png": large}, []string{"16x16 pixels, while the clean picture has 8x8"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			for name, p := range tc.pairs {
				save(t, p, root, filepath.FromSlash(name))
			}
			_, err := Open(Options{Name: "pairs", Root: root})
			if err == nil {
				t.Fatal("no error")
			}
			for _, words := range tc.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%v\nlacks %q", err, words)
				}
			}
			if strings.Count(err.Error(), "\n") > 2 {
				t.Errorf("more than three lines: %v", err)
			}
		})
	}
	only := t.TempDir()
	save(t, small, only, "clean", "a.png")
	for _, find := range []func() error{
		func() error { _, err := Open(Options{Name: "pairs", Root: only}); return err },
		func() error { _, err := ratioOfPairs(only); return err },
	} {
		if err := find(); err == nil || !strings.Contains(err.Error(), "no folder degraded/") {
			t.Errorf("%v", err)
		}
	}
}

// -skip-bad leaves out pictures without a counterpart and reports them.
func TestUnmatchedLeftOut(t *testing.T) {
	root := makePairs(t, 4, 8, 8, 1)
	save(t, noise(8, 8, "x"), root, "clean", "x.png")
	save(t, noise(8, 8, "y"), root, "degraded", "sub", "y.png")
	set := open(t, Options{Name: "pairs", Root: root, SkipBad: true})
	if want := []string{"clean/x.png", "degraded/sub/y.png"}; !slices.Equal(set.Report.Unmatched, want) || set.Report.Train+set.Report.Validation != 4 {
		t.Errorf("report %+v", set.Report)
	}
	if lines := strings.Join(set.Report.Lines(), "\n"); !strings.Contains(lines, "no counterpart: 2: clean/x.png, degraded/sub/y.png") {
		t.Errorf("told: %s", lines)
	}
	for _, name := range []string{"clean/x.png", "degraded/sub/y.png"} {
		if err := os.Remove(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	if without := open(t, Options{Name: "pairs", Root: root}); without.Digest != set.Digest {
		t.Error("the digest covers what is left out")
	}
}

// The digest covers both pictures of a pair. Pairs with the same clean picture and
// different degraded ones do not count as repeated, and stay in one part of the split.
func TestPairsByContent(t *testing.T) {
	root := makePairs(t, 6, 8, 8, 1)
	first := open(t, Options{Name: "pairs", Root: root}).Digest
	save(t, noise(8, 8, "other"), root, "degraded", "sub", "00.bmp")
	second := open(t, Options{Name: "pairs", Root: root}).Digest
	save(t, noise(8, 8, "other clean"), root, "clean", "sub", "00.png")
	if third := open(t, Options{Name: "pairs", Root: root}).Digest; first == second || second == third {
		t.Error("the digest does not see a changed picture")
	}
	for i := range 8 {
		name := fmt.Sprintf("quality%d.png", i)
		save(t, noise(8, 8, "same"), root, "clean", name)
		save(t, noise(8, 8, name), root, "degraded", name)
	}
	set := open(t, Options{Name: "pairs", Root: root})
	if set.Report.Repeated != 0 {
		t.Errorf("%d repeat", set.Report.Repeated)
	}
	held := 0
	for i := range set.Validation.Len() {
		if strings.HasPrefix(set.Validation.Name(i), "quality") {
			held++
		}
	}
	for i := range set.Train.Len() {
		if strings.HasPrefix(set.Train.Name(i), "quality") && held > 0 {
			t.Errorf("%s: its clean picture is validated on, too", set.Train.Name(i))
		}
	}
}

// Pairs may consist of pictures of 16 bits, grey pictures and arrays, without loss.
func TestPairsOfKinds(t *testing.T) {
	deep := func(t *testing.T, seed int, encode func(w io.Writer, img image.Image) error) []byte {
		img := image.NewGray16(image.Rect(0, 0, 8, 8))
		for i := range 64 {
			img.SetGray16(i%8, i/8, color.Gray16{Y: uint16(257*i + 131*seed + 1)})
		}
		var file bytes.Buffer
		if err := encode(&file, img); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	asPNG := func(t *testing.T, seed int) []byte { return deep(t, seed, png.Encode) }
	asTIFF := func(t *testing.T, seed int) []byte {
		return deep(t, seed, func(w io.Writer, img image.Image) error { return tiff.Encode(w, img, nil) })
	}
	asArray := func(t *testing.T, seed int) []byte {
		values := make([]float32, 5*64)
		for i := range values {
			values[i] = float32(i+seed) / 400
		}
		return array(t, []int{5, 8, 8}, values...)
	}
	for _, tc := range []struct {
		name, ending string
		file         func(t *testing.T, seed int) []byte
		o            Options
		channels     int
	}{
		{"grey PNG of 16 bits", ".png", asPNG, Options{Channels: 1}, 1},
		{"PNG of 16 bits", ".png", asPNG, Options{}, 3},
		{"TIFF of 16 bits", ".tif", asTIFF, Options{Channels: 1}, 1},
		{"arrays", ".npy", asArray, Options{}, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			for i := range 4 {
				write(t, tc.file(t, i), root, "clean", fmt.Sprint(i)+tc.ending)
				write(t, tc.file(t, 100+i), root, "degraded", fmt.Sprint(i)+tc.ending)
			}
			tc.o.Name, tc.o.Root = "pairs", root
			set := open(t, tc.o)
			if set.Channels != tc.channels || set.Report.Ratio != 1 {
				t.Fatalf("%d channels, report %+v", set.Channels, set.Report)
			}
			input, clean, err := set.Train.WholePair(0, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*picture.Planar{input, clean} {
				distinct := map[float32]bool{}
				for _, v := range p.Values[:64] {
					distinct[v] = true
				}
				if p.C != tc.channels || len(distinct) != 64 {
					t.Errorf("%d channels, %d of 64 values differ", p.C, len(distinct))
				}
			}
		})
	}
}

// The sides of a rotated picture are compared after it is turned upright.
func TestTurnedPair(t *testing.T) {
	root := t.TempDir()
	for i := range 3 {
		name := fmt.Sprint(i)
		write(t, turned(encoded(t, noise(8, 16, name), ".jpg")), root, "clean", name+".jpg") // 16x8 upright
		save(t, noise(16, 8, name), root, "degraded", name+".png")
	}
	if ratio, err := ratioOfPairs(root); ratio != 1 || err != nil {
		t.Errorf("ratio %d, %v", ratio, err)
	}
	for _, decoding := range []Decoding{DecodeAll, DecodeNone} {
		set := open(t, Options{Name: "pairs", Root: root, Decoding: decoding})
		if in, clean, err := set.Train.WholePair(0, 1); err != nil || in.W != 16 || clean.W != 16 {
			t.Errorf("%v, %v, %v", in, clean, err)
		}
	}
}

// turned adds to a JPEG file the EXIF orientation of a camera that was held upright.
func turned(file []byte) []byte {
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return slices.Concat(file[:2], segment, file[2:])
}

// Drawing a pair of cached pictures allocates nothing.
func TestPairsAllocateNothing(t *testing.T) {
	set := open(t, Options{Name: "pairs", Root: makePairs(t, 4, 24, 24, 2)})
	input, clean := make([]float32, 3*16), make([]float32, 3*64)
	n := testing.AllocsPerRun(100, func() {
		r := random.New(1)
		if err := set.Train.SamplePair(input, clean, 0, 8, 2, &r); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations a pair", n)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a.png b.png c/d.jpg", "a.jpg c/d.png e.png")
	f.Add("a.png a.jpg", "a.bmp")
	f.Add(".png x. ..", "x.png .. a/.b/c")
	f.Fuzz(func(t *testing.T, clean, degraded string) {
		a, b := strings.Fields(clean), strings.Fields(degraded)
		m, err := match(a, b)
		if err != nil {
			return
		}
		if len(m.clean) != len(m.degraded) || len(m.clean)+len(m.aloneClean) != len(a) || len(m.degraded)+len(m.aloneDegraded) != len(b) {
			t.Fatalf("%q and %q: %+v", a, b, m)
		}
		for i := range m.clean {
			if stem(m.clean[i]) != stem(m.degraded[i]) {
				t.Fatalf("%q with %q", m.clean[i], m.degraded[i])
			}
		}
	})
}
