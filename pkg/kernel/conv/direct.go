package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// kernels returns the kernels that this package uses; tests replace it.
var kernels = lanes.Active

// correlation is one Forward or InputGradient in progress: a correlation of the
// planes x with a packed filter.
type correlation struct {
	y, x     []float32
	from, to planes
	epilogue Epilogue
	filter   *Filter
	form     *form
	raw      bool // the filter is not packed: each chunk transforms the weights itself
	kernels  *lanes.Kernels
	tiling   tiling
	splits   int // chunks per rectangle, which share its blocks of results
	// A source pixel lies at stride times the output pixel; output pixels of a
	// class are step apart.
	stride, step int
	segmentTaps  int // adjacent taps that form one segment of a sum
	// Extreme offsets of the taps, over all classes.
	up, down, before, after int
}

var correlations kernel.Free[correlation]

// correlate computes Forward, or InputGradient if gradient is true.
func (f *Filter) correlate(y, x []float32, s Shape, gradient bool, e Epilogue) {
	j := correlations.Get()
	*j = correlation{y: y, x: x, from: s.input(), to: s.output(), epilogue: e, kernels: kernels(), stride: s.Stride, step: 1, segmentTaps: 1}
	if gradient {
		j.from, j.to, j.stride, j.step = j.to, j.from, 1, s.Stride
	}
	u := use{gradient: gradient, minimal: winograd(s, j.from.c), stride: s.Stride, padding: s.Padding, kernels: j.kernels}
	unit, c := j.step, directChunks
	if u.minimal != nil {
		unit, c = u.minimal.tile, winogradChunks
	}
	if !gradient && u.minimal == nil && s.isNarrow(j.kernels) {
		j.segmentTaps = s.Kernel
	}
	pixels := j.to.n * j.to.h * j.to.w
	j.tiling = tile(j.to, min(c.maxVectors*j.kernels.Lanes, max(c.minPixels, pixels/c.minChunks)), unit).shared()
	chunks := j.tiling.count()
	var packed bool
	j.filter = f
	j.form, packed = f.form(u, u.minimal != nil && chunks <= fewChunks)
	j.raw = !packed
	j.splits = min(ceil(c.minChunks, chunks), ceil(j.to.c, j.form.width))
	for _, c := range j.form.classes {
		for _, t := range c.taps {
			j.up, j.down = min(j.up, t.row), max(j.down, t.row)
			j.before, j.after = min(j.before, t.col), max(j.after, t.col)
		}
	}
	run(chunks*j.splits, j)
	*j = correlation{}
	correlations.Put(j)
}

// fewChunks is the largest number of rectangles for which each chunk transforms newly
// loaded weights itself. For so few, writing the packed weights to memory and reading
// them back takes longer. The values are the same.
const fewChunks = 2

// chunking determines how much of the result one chunk computes. More pixels reuse
// the streamed weights more often; fewer pixels keep the window in the second-level
// cache. If there are fewer rectangles than minChunks, several chunks share the blocks
// of results of one rectangle, and each of them gathers the window itself.
type chunking struct {
	minPixels  int // of a rectangle
	maxVectors int // largest number of pixels of a rectangle, divided by Lanes
	minChunks  int
}

var (
	directChunks   = chunking{minPixels: 64, maxVectors: 32, minChunks: 8}
	winogradChunks = chunking{minPixels: 512, maxVectors: 32, minChunks: 2}
)

// do computes one chunk.
func (j *correlation) do(s *scratch, chunk int) {
	r := j.tiling.rectangle(chunk / j.splits)
	blocks := ceil(j.to.c, j.form.width)
	part := chunk % j.splits
	first, last := part*blocks/j.splits, (part+1)*blocks/j.splits
	if j.form.minimal != nil {
		j.winograd(s, r, first, last)
	} else {
		j.direct(s, r, first, last)
	}
}

// direct computes blocks [first,last) of the results for the pixels in r.
func (j *correlation) direct(s *scratch, r rectangle, first, last int) {
	k, f := j.kernels, j.form
	w := &s.window
	if j.stride == 1 && j.step == 1 && tiny(k, r, j.to, j.from, f.from) {
		j.directTiny(s, r, first, last)
		return
	}
	down, across := ceil(r.rows, j.step), ceil(r.cols, j.step)
	seen := rectangle{
		r.image, r.images,
		r.top/j.step*j.stride + j.up, (down-1)*j.stride + j.down - j.up + 1,
		r.left/j.step*j.stride + j.before, (across-1)*j.stride + j.after - j.before + 1,
	}
	if j.segmentTaps > 1 {
		w.layout(seen, f.from, f.from)
	} else {
		w.plan(k, seen, f.from)
	}
	w.gather(k, s, j.x, j.from, 0)
	// Each row of sums has room for whole groups.
	cols := ceil(across, k.Group) * k.Group * j.step
	s.sums = grow(s.sums, (r.images*r.rows*cols+k.Lanes+j.step*k.Group)*f.width)
	for b := first; b < last; b++ {
		vectors := ceil(min(f.width, f.to-b*f.width), k.Lanes)
		for i := range f.classes {
			if b == first || len(f.classes) > 1 {
				j.list(s, &f.classes[i], r, cols)
			}
			j.class(s, &f.classes[i], b, vectors)
		}
		j.scatter(s, r, r.rows, cols, b)
	}
}

// list sets the rows of the product to the pixels of one class.
func (j *correlation) list(s *scratch, c *class, r rectangle, cols int) {
	k, f, w, p := j.kernels, j.form, &s.window, &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for m := range r.images {
		for i := range ceil(r.rows-c.row, j.step) {
			for g := 0; g < ceil(r.cols-c.col, j.step); g += k.Group {
				p.ARow = append(p.ARow, w.at(m, i*j.stride-j.up, g*j.stride-j.before))
				p.CRow = append(p.CRow, ((m*r.rows+c.row+i*j.step)*cols+c.col+g*j.step)*f.width)
			}
		}
	}
}

// class computes block b of the results for the pixels of one class, which list has set.
func (j *correlation) class(s *scratch, c *class, b, vectors int) {
	k, f, w, p := j.kernels, j.form, &s.window, &s.product
	if len(c.taps) == 0 {
		for _, at := range p.CRow {
			for i := range k.Group {
				clear(s.sums[at+i*j.step*f.width:][:f.width])
			}
		}
		return
	}
	p.CStep, p.AStep = j.step*f.width, j.stride*w.width
	j.sweep(s, c, b, vectors, everywhere)
}

// everywhere is the origin of a window whose pixels all use every tap.
var everywhere = []pixel{{all: true}}

// pixel is a position in all images of a window. Taps that fall outside the image
// there are skipped, unless all is set. At least one tap is left, since Padding is
// less than Kernel.
type pixel struct {
	row, col int
	a, c     int // offsets of the source and of the sums
	all      bool
}

// sweep multiplies the rows of s.product, shifted to each of the pixels in turn, by
// block b of the weights of a class.
func (j *correlation) sweep(s *scratch, c *class, b, vectors int, pixels []pixel) {
	k, f, w := j.kernels, j.form, &s.window
	p := &s.product
	p.A, p.AInner, p.BInner = w.data, 1, f.width
	p.Accumulate = false
	weights := f.data[c.base+b*f.from*len(c.taps)*f.width:]
	for start := 0; start < f.from; {
		// A product covers as many blocks of channels as keep the weights in the
		// first-level cache. The last block may be narrower and is then a product
		// of its own.
		channels, depth := min(k.Columns(), f.from-start), 1
		if channels == k.Columns() {
			depth = max(1, min((f.from-start)/channels, segmentsInCache/len(c.taps)))
		}
		p.K = channels * j.segmentTaps
		p.B = weights[start*len(c.taps)*f.width:]
		for _, at := range pixels {
			s.segments = s.segments[:0]
			for d := range depth {
				for i := 0; i < len(c.taps); i += j.segmentTaps {
					t := c.taps[i]
					if at.all || j.from.holds(at.row+t.row, at.col+t.col) {
						s.segments = append(s.segments, lanes.Segment{
							A: at.a + (start+d*channels)/w.width*w.block + w.at(0, t.row, t.col),
							B: (d*len(c.taps) + i) * channels * f.width,
						})
					}
				}
			}
			p.C, p.Segments = s.sums[at.c:], s.segments
			k.Product(p, vectors)
		}
		p.Accumulate = true
		start += depth * channels
	}
}

// segmentsInCache is the largest number of segments in one product, except that a block of
// channels with more taps is not divided. The weights of a tap, Columns by Columns of them,
// take 4 KB with AVX-512, so that those of ten taps fit a first-level cache of 48 KB.
const segmentsInCache = 10

// scatter writes block b of the results for the pixels in r from s.sums to the planes
// of y. s.sums has rows by cols pixels for every image.
func (j *correlation) scatter(s *scratch, r rectangle, rows, cols, b int) {
	k, f := j.kernels, j.form
	plane := j.to.h * j.to.w
	runs, run := r.rows, r.cols
	if cols == j.to.w {
		runs, run = 1, r.rows*cols
	}
	t := &s.scatter
	t.Stride, t.Step, t.Count = plane, f.width, run
	t.Items, t.SrcItem, t.DstItem = 1, rows*cols*f.width, f.to*plane
	if j.epilogue.Shift == nil && runs == 1 { // nothing differs between images
		t.Items = r.images
	}
	for m := 0; m < r.images; m += t.Items {
		for c := b * f.width; c < min(f.to, (b+1)*f.width); c += k.Lanes {
			t.Channels = min(k.Lanes, f.to-c)
			first := (r.image+m)*f.to + c
			t.Bias = j.bias(s, c, first, t.Channels)
			for i := range runs {
				at := first*plane + (r.top+i)*j.to.w + r.left
				t.Dst = j.y[at:]
				t.Residual = nil
				if j.epilogue.Residual != nil {
					t.Residual = j.epilogue.Residual[at:]
				}
				t.Src = s.sums[(m*rows+i)*cols*f.width+c%f.width:]
				k.Scatter(t)
			}
		}
	}
}

// bias returns the sum of bias and shift for n channels from c on, or nil if the
// epilogue has neither. first is the index of channel c among the channels of all images.
func (j *correlation) bias(s *scratch, c, first, n int) []float32 {
	e := &j.epilogue
	if e.Bias == nil && e.Shift == nil {
		return nil
	}
	s.bias = grow(s.bias, j.kernels.Lanes)
	clear(s.bias)
	if e.Bias != nil {
		copy(s.bias, e.Bias[c:c+n])
	}
	if e.Shift != nil {
		for i, v := range e.Shift[first : first+n] {
			s.bias[i] += v
		}
	}
	return s.bias
}
