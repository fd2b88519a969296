package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// minimal is a minimal filtering algorithm for 3x3 weights (Winograd). It transforms
// tiles of the input, and the weights, to spectra. The products of spectra, summed over
// channels, are transformed back to tiles of the output.
type minimal struct {
	tile     int // side of an output tile in pixels
	window   int // side of the part of the input that a tile depends on
	spectrum int // side of a spectrum in values
	size     int // values in a spectrum

	input, output, weights, filter, gradient lanes.Map
}

// The algorithms: large is F(4x4, 3x3), with 36 products instead of 144. small computes
// whole images of 2x2 pixels, whose padding is known to be zero, with 9 products instead
// of the 16 whose taps fall inside the image.
var (
	large = minimal{4, 6, 6, 36, lanes.Input, lanes.Output, lanes.Weights, lanes.Filter, lanes.Gradient}
	small = minimal{2, 2, 3, 9, lanes.SmallInput, lanes.SmallOutput, lanes.SmallWeights, lanes.SmallFilter, lanes.SmallGradient}
)

const spectrumTaps = 9 // weights of a filter that is transformed

// spread is added to the distance between the values of a spectrum. Without it the
// distance would often be a power of two, and all values would fall into the same set of
// the cache.
const spread = 16

// filterJob packs the spectra of a filter. Each block of results, value of a spectrum and
// source channel has one row of weights, with one lane per result.
type filterJob struct {
	filter *Filter
	form   *form
}

var filterJobs kernel.Free[filterJob]

// packWinograd packs the spectra of all weights.
func (f *Filter) packWinograd(p *form) {
	p.data = grow(p.data, ceil(p.to, p.width)*p.minimal.size*p.value())
	j := filterJobs.Get()
	*j = filterJob{f, p}
	run(ceil(p.to, p.width)*ceil(p.from, sourcesPerChunk), j)
	*j = filterJob{}
	filterJobs.Put(j)
}

// value returns the distance between the values of a spectrum in a packed filter.
func (p *form) value() int { return p.from*p.width + spread }

// sourcesPerChunk is the number of source channels of a block that one chunk packs.
const sourcesPerChunk = 16

// do packs the source channels of one chunk.
func (j *filterJob) do(s *scratch, chunk int) {
	p := j.form
	across := ceil(p.from, sourcesPerChunk)
	block, first := chunk/across, chunk%across*sourcesPerChunk
	j.filter.spectra(s, p, p.data[block*p.minimal.size*p.value():], block, first)
}

// block packs one block of results into memory of s. A block that is used only once thereby
// stays out of main memory.
func (f *Filter) block(s *scratch, p *form, block int) []float32 {
	s.other = grow(s.other, p.minimal.size*p.value())
	for first := 0; first < p.from; first += sourcesPerChunk {
		f.spectra(s, p, s.other, block, first)
	}
	return s.other
}

// spectra transforms the weights between a block of results and the source channels of one
// chunk, which begin at first. dst is the packed block.
func (f *Filter) spectra(s *scratch, p *form, dst []float32, block, first int) {
	k := p.kernels
	n := min(sourcesPerChunk, p.from-first)
	t := &s.transform
	t.SrcRow, t.SrcCol = 3*k.Lanes, k.Lanes
	last := 0
	if p.gradient {
		// The gradient uses the kernel rotated by 180 degrees: read it backwards.
		t.SrcRow, t.SrcCol, last = -t.SrcRow, -t.SrcCol, (spectrumTaps-1)*k.Lanes
	}
	t.DstRow, t.DstCol = p.minimal.spectrum*p.value(), p.value()
	results := min(p.width, p.to-block*p.width)
	each := n * spectrumTaps * k.Lanes
	s.sums = grow(s.sums, ceil(results, k.Lanes)*each)
	for o := 0; o < results; o += k.Lanes {
		f.gather(s, p, s.sums[o/k.Lanes*each:], block*p.width+o, first, n)
	}
	t.Src, t.Dst = s.sums, dst[first*p.width:]
	from, to := series{last, spectrumTaps * k.Lanes, each}, series{item: p.width, vector: k.Lanes}
	s.transformSeries(k, p.minimal.filter, n, ceil(results, k.Lanes), from, to)
}

// gather gathers the nine taps of n source channels, which begin at first, into lanes. The
// lanes are the results from o on.
func (f *Filter) gather(s *scratch, p *form, dst []float32, o, first, n int) {
	k := p.kernels
	g := &s.gather
	g.Dst, g.DstAt, g.Channels = dst, s.taps.list(series{item: k.Lanes}, n*spectrumTaps, 1), min(k.Lanes, p.to-o)
	if !p.gradient {
		g.Src, g.Stride, g.Count = f.w[(o*f.c+first)*spectrumTaps:], f.c*spectrumTaps, n*spectrumTaps
		k.Gather(g)
		return
	}
	g.Src, g.Stride, g.Count = f.w[(first*f.c+o)*spectrumTaps:], spectrumTaps, spectrumTaps
	s.gatherRows(k, f.c*spectrumTaps, n, spectrumTaps*k.Lanes)
}

// squares is a rectangle of output pixels cut into the tiles of an algorithm.
type squares struct {
	rectangle
	*minimal
	down, across, count int // tiles in a column, in a row, and in all images
}

// cut cuts r into tiles.
func (m *minimal) cut(r rectangle) squares {
	q := squares{rectangle: r, minimal: m, down: ceil(r.rows, m.tile), across: ceil(r.cols, m.tile)}
	q.count = r.images * q.down * q.across
	return q
}

// sees returns the part of the input that the tiles depend on. Relative to the output it
// begins at row up and column before.
func (q squares) sees(up, before int) rectangle {
	more := q.window - q.tile
	if more == 0 {
		up, before = 0, 0 // small computes whole images without padding
	}
	return rectangle{
		q.image, q.images,
		q.top + up, q.down*q.tile + more,
		q.left + before, q.across*q.tile + more,
	}
}

// padded returns the rectangle rounded up to whole tiles.
func (q squares) padded() rectangle {
	return rectangle{q.image, q.images, q.top, q.down * q.tile, q.left, q.across * q.tile}
}

// spectra transforms all channels of a window by map m. It writes value v of channel c of
// tile t to out[v*distance + t*wide + c]; out is dst, grown as needed.
func (s *scratch) spectra(k *lanes.Kernels, m lanes.Map, q squares, w *window, wide int, dst []float32) (out []float32, distance int) {
	distance = q.count*wide + spread
	dst = grow(dst, q.size*distance+slack)
	t := &s.transform
	t.Src, t.Dst = w.data, dst
	t.SrcRow, t.SrcCol = w.row(), w.width
	t.DstRow, t.DstCol = q.spectrum*distance, distance
	t.SrcAt, t.DstAt = s.routes[m].between(q.layout(k, w.rows, w.cols, w.width, w.block, w.channels), series{item: wide, vector: k.Lanes})
	k.Transform(m, t)
	return dst, distance
}

// line is the number of elements in a cache line.
const line = 16

// odd rounds n up to an odd number of cache lines.
func odd(n int) int {
	return (ceil(n, line) | 1) * line
}

// winograd computes blocks [first,last) of the results for the pixels in r.
func (j *correlation) winograd(s *scratch, r rectangle, first, last int) {
	k, f, w := j.kernels, j.form, &s.window
	q := f.minimal.cut(r)
	w.plan(k, q.sees(j.up, j.before), f.from)
	w.gather(k, s, j.x, j.from, 0)
	wide := odd(f.from)
	var distance int
	s.spectrum, distance = s.spectra(k, q.input, q, w, wide, s.spectrum)

	result := q.count*f.width + spread
	s.products = grow(s.products, q.size*result+slack)
	rows, cols := q.down*q.tile, q.across*q.tile
	s.sums = grow(s.sums, q.images*rows*cols*f.width+slack)
	p := &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for g := 0; g < q.count; g += k.Group {
		p.ARow, p.CRow = append(p.ARow, g*wide), append(p.CRow, g*f.width)
	}
	p.Segments, p.K, p.Accumulate = lanes.Whole, f.from, false
	p.CStep, p.AStep, p.AInner, p.BInner = f.width, wide, 1, f.width
	var own *scratch
	if j.raw {
		own = scratches.Get()
		defer own.release()
	}
	for b := first; b < last; b++ {
		channels := min(f.width, f.to-b*f.width)
		var weights []float32
		if j.raw {
			weights = j.filter.block(own, f, b)
		} else {
			weights = f.data[b*q.size*f.value():]
		}
		for v := range q.size {
			p.A, p.B, p.C = s.spectrum[v*distance:], weights[v*f.value():], s.products[v*result:]
			k.Product(p, ceil(channels, k.Lanes))
		}
		t := &s.transform
		t.Src, t.Dst = s.products, s.sums
		t.SrcRow, t.SrcCol = q.spectrum*result, result
		t.DstRow, t.DstCol = cols*f.width, f.width
		t.DstAt, t.SrcAt = s.routes[q.output].between(q.layout(k, rows, cols, f.width, 0, channels), series{item: f.width, vector: k.Lanes})
		k.Transform(q.output, t)
		j.scatter(s, r, rows, cols, b)
	}
}

// tiles adds the products of the spectra of the tiles in r to the sums of a block.
func (j *weightJob) tiles(s *scratch, r rectangle, o, outputs, c, channels, slice int) {
	k, w, g := j.kernels, &s.window, &s.second
	q := j.minimal.cut(r)
	w.plan(k, q.sees(-j.shape.Padding, -j.shape.Padding), channels)
	w.gather(k, s, j.x, j.shape.input(), c)
	g.planRow(q.padded(), outputs)
	g.gather(k, s, j.gy, j.shape.output(), o)
	wide := odd(ceil(channels, j.width) * j.width)
	var from, to int
	s.spectrum, from = s.spectra(k, q.input, q, w, wide, s.spectrum)
	s.other, to = s.spectra(k, q.gradient, q, g, g.width, s.other)
	p := &s.product
	p.Segments, p.K = lanes.Whole, q.count
	p.AStep, p.AInner, p.BInner = 1, g.width, wide
	p.CStep = j.width
	j.listOutputs(s, outputs)
	sums := j.sums(s, o, c, slice)
	for v := range q.size {
		for b := 0; b < channels; b += j.width {
			p.A, p.B, p.C = s.other[v*to:], s.spectrum[v*from+b:], sums[b/j.width*j.vectors+v*j.tap:]
			j.multiplyOutputs(s, outputs, ceil(min(j.width, channels-b), k.Lanes))
		}
	}
}

// interpolate transforms the summed spectra of n outputs to gradients of weights.
func (j *weightJob) interpolate(s *scratch, sums []float32, n int) []float32 {
	k := j.kernels
	s.sums = grow(s.sums, n*spectrumTaps*j.width+slack)
	t := &s.transform
	t.Src, t.Dst = sums, s.sums
	t.SrcRow, t.SrcCol = j.minimal.spectrum*j.tap, j.tap
	t.DstRow, t.DstCol = 3*j.width, j.width
	from, to := series{item: j.width, vector: k.Lanes}, series{item: spectrumTaps * j.width, vector: k.Lanes}
	s.transformSeries(k, j.minimal.weights, n, j.width/k.Lanes, from, to)
	return s.sums
}
