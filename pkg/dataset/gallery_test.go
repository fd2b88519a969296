package dataset

import (
	"slices"
	"sync"
	"testing"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// shelf is a source in memory.
type shelf []*picture.Planar

func (s shelf) Len() int                            { return len(s) }
func (s shelf) Name(i int) string                   { return string(rune('a' + i)) }
func (s shelf) Load(i int) (*picture.Planar, error) { return s[i], nil }

// find returns where a sample lies in a picture, and whether it is mirrored.
func find(p *picture.Planar, sample []float32, side int) (x, y int, flip, ok bool) {
	crop := make([]float32, len(sample))
	for y = 0; y <= p.H-side; y++ {
		for x = 0; x <= p.W-side; x++ {
			for _, flip = range []bool{false, true} {
				if p.Crop(crop, x, y, side, side, flip); slices.Equal(crop, sample) {
					return x, y, flip, true
				}
			}
		}
	}
	return 0, 0, false, false
}

func TestSamplesAreCrops(t *testing.T) {
	const side = 6
	p := noise(13, 10, "p")
	g := NewGallery(shelf{p}, Crop, Options{budget: new(budget)})
	sample := make([]float32, 3*side*side)
	flips := 0
	places := make(map[[2]int]bool)
	r := random.New(1)
	const draws = 500
	for range draws {
		if err := g.Sample(sample, 0, side, &r); err != nil {
			t.Fatal(err)
		}
		x, y, flip, ok := find(p, sample, side)
		if !ok {
			t.Fatal("a sample is no part of the picture")
		}
		places[[2]int{x, y}] = true
		if flip {
			flips++
		}
	}
	// The probability that 500 draws miss one of the 40 places is 1e-4.
	if len(places) != 8*5 || flips < draws/2-60 || flips > draws/2+60 {
		t.Errorf("%d of 40 places, %d of %d mirrored", len(places), flips, draws)
	}
	clear(places)
	for k := range 40 {
		if err := g.Fixed(sample, k, side); err != nil {
			t.Fatal(err)
		}
		x, y, flip, ok := find(p, sample, side)
		if !ok || flip || k == 0 && (x != 4 || y != 2) {
			t.Errorf("fixed sample %d at (%d,%d), mirrored %v, found %v", k, x, y, flip, ok)
		}
		places[[2]int{x, y}] = true
	}
	if len(places) < 25 {
		t.Errorf("40 fixed samples lie at %d of 40 places only", len(places))
	}
}

// Fixed sample k is crop number k/Len of picture k%Len.
func TestFixedOrder(t *testing.T) {
	a, b := noise(4, 4, "a"), noise(4, 4, "b")
	g := NewGallery(shelf{a, b}, Resize, Options{budget: new(budget)})
	sample, want := make([]float32, 48), make([]float32, 48)
	for k, p := range []*picture.Planar{a, b, a, b, a} {
		p.Crop(want, 0, 0, 4, 4, k/2%2 == 1)
		if err := g.Fixed(sample, k, 4); err != nil || !slices.Equal(sample, want) {
			t.Errorf("fixed sample %d is another one, %v", k, err)
		}
	}
}

// Small pictures of any shape are enlarged until their shorter side fits.
func TestSmallPictures(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 5}, {1, 500}, {7, 2}} {
		p := noise(size[0], size[1], "small")
		const side = 8
		short := min(p.W, p.H)
		big := p.Nearest(p.W*side/short, p.H*side/short)
		g := NewGallery(shelf{p}, Crop, Options{budget: new(budget)})
		sample := make([]float32, 3*side*side)
		r := random.New(2)
		for range 5 {
			if err := g.Sample(sample, 0, side, &r); err != nil {
				t.Fatal(err)
			}
			if _, _, _, ok := find(big, sample, side); !ok {
				t.Errorf("%v: a sample is no part of the enlarged picture", size)
			}
		}
	}
}

func TestResizedPictures(t *testing.T) {
	p := noise(4, 4, "p")
	g := NewGallery(squares{shelf{noise(6, 4, "wide"), p}}, Resize, Options{budget: new(budget)})
	for _, side := range []int{2, 4, 8} {
		sample, want := make([]float32, 3*side*side), make([]float32, 3*side*side)
		r := random.New(3)
		if err := g.Sample(sample, 1, side, &r); err != nil {
			t.Fatal(err)
		}
		p.Nearest(side, side).Float(want)
		mirrored := make([]float32, len(want))
		p.Nearest(side, side).Crop(mirrored, 0, 0, side, side, true)
		if !slices.Equal(sample, want) && !slices.Equal(sample, mirrored) {
			t.Errorf("side %d: the sample is not the whole picture", side)
		}
	}
	if q, err := g.Whole(0); err != nil || q.W != 4 || q.H != 4 || q.Pix[0] != noise(6, 4, "wide").Pix[1] {
		t.Errorf("the centre square: %+v, %v", q, err)
	}
}

// Both pictures of a pair show the same part.
func TestPairsAreAligned(t *testing.T) {
	const side = 6
	high, low := noise(21, 16, "high"), noise(10, 8, "low")
	made := high.Half()
	h, l := make([]float32, 3*side*side), make([]float32, 3*side*side/4)
	for name, g := range map[string]*Gallery{
		"own":  NewPairs(shelf{high}, shelf{low}, Crop, Options{budget: new(budget)}),
		"made": NewGallery(shelf{high}, Crop, Options{budget: new(budget)}),
	} {
		counterpart := map[string]*picture.Planar{"own": low, "made": made}[name]
		r := random.New(4)
		for k := range 40 {
			err := g.FixedPair(l, h, k, side, 2)
			if k%2 == 0 {
				err = g.SamplePair(l, h, 0, side, 2, &r)
			}
			if err != nil {
				t.Fatal(err)
			}
			x, y, flip, ok := find(high, h, side)
			lx, ly, lflip, lok := find(counterpart, l, side/2)
			if !ok || !lok || x != 2*lx || y != 2*ly || flip != lflip {
				t.Errorf("%s: high at (%d,%d) %v %v, low at (%d,%d) %v %v", name, x, y, flip, ok, lx, ly, lflip, lok)
			}
		}
		if a, b, err := g.WholePair(0, 2); err != nil || b.W != 20 || b.H != 16 || !slices.Equal(a.Pix, counterpart.Pix) {
			t.Errorf("%s: whole pair, %v", name, err)
		}
		if err := g.SamplePair(l, h, 0, 5, 2, &r); err == nil {
			t.Errorf("%s: a pair of odd side", name)
		}
	}
	tiny := NewGallery(shelf{noise(1, 3, "tiny")}, Crop, Options{budget: new(budget)})
	if err := tiny.FixedPair(l, h, 0, side, 2); err != nil {
		t.Errorf("an enlarged picture: %v", err)
	}
	if _, _, err := tiny.WholePair(0, 2); err == nil {
		t.Error("one pixel was halved")
	}
}

// Caching does not change samples, and stays within the budget.
func TestCache(t *testing.T) {
	var pictures shelf
	for range 10 {
		pictures = append(pictures, noise(8, 8, "p"))
	}
	for _, bytes := range []int64{0, 3 * 3 * 64, 1 << 20} {
		b := new(budget)
		b.left.Store(bytes)
		g := NewGallery(pictures, Crop, Options{budget: b})
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				sample, want := make([]float32, 48), make([]float32, 48)
				for k := range 100 {
					i := (k + worker) % 10
					r := random.New(uint64(k))
					again := r
					err := g.Sample(sample, i, 4, &r)
					if e := NewGallery(pictures, Crop, Options{budget: new(budget)}).Sample(want, i, 4, &again); err != nil || e != nil || !slices.Equal(sample, want) {
						t.Errorf("budget %d: sample %d differs, %v, %v", bytes, k, err, e)
						return
					}
				}
			})
		}
		wg.Wait()
		kept := int64(0)
		for i := range g.clean.kept {
			if g.clean.kept[i].Load() != nil {
				kept += 3 * 64
			}
		}
		if kept > bytes || bytes > 1<<10 && kept != 10*3*64 || b.left.Load() != bytes-kept {
			t.Errorf("budget %d: %d bytes kept, %d left", bytes, kept, b.left.Load())
		}
	}
}
