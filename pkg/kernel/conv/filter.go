package conv

import (
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// Filter owns the packed forms of one weight tensor of shape (O,C,Kernel,Kernel).
// Each form (forward, input gradient, their Winograd variants) is packed when it is
// first needed after Load, and is valid until the next Load. Several goroutines may
// use a Filter concurrently, but not during Load.
type Filter struct {
	o, c, kernel int

	mu    sync.Mutex
	w     []float32
	forms []*form
}

// NewFilter returns a Filter for weights of shape (o,c,kernel,kernel).
func NewFilter(o, c, kernel int) *Filter { return &Filter{o: o, c: c, kernel: kernel} }

// Load makes w the weights of the filter, without copying them, and invalidates all
// packed forms. It must be called again whenever the values in w have changed.
func (f *Filter) Load(w []float32) {
	check("weights", w, f.o*f.c*f.kernel*f.kernel)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.w = w
	for _, p := range f.forms {
		p.fresh, p.used = false, false
	}
}

// use identifies the computation that a form is packed for.
type use struct {
	gradient        bool     // of the input
	minimal         *minimal // nil: direct
	stride, padding int
	kernels         *lanes.Kernels
}

// form is a packed filter together with the offsets that belong to it.
type form struct {
	use
	used    bool // since Load
	fresh   bool // packed since Load
	data    []float32
	classes []class
	// Source channels, result channels, and the results in one block.
	from, to, width int
}

// class is a set of output pixels that use the same taps: every step-th row and column,
// starting at (row, col). The input gradient of a strided convolution has one class for
// each phase of the stride; everything else has a single class.
type class struct {
	row, col int
	taps     []tap
	base     int // start of its packed weights
}

// tap is one weight of the kernel, with the offset (row, col) of its source pixel from
// the output pixel times the stride.
type tap struct{ index, row, col int }

// form returns the form for a use. It is packed, unless the caller accepts it raw
// and this is its first use since Load.
func (f *Filter) form(u use, raw bool) (p *form, packed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w == nil {
		panic("conv: Filter used before Load")
	}
	for _, q := range f.forms {
		if q.use == u {
			p = q
		}
	}
	if p == nil {
		p = f.newForm(u)
		f.forms = append(f.forms, p)
	}
	first := !p.used
	p.used = true
	switch {
	case p.fresh:
		return p, true
	case raw && first:
		return p, false
	case u.minimal != nil:
		f.packWinograd(p)
	default:
		f.pack(p)
	}
	p.fresh = true
	return p, true
}

// newForm returns a form with the classes for a use, which is not packed.
func (f *Filter) newForm(u use) *form {
	p := &form{use: u, from: f.c, to: f.o}
	if u.gradient {
		p.from, p.to = f.o, f.c
	}
	p.width = width(u.kernels, p.to)
	phases := 1
	if u.gradient {
		phases = u.stride
	}
	base := 0
	for i := range phases * phases {
		c := class{row: i / phases, col: i % phases, base: base}
		for t := range f.kernel * f.kernel {
			row, hit := u.tap(t/f.kernel, c.row)
			col, hits := u.tap(t%f.kernel, c.col)
			if hit && hits {
				c.taps = append(c.taps, tap{t, row, col})
			}
		}
		base += ceil(p.to, p.width) * p.width * p.from * len(c.taps)
		p.classes = append(p.classes, c)
	}
	return p
}

// tap returns the offset, along one axis, of the source pixel that a weight multiplies
// for the output pixels of a phase. hit is false if the weight is not used in this phase.
func (u use) tap(weight, phase int) (offset int, hit bool) {
	if !u.gradient {
		return weight - u.padding, true
	}
	distance := phase + u.padding - weight
	if distance%u.stride != 0 {
		return 0, false
	}
	return distance / u.stride, true
}

// pack stores the weights in the order in which the direct kernels read them. Each block
// of results, block of source channels, tap and channel of the block has one row of
// weights, with one lane per result.
func (f *Filter) pack(p *form) {
	total := 0
	for _, c := range p.classes {
		total = c.base + ceil(p.to, p.width)*p.width*p.from*len(c.taps)
	}
	p.data = grow(p.data, total)
	j := packJobs.Get()
	*j = packJob{f, p}
	run(ceil(p.to, p.kernels.Lanes), j)
	*j = packJob{}
	packJobs.Put(j)
}

// packJob is one pack in progress.
type packJob struct {
	filter *Filter
	form   *form
}

var packJobs kernel.Free[packJob]

// do packs the weights of one vector of results.
func (j *packJob) do(s *scratch, chunk int) {
	f, p := j.filter, j.form
	taps, kernels := f.kernel*f.kernel, p.kernels
	o := chunk * kernels.Lanes
	g := &s.gather
	g.Channels = min(kernels.Lanes, p.to-o)
	g.Dst = p.data[o%p.width:]
	if !p.gradient {
		s.table = growInts(s.table, p.from*taps)
		for k := range p.from {
			p.row(s.table[k*taps:], o/p.width, k)
		}
		g.Src, g.DstAt, g.Stride, g.Count = f.w[o*f.c*taps:], s.table, f.c*taps, f.c*taps
		kernels.Gather(g)
		return
	}
	s.table = growInts(s.table, taps)
	g.DstAt, g.Stride, g.Count = s.table, taps, taps
	for k := 0; k < p.from; k += kernels.Columns() {
		p.row(s.table, o/p.width, k)
		g.Src = f.w[(k*f.c+o)*taps:]
		s.gatherRows(kernels, f.c*taps, min(kernels.Columns(), p.from-k), p.width)
	}
}

// gatherRows does what s.gather describes for several rows of weights. Successive rows are
// row elements apart in the filter and next elements in its packed form.
func (s *scratch) gatherRows(k *lanes.Kernels, row, rows, next int) {
	g := &s.gather
	g.Items, g.SrcItem, g.Ahead = s.rows.list(series{item: next}, rows, 1), row, ceil(g.Count*k.Lanes, line)
	k.Gather(g)
	g.Items, g.Ahead = nil, 0
}

// row fills a table with the packed offsets of the taps of source channel k for one
// block of results.
func (p *form) row(table []int32, block, k int) {
	wide := p.kernels.Columns()
	first := k / wide * wide
	size := min(wide, p.from-first)
	for _, c := range p.classes {
		start := c.base + (block*p.from+first)*len(c.taps)*p.width
		for i, t := range c.taps {
			table[t.index] = int32(start + (i*size+k-first)*p.width)
		}
	}
}
