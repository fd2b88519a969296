package dataset

import (
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// collection is where pictures come from: files, records or a generator. Load
// gives the same picture every time and may be called concurrently.
type collection interface {
	Len() int
	Name(i int) string
	Load(i int) (*picture.Planar8, error)
}

// subset is a part of a collection.
type subset struct {
	collection
	index []int
}

func (s subset) Len() int                             { return len(s.index) }
func (s subset) Name(i int) string                    { return s.collection.Name(s.index[i]) }
func (s subset) Load(i int) (*picture.Planar8, error) { return s.collection.Load(s.index[i]) }

// union is one collection after another.
type union struct{ a, b files }

func (u union) at(i int) (files, int) {
	if n := u.a.Len(); i >= n {
		return u.b, i - n
	}
	return u.a, i
}

func (u union) Len() int { return u.a.Len() + u.b.Len() }
func (u union) Name(i int) string {
	f, k := u.at(i)
	return f.Name(k)
}
func (u union) Load(i int) (*picture.Planar8, error) {
	f, k := u.at(i)
	return f.Load(k)
}

// fit says how a picture becomes a square of the asked side.
type fit int

const (
	cropped fit = iota // a part of the picture; small pictures are enlarged first
	resized            // the whole picture, which is square
)

// gallery is the one Source of this package: a collection, a way to fit its
// pictures, and caches.
type gallery struct {
	high, low *cache // low is nil when halves are made from high
	halves    *cache
	fit       fit
}

func newGallery(pictures, low collection, how fit, b *budget) *gallery {
	g := &gallery{high: newCache(pictures, b), fit: how}
	if low != nil {
		g.low = newCache(low, b)
	} else {
		g.halves = newCache(halves{g.high}, b)
	}
	return g
}

// halves reduces the pictures of a collection.
type halves struct{ collection }

func (h halves) Load(i int) (*picture.Planar8, error) {
	p, err := h.collection.Load(i)
	if err != nil {
		return nil, err
	}
	if p.W < 2 || p.H < 2 {
		return nil, fmt.Errorf("%s: %dx%d pixels cannot be halved; remove it", h.Name(i), p.W, p.H)
	}
	return p.Half(), nil
}

func (g *gallery) Len() int                              { return g.high.Len() }
func (g *gallery) Name(i int) string                     { return g.high.Name(i) }
func (g *gallery) Whole(i int) (*picture.Planar8, error) { return g.high.Load(i) }

// Prepare decodes or generates the pictures of a source on all cores, as far as
// the cache has room, so that the first steps of training do not wait for them
// one by one. It is never necessary.
func Prepare(s Source) error {
	g, ok := s.(*gallery)
	if !ok {
		return nil
	}
	p := &preparation{g: g, errs: make([]error, g.Len())}
	kernel.Run(g.Len(), p)
	return firstError(p.errs)
}

type preparation struct {
	g    *gallery
	errs []error
}

func (p *preparation) Do(i int) {
	if p.g.high.room() {
		_, p.errs[i] = p.g.high.Load(i)
	}
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// window is a square part of a picture that has been brought to w by h pixels.
type window struct {
	w, h, x, y int
	flip       bool
}

// scaled returns the size that a picture is brought to for samples of a side.
func (g *gallery) scaled(p *picture.Planar8, side int) (w, h int) {
	short := min(p.W, p.H)
	switch {
	case g.fit == resized:
		return side, side
	case short < side:
		return p.W * side / short, p.H * side / short
	}
	return p.W, p.H
}

// randomWindow draws a window whose corner is a multiple of step.
func (g *gallery) randomWindow(p *picture.Planar8, side, step int, r *random.Stream) window {
	w, h := g.scaled(p, side)
	return window{
		w: w, h: h,
		x:    step * r.Intn((w-side)/step+1),
		y:    step * r.Intn((h-side)/step+1),
		flip: r.Uint64()>>63 == 1,
	}
}

// fixedWindow is crop number n: the centre, then points of a sequence that
// fills the picture evenly (Roberts' R2, the powers of the plastic number).
// Pictures that are not cropped are mirrored for odd n.
func (g *gallery) fixedWindow(p *picture.Planar8, side, step, n int) window {
	w, h := g.scaled(p, side)
	at := func(room int, alpha float64) int {
		f := 0.5 + alpha*float64(n)
		f -= float64(int(f))
		return step * int(f*float64(room/step+1))
	}
	return window{
		w: w, h: h,
		x:    at(w-side, 0.7548776662466927),
		y:    at(h-side, 0.5698402909980532),
		flip: g.fit == resized && n%2 == 1,
	}
}

func (v window) cut(dst []float32, p *picture.Planar8, side, stride int) {
	p.Window(dst, picture.Window{FullW: v.w, FullH: v.h, X: v.x, Y: v.y, W: side, H: side, Flip: v.flip, Stride: stride})
}

func (g *gallery) Sample(dst []float32, i, side, stride int, r *random.Stream) error {
	p, err := g.high.Load(i)
	if err == nil {
		g.randomWindow(p, side, 1, r).cut(dst, p, side, stride)
	}
	return err
}

func (g *gallery) Fixed(dst []float32, k, side int) error {
	p, err := g.high.Load(k % g.Len())
	if err == nil {
		g.fixedWindow(p, side, 1, k/g.Len()).cut(dst, p, side, 1)
	}
	return err
}

func (g *gallery) SamplePair(low, high []float32, i, side int, r *random.Stream) error {
	p, err := g.high.Load(i)
	if err != nil {
		return err
	}
	return g.pair(low, high, i, p, side, g.randomWindow(p, side, 2, r))
}

func (g *gallery) FixedPair(low, high []float32, k, side int) error {
	i := k % g.Len()
	p, err := g.high.Load(i)
	if err != nil {
		return err
	}
	return g.pair(low, high, i, p, side, g.fixedWindow(p, side, 2, k/g.Len()))
}

func (g *gallery) pair(low, high []float32, i int, p *picture.Planar8, side int, v window) error {
	if side%2 != 0 {
		return fmt.Errorf("pairs of side %d cannot be made; use an even side", side)
	}
	v.cut(high, p, side, 1)
	if g.low == nil && (v.w != p.W || v.h != p.H) {
		// The sample is not a part of the picture as it is, nor is its half.
		picture.FromFloat(high, side, side).Half().Float(low)
		return nil
	}
	q, err := g.lower().Load(i)
	if err == nil {
		window{v.w / 2, v.h / 2, v.x / 2, v.y / 2, v.flip}.cut(low, q, side/2, 1)
	}
	return err
}

func (g *gallery) WholePair(i int) (low, high *picture.Planar8, err error) {
	if high, err = g.high.Load(i); err != nil {
		return nil, nil, err
	}
	if low, err = g.lower().Load(i); err != nil {
		return nil, nil, err
	}
	if high.W != 2*low.W || high.H != 2*low.H {
		high = high.Cut(0, 0, 2*low.W, 2*low.H)
	}
	return low, high, nil
}

func (g *gallery) lower() *cache {
	if g.low != nil {
		return g.low
	}
	return g.halves
}
