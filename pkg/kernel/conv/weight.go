package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// weightJob is one WeightGradient in progress. The weights are cut into blocks of
// outputs by channels, the pixels into slices; every chunk sums one block over
// one slice. A second pass, where there are several, adds the slices, in order; then the
// weights are put into their places.
type weightJob struct {
	gw, gy, x []float32
	add       bool // to gw
	shape     Shape
	kernels   *lanes.Kernels
	minimal   *minimal // nil: direct
	narrow    bool     // vectors are of outputs
	taps      int      // kept per pair of channels: the kernel's, or a spectrum; if narrow, per output
	tiling    tiling
	outputs   int // in a block
	channels  int // in a block: whole vectors of them
	width     int // channels, or if narrow outputs, side by side in the sums
	merged    int // outputs in a chunk of the second pass
	slices    int
	// Distances in the sums of a block: from tap to tap of mergedRows outputs, from them
	// to the next outputs, and from a vector of channels to the next.
	tap, group, vectors int
	partial             []float32 // slices of blocks; if narrow, slices of blocks of outputs of (taps, width)
	merging             bool
	running             running
}

var weightJobs kernel.Free[weightJob]

// There are at least minChunks chunks, and up to maxChunks where every slice has
// fullSlice rectangles: adding up short slices costs more than idle cores.
const (
	minChunks = 4
	maxChunks = 8
	fullSlice = 16 // rectangles
)

// blockSide is the number of outputs and of channels of a block: more of them make more
// use of what is gathered and transformed, but their sums, one spectrum for each pair, come from
// memory further away.
const blockSide = 64

// startWeights begins the first pass.
func startWeights(gw, gy, x []float32, s Shape, add bool) *weightJob {
	j := weightJobs.Get()
	*j = weightJob{gw: gw, gy: gy, x: x, add: add, shape: s, kernels: kernels(), partial: j.partial, minimal: winograd(s, s.O)}
	k := j.kernels
	j.taps, j.outputs, j.width = s.taps(), min(blockSide, s.O), width(k, s.C)
	j.channels, j.merged = min(blockSide, ceil(s.C, j.width)*j.width), mergedRows
	unit := 1
	if j.minimal != nil {
		j.taps, unit = j.minimal.size, j.minimal.tile
	}
	j.tiling = tile(s.output(), maxSlice(k, j.minimal != nil), unit)
	rectangles, blocks := j.tiling.count(), j.blocks()
	j.slices = min(max(rectangles/fullSlice, ceil(minChunks, blocks)), ceil(maxChunks, blocks), rectangles)
	j.tap = mergedRows*j.width + spread
	j.group = j.taps * j.tap
	j.vectors = ceil(j.outputs, mergedRows) * j.group
	room := 0
	if j.slices > 1 {
		room = j.slices * blocks * j.block()
	}
	if j.narrow = j.minimal == nil && s.isNarrow(k); j.narrow {
		j.width = width(k, s.O)
		j.taps, j.merged = s.Kernel*j.narrowRows(), j.width
		room = j.narrowSums(0, j.slices)
	}
	j.partial = grow(j.partial, room+slack)
	j.running = start(j.blocks()*j.slices, j)
	return j
}

// wait completes the first pass and makes the second.
func (j *weightJob) wait() {
	j.running.wait()
	if j.slices > 1 {
		j.merging = true
		run(ceil(j.shape.O, j.merged), j)
	}
	partial := j.partial
	*j = weightJob{partial: partial}
	weightJobs.Put(j)
}

// maxSlice is the number of pixels whose products are summed before they
// are added to what was there: few enough to keep rounding errors small and the
// windows in the second-level cache.
func maxSlice(k *lanes.Kernels, winograd bool) int {
	if winograd {
		return winogradSlice
	}
	return 16 * k.Lanes
}

var winogradSlice = 512

// mergedRows is how many outputs one chunk of the second pass takes, if not narrow. The
// sums of one tap for them lie side by side: stretches that the cache fetches ahead.
const mergedRows = 8

func (j *weightJob) blocks() int { return ceil(j.shape.O, j.outputs) * ceil(j.shape.C, j.channels) }

// do computes one chunk of the current pass.
func (j *weightJob) do(s *scratch, chunk int) {
	if j.merging {
		j.merge(s, chunk*j.merged, min(j.shape.O, (chunk+1)*j.merged), 0, j.shape.C)
		return
	}
	// Slice by slice: blocks may differ in size, and a core keeps to its images.
	slice, block := chunk/j.blocks(), chunk%j.blocks()
	across := ceil(j.shape.C, j.channels)
	o, c := block/across*j.outputs, block%across*j.channels
	if j.slices == 1 && !j.narrow {
		s.partial = grow(s.partial, j.block()+slack)
	}
	j.sum(s, o, c, slice)
	if j.slices > 1 {
		return
	}
	// Nothing to wait for, and the sums are in the cache.
	last := min(j.shape.O, o+j.outputs)
	for first := o; first < last; first += j.merged {
		j.merge(s, first, min(last, first+j.merged), c, min(j.shape.C, c+j.channels))
	}
}

// sum computes the sums of a block, outputs from o and channels from c on, over
// one slice.
func (j *weightJob) sum(s *scratch, o, c, slice int) {
	outputs := min(j.outputs, j.shape.O-o)
	channels := min(j.channels, j.shape.C-c)
	rectangles := j.tiling.count()
	for i := slice * rectangles / j.slices; i < (slice+1)*rectangles/j.slices; i++ {
		r := j.tiling.rectangle(i)
		s.product.Accumulate = i > slice*rectangles/j.slices
		switch {
		case j.minimal != nil:
			j.tiles(s, r, o, outputs, c, channels, slice)
		case j.narrow:
			j.narrowPixels(s, r, o, outputs, slice)
		default:
			j.pixels(s, r, o, outputs, c, channels, slice)
		}
	}
}

// at is where the sums of an output of a block begin.
func (j *weightJob) at(o int) int { return o/mergedRows*j.group + o%mergedRows*j.width }

// block is the room for the sums of a block.
func (j *weightJob) block() int { return j.channels / j.width * j.vectors }

// sums returns the sums of a slice from output o and channel c on, within their block. A
// single slice has them in the memory of its core, which is in the cache.
func (j *weightJob) sums(s *scratch, o, c, slice int) []float32 {
	at := c%j.channels/j.width*j.vectors + j.at(o%j.outputs)
	if j.slices == 1 {
		return s.partial[at:]
	}
	block := o/j.outputs*ceil(j.shape.C, j.channels) + c/j.channels
	return j.partial[(slice*j.blocks()+block)*j.block()+at:]
}

// pixels adds the products of the pixels in r.
func (j *weightJob) pixels(s *scratch, r rectangle, o, outputs, c, channels, slice int) {
	k, shape := j.kernels, j.shape
	w, g := &s.window, &s.second
	seen, tiny := j.seen(r), j.tiny(r, channels)
	if tiny {
		seen = r.whole(shape.input())
	}
	w.plan(k, seen, channels)
	w.gather(k, s, j.x, shape.input(), c)
	g.planRow(r, outputs)
	g.gather(k, s, j.gy, shape.output(), o)
	p := &s.product
	p.A, p.Segments, p.K = g.data, s.listRows(r, g, 1, w, shape.Stride), r.cols
	p.CStep, p.AStep, p.AInner, p.BInner = j.width, 1, g.width, shape.Stride*w.width
	j.listOutputs(s, outputs)
	sums := j.sums(s, o, c, slice)
	for t := range j.taps {
		at := w.at(0, t/shape.Kernel, t%shape.Kernel)
		if tiny {
			p.Segments, at = j.tinyTaps(s, r, t), 0
		}
		for b := 0; b < channels; b += j.width {
			p.B = w.data[b/w.width*w.block+at:]
			p.C = sums[b/j.width*j.vectors+t*j.tap:]
			j.multiplyOutputs(s, outputs, ceil(min(j.width, channels-b), k.Lanes))
		}
	}
}

// seen is the part of the input that the outputs in r see.
func (j *weightJob) seen(r rectangle) rectangle {
	s := j.shape
	return rectangle{
		r.image, r.images,
		r.top*s.Stride - s.Padding, (r.rows-1)*s.Stride + s.Kernel,
		r.left*s.Stride - s.Padding, (r.cols-1)*s.Stride + s.Kernel,
	}
}

// listRows returns the stretches of a sum over all pixels in r: rows of two windows, each
// the given number of rows apart.
func (s *scratch) listRows(r rectangle, a *window, apartA int, b *window, apartB int) []lanes.Segment {
	s.segments = s.segments[:0]
	for m := range r.images {
		for i := range r.rows {
			s.segments = append(s.segments, lanes.Segment{A: a.at(m, i*apartA, 0), B: b.at(m, i*apartB, 0)})
		}
	}
	return s.segments
}

// listOutputs lists the rows of a product whose rows are outputs, side by side in A: as
// many as fill groups.
func (j *weightJob) listOutputs(s *scratch, outputs int) {
	k, p := j.kernels, &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for o := 0; o+k.Group <= outputs; o += k.Group {
		p.ARow, p.CRow = append(p.ARow, o), append(p.CRow, j.at(o))
	}
}

// multiplyOutputs runs the product for the outputs that are listed, and computes those
// that fill no group aside.
func (j *weightJob) multiplyOutputs(s *scratch, outputs, vectors int) {
	k, p := j.kernels, &s.product
	k.Product(p, vectors)
	first := len(p.ARow) * k.Group
	if first == outputs {
		return
	}
	wide := k.Columns()
	s.sums = grow(s.sums, k.Group*wide)
	rest := &s.rest
	*rest = lanes.Product{
		C: s.sums, A: p.A, B: p.B, Segments: p.Segments, K: p.K, AStep: p.AStep, AInner: p.AInner, BInner: p.BInner,
		CStep: wide, ARow: append(rest.ARow[:0], first), CRow: append(rest.CRow[:0], 0),
	}
	k.Product(rest, vectors)
	for i := range outputs - first {
		row := p.C[j.at(first+i):][:vectors*k.Lanes]
		for l, v := range s.sums[i*wide:][:len(row)] {
			if p.Accumulate {
				v += row[l]
			}
			row[l] = v
		}
	}
}

// planRow lays out a window as one block with room for all channels. An odd
// number of cache lines per pixel spreads the pixels over the cache's sets.
func (w *window) planRow(r rectangle, channels int) { w.layout(r, channels, odd(channels)) }

// merge adds the slices for outputs first to last and channels from to to, and writes
// their weights, or adds them to the old ones.
func (j *weightJob) merge(s *scratch, first, last, from, to int) {
	if j.narrow {
		j.narrowMerge(first, last)
		return
	}
	k, shape, taps := j.kernels, j.shape, j.shape.taps()
	t := &s.scatter
	*t = lanes.Scatter{Stride: taps, Step: j.tap, Count: taps, Items: last - first, SrcItem: j.width, DstItem: shape.C * taps, Ahead: ceil(taps*k.Lanes, line)}
	for b := from / j.width; b < ceil(to, j.width); b++ {
		sums := j.sums(s, first, b*j.width, 0)
		for slice := 1; slice < j.slices; slice++ {
			vector.Add(sums[:j.group], sums[:j.group], j.sums(s, first, b*j.width, slice)[:j.group])
		}
		if j.minimal != nil {
			sums = j.interpolate(s, sums, last-first)
			t.Step, t.SrcItem = j.width, taps*j.width
		}
		for c := b * j.width; c < min(shape.C, (b+1)*j.width); c += k.Lanes {
			t.Channels = min(k.Lanes, shape.C-c)
			t.Dst, t.Src = j.gw[(first*shape.C+c)*taps:], sums[c%j.width:]
			if j.add {
				t.Residual = t.Dst
			}
			k.Scatter(t)
		}
	}
}
