package dataset

import (
	"cmp"
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// subset is a part of a source.
type subset struct {
	Source
	index []int
}

func (s subset) Len() int                            { return len(s.index) }
func (s subset) Name(i int) string                   { return s.Source.Name(s.index[i]) }
func (s subset) Load(i int) (*picture.Planar, error) { return s.Source.Load(s.index[i]) }

// union concatenates sources.
type union []Source

func (u union) at(i int) (Source, int) {
	k := 0
	for ; i >= u[k].Len(); k++ {
		i -= u[k].Len()
	}
	return u[k], i
}

func (u union) Len() (n int) {
	for _, f := range u {
		n += f.Len()
	}
	return n
}

func (u union) Name(i int) string {
	f, k := u.at(i)
	return f.Name(k)
}

func (u union) Load(i int) (*picture.Planar, error) {
	f, k := u.at(i)
	return f.Load(k)
}

// Fit says how a gallery makes a square of the requested side from a picture.
type Fit int

const (
	Crop   Fit = iota // cut out a part; small pictures are enlarged first
	Resize            // resize the whole picture, which must be square
)

// Gallery draws samples from a Source: crops, which may be mirrored, at random or fixed
// positions, of the clean picture alone or together with its degraded picture. It caches
// decoded pictures within the data set's budget. Any number of goroutines may call its
// methods.
type Gallery struct {
	clean  *cache
	inputs *cache // degraded pictures; nil if the data set has none
	halves *cache // clean pictures reduced to half the sides
	fit    Fit
}

// NewGallery returns a gallery of a source. o are the options that the format's Open
// received.
func NewGallery(source Source, how Fit, o Options) *Gallery {
	return NewPairs(source, nil, how, o)
}

// NewPairs returns a gallery of clean pictures with their degraded pictures. inputs has
// the same number of pictures in the same order, with the same sides or half of them; it
// may be nil. o is as in NewGallery.
func NewPairs(clean, inputs Source, how Fit, o Options) *Gallery {
	if o.budget == nil {
		o.budget = new(budget)
		o.budget.left.Store(DefaultCacheBytes)
	}
	own := func(s Source) *cache {
		if o.Channels != 0 {
			s = converted{s, o.Channels}
		}
		return newCache(s, o.budget)
	}
	g := &Gallery{clean: own(clean), fit: how}
	if inputs != nil {
		g.inputs = own(inputs)
	}
	g.halves = newCache(halves{g.clean}, o.budget)
	return g
}

// split divides a gallery by the names of its pictures; see Split.
func (g *Gallery) split(where string) (train, validation *Gallery, err error) {
	t, v, err := Split(g.clean.Source, where)
	if err != nil {
		return nil, nil, err
	}
	return g.only(t.(subset).index), g.only(v.(subset).index), nil
}

// only returns a gallery of the pictures with these indices.
func (g *Gallery) only(index []int) *Gallery {
	of := func(c *cache) *cache { return newCache(subset{c.Source, index}, c.budget) }
	part := &Gallery{clean: of(g.clean), fit: g.fit}
	if g.inputs != nil {
		part.inputs = of(g.inputs)
	}
	part.halves = newCache(halves{part.clean}, g.clean.budget)
	return part
}

// halves reduces the pictures of a source to half the sides.
type halves struct{ Source }

func (h halves) Load(i int) (*picture.Planar, error) {
	p, err := h.Source.Load(i)
	if err != nil {
		return nil, err
	}
	if p.W < 2 || p.H < 2 {
		return nil, fmt.Errorf("%s: %dx%d pixels cannot be halved; remove it", h.Name(i), p.W, p.H)
	}
	return p.Half(), nil
}

// Len is the number of pictures.
func (g *Gallery) Len() int { return g.clean.Len() }

// Name is the name of picture i in messages.
func (g *Gallery) Name(i int) string { return g.clean.Name(i) }

// Whole returns picture i in full. It is shared: do not change it.
func (g *Gallery) Whole(i int) (*picture.Planar, error) { return g.clean.Load(i) }

// Bytes is the memory in bytes of picture i together with its degraded picture.
func (g *Gallery) Bytes(i int) (int64, error) {
	source := g.clean.Source
	if part, ok := source.(subset); ok {
		source = part.Source
	}
	if l, ok := source.(leaves); ok {
		return l.bytes(), nil
	}
	p, err := g.Whole(i)
	if err != nil {
		return 0, err
	}
	bytes := p.Bytes()
	if g.inputs != nil {
		if p, err = g.inputs.Load(i); err != nil {
			return 0, err
		}
		bytes += p.Bytes()
	}
	return bytes, nil
}

// HasInputs reports whether the data set has degraded pictures.
func (g *Gallery) HasInputs() bool { return g.inputs != nil }

// Prepare fills the cache: it decodes or generates clean pictures on all cores until the
// budget is spent, so that the first steps of training need not wait. It is optional.
func (g *Gallery) Prepare() error {
	p := &preparation{g: g, errs: make([]error, g.Len())}
	kernel.Run(g.Len(), p)
	return cmp.Or(p.errs...)
}

type preparation struct {
	g    *Gallery
	errs []error
}

func (p *preparation) Do(i int) {
	if p.g.clean.room() {
		_, p.errs[i] = p.g.clean.Load(i)
	}
}

// window is a square part, with its corner at (x, y), of a picture resized to w by h
// pixels.
type window struct {
	w, h, x, y int
	flip       bool
}

// scaled returns the size that a picture is resized to for samples of the given side.
func (g *Gallery) scaled(p *picture.Planar, side int) (w, h int) {
	short := min(p.W, p.H)
	switch {
	case g.fit == Resize:
		return side, side
	case short < side:
		return p.W * side / short, p.H * side / short
	}
	return p.W, p.H
}

// randomWindow draws a window whose corner is a multiple of step.
func (g *Gallery) randomWindow(p *picture.Planar, side, step int, r *random.Stream) window {
	w, h := g.scaled(p, side)
	return window{
		w: w, h: h,
		x:    step * r.Intn((w-side)/step+1),
		y:    step * r.Intn((h-side)/step+1),
		flip: r.Uint64()>>63 == 1,
	}
}

// fixedWindow returns crop number n: the centre for n = 0, then the points of a sequence
// that fills the picture evenly (Roberts' R2 sequence; its steps are 1/g and 1/g^2 for the
// plastic number g). Pictures that are resized, not cropped, are mirrored for odd n.
func (g *Gallery) fixedWindow(p *picture.Planar, side, step, n int) window {
	w, h := g.scaled(p, side)
	at := func(room int, alpha float64) int {
		f := 0.5 + float64(alpha*float64(n))
		f -= float64(int(f))
		return step * int(f*float64(room/step+1))
	}
	return window{
		w: w, h: h,
		x:    at(w-side, 0.7548776662466927),
		y:    at(h-side, 0.5698402909980532),
		flip: g.fit == Resize && n%2 == 1,
	}
}

func (v window) cut(dst []float32, p *picture.Planar, side int) {
	p.Window(dst, picture.Window{FullW: v.w, FullH: v.h, X: v.x, Y: v.y, W: side, H: side, Flip: v.flip})
}

// Sample writes a random crop of picture i to dst as planes (C,side,side) of pixels in
// [0,1]. With probability 1/2 the crop is mirrored. Random numbers come from r.
func (g *Gallery) Sample(dst []float32, i, side int, r *random.Stream) error {
	p, err := g.clean.Load(i)
	if err == nil {
		g.randomWindow(p, side, 1, r).cut(dst, p, side)
	}
	return err
}

// Fixed writes the k-th fixed sample, k >= 0, to dst: crop number k/Len of picture k%Len.
// Crop number 0 is the centre.
func (g *Gallery) Fixed(dst []float32, k, side int) error {
	p, err := g.clean.Load(k % g.Len())
	if err == nil {
		g.fixedWindow(p, side, 1, k/g.Len()).cut(dst, p, side)
	}
	return err
}

// SamplePair is Sample that also writes the degraded crop to input, as planes
// (C,side/ratio,side/ratio). The crop comes from the data set's degraded picture. If there
// is none, ratio must be 2, and the crop is reduced by picture.Planar.Half, MATLAB's
// antialiased bicubic reduction.
func (g *Gallery) SamplePair(input, dst []float32, i, side, ratio int, r *random.Stream) error {
	p, err := g.clean.Load(i)
	if err != nil {
		return err
	}
	return g.pair(input, dst, i, p, side, ratio, g.randomWindow(p, side, ratio, r))
}

// FixedPair is Fixed that also writes the degraded crop to input; see SamplePair.
func (g *Gallery) FixedPair(input, dst []float32, k, side, ratio int) error {
	i := k % g.Len()
	p, err := g.clean.Load(i)
	if err != nil {
		return err
	}
	return g.pair(input, dst, i, p, side, ratio, g.fixedWindow(p, side, ratio, k/g.Len()))
}

// pair writes a window of picture i, which is p, and the same window of its degraded picture.
func (g *Gallery) pair(input, dst []float32, i int, p *picture.Planar, side, ratio int, v window) error {
	if side%ratio != 0 {
		return fmt.Errorf("pairs of side %d cannot be made; use a multiple of %d", side, ratio)
	}
	v.cut(dst, p, side)
	if g.inputs == nil && ratio == 2 && (v.w != p.W || v.h != p.H) {
		// The sample is part of a resized picture, so its half is no part of the cached half.
		sample := &picture.Planar{C: p.C, H: side, W: side, Values: dst}
		if p.Pix != nil {
			sample = picture.FromFloat(dst[:p.C*side*side], side, side)
		}
		sample.Half().Float(input)
		return nil
	}
	q, err := g.input(i, p, ratio)
	if err == nil {
		window{v.w / ratio, v.h / ratio, v.x / ratio, v.y / ratio, v.flip}.cut(input, q, side/ratio)
	}
	return err
}

// input returns the degraded picture of picture i, which is p.
func (g *Gallery) input(i int, p *picture.Planar, ratio int) (*picture.Planar, error) {
	if g.inputs == nil {
		if ratio != 2 {
			return nil, fmt.Errorf("%s: the data set has no degraded pictures; use -data pairs", g.Name(i))
		}
		return g.halves.Load(i)
	}
	q, err := g.inputs.Load(i)
	if err == nil && (q.W != p.W/ratio || q.H != p.H/ratio || q.C != p.C) {
		return nil, fmt.Errorf("%s: %dx%d pixels in %d channels do not belong to %s of %dx%d in %d; the sides must be 1/%d of them",
			g.inputs.Name(i), q.W, q.H, q.C, g.Name(i), p.W, p.H, p.C, ratio)
	}
	return q, err
}

// WholePair returns the degraded picture and the clean picture i, whose sides are cut to
// multiples of ratio.
func (g *Gallery) WholePair(i, ratio int) (input, clean *picture.Planar, err error) {
	if clean, err = g.clean.Load(i); err != nil {
		return nil, nil, err
	}
	if input, err = g.input(i, clean, ratio); err != nil {
		return nil, nil, err
	}
	if clean.W != ratio*input.W || clean.H != ratio*input.H {
		clean = clean.Cut(0, 0, ratio*input.W, ratio*input.H)
	}
	return input, clean, nil
}
