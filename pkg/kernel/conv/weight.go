package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// weightJob is one WeightGradient in progress. The weights are cut into blocks of
// outputs by channels, the pixels into slices; each chunk sums one block over one
// slice. If there are several slices, a second pass adds them in order and writes the
// gradient to gw; otherwise each chunk writes its part of gw itself.
type weightJob struct {
	gw, gy, x []float32
	add       bool // to gw
	shape     Shape
	kernels   *lanes.Kernels
	minimal   *minimal // nil: direct
	narrow    bool     // vectors consist of outputs
	taps      int      // sums per output and channel: the kernel's taps or a spectrum; if narrow, per output
	tiling    tiling
	outputs   int // in a block
	channels  int // in a block: whole vectors
	width     int // contiguous channels (if narrow, outputs) of the sums
	merged    int // outputs in a chunk of the second pass
	slices    int
	// Distances in the sums of a block: between the taps of mergedRows outputs, between
	// groups of mergedRows outputs, and between groups of width channels.
	tap, group, vectors int
	partial             []float32 // (slices, blocks, block()); if narrow, (slices, blocks of outputs, taps, width)
	merging             bool      // in the second pass
	running             running
}

var weightJobs kernel.Free[weightJob]

// There are at least minChunks chunks if there are enough rectangles. There are up to
// maxChunks as long as each slice has at least fullSlice rectangles: merging shorter
// slices costs more than idle cores.
const (
	minChunks = 4
	maxChunks = 8
	fullSlice = 16 // rectangles
)

// blockSide is the number of outputs, and of channels, in a block. Larger blocks reuse
// gathered and transformed data more often, but their sums, a spectrum for each pair of
// output and channel, would lie in a slower level of the memory hierarchy.
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
	j.tiling = tile(s.output(), pixelsPerSum(k, j.minimal != nil), unit)
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

// wait completes the first pass and runs the second one, if there are several slices.
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

// pixelsPerSum is the approximate number of pixels in a rectangle. The products of a
// rectangle are summed before they are added to the sums of a slice. A small rectangle
// keeps rounding errors small and the windows in the second-level cache.
func pixelsPerSum(k *lanes.Kernels, winograd bool) int {
	if winograd {
		return 512
	}
	return 16 * k.Lanes
}

// mergedRows is the number of outputs in a chunk of the second pass, unless narrow. Their
// sums for one tap are contiguous, so that the hardware can prefetch them.
const mergedRows = 8

func (j *weightJob) blocks() int { return ceil(j.shape.O, j.outputs) * ceil(j.shape.C, j.channels) }

// do computes one chunk of the current pass.
func (j *weightJob) do(s *scratch, chunk int) {
	if j.merging {
		j.merge(s, chunk*j.merged, min(j.shape.O, (chunk+1)*j.merged), 0, j.shape.C)
		return
	}
	// Consecutive chunks have the same slice: blocks may differ in size, and a core
	// keeps to its images.
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
	// A single slice needs no second pass. Write its gradient while the sums are in the cache.
	last := min(j.shape.O, o+j.outputs)
	for first := o; first < last; first += j.merged {
		j.merge(s, first, min(last, first+j.merged), c, min(j.shape.C, c+j.channels))
	}
}

// sum computes the sums of one block, which begins at output o and channel c, over one
// slice.
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

// at returns the offset of the sums of output o of a block.
func (j *weightJob) at(o int) int { return o/mergedRows*j.group + o%mergedRows*j.width }

// block returns the number of elements in the sums of a block.
func (j *weightJob) block() int { return j.channels / j.width * j.vectors }

// sums returns the sums of a slice from output o and channel c on, within their block. If
// there is a single slice, the sums are in the scratch of the core, which is in its cache.
func (j *weightJob) sums(s *scratch, o, c, slice int) []float32 {
	at := c%j.channels/j.width*j.vectors + j.at(o%j.outputs)
	if j.slices == 1 {
		return s.partial[at:]
	}
	block := o/j.outputs*ceil(j.shape.C, j.channels) + c/j.channels
	return j.partial[(slice*j.blocks()+block)*j.block()+at:]
}

// pixels adds the products of the pixels in r to the sums of a block.
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

// seen returns the part of the input that the outputs in r depend on.
func (j *weightJob) seen(r rectangle) rectangle {
	s := j.shape
	return rectangle{
		r.image, r.images,
		r.top*s.Stride - s.Padding, (r.rows-1)*s.Stride + s.Kernel,
		r.left*s.Stride - s.Padding, (r.cols-1)*s.Stride + s.Kernel,
	}
}

// listRows returns the segments of a sum over all pixels in r, one for each of its rows.
// Successive rows of r are apartA rows apart in window a and apartB rows in window b.
func (s *scratch) listRows(r rectangle, a *window, apartA int, b *window, apartB int) []lanes.Segment {
	s.segments = s.segments[:0]
	for m := range r.images {
		for i := range r.rows {
			s.segments = append(s.segments, lanes.Segment{A: a.at(m, i*apartA, 0), B: b.at(m, i*apartB, 0)})
		}
	}
	return s.segments
}

// listOutputs sets the rows of a product to the outputs, which are adjacent in A, as far as
// they fill whole groups.
func (j *weightJob) listOutputs(s *scratch, outputs int) {
	k, p := j.kernels, &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for o := 0; o+k.Group <= outputs; o += k.Group {
		p.ARow, p.CRow = append(p.ARow, o), append(p.CRow, j.at(o))
	}
}

// multiplyOutputs runs the product for the outputs that listOutputs has set. It computes
// the remaining outputs, which do not fill a group, in a separate product.
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

// planRow lays out a window as a single block with all channels. The odd number of cache
// lines per pixel distributes the pixels over the sets of the cache.
func (w *window) planRow(r rectangle, channels int) { w.layout(r, channels, odd(channels)) }

// merge adds the slices for outputs [first,last) and channels [from,to), and writes the
// gradient to gw or adds it there.
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
