package conv

import "multiscale/pkg/kernel/lanes"

// rectangle is a part of the output: some images, some rows, some columns.
type rectangle struct{ image, images, top, rows, left, cols int }

func (r rectangle) pixels() int { return r.images * r.rows * r.cols }

// tiling cuts the n planes of h by w pixels into rectangles.
type tiling struct {
	planes
	images, rows, cols int // of a full rectangle
}

// tile cuts planes into rectangles of about the given number of pixels: several
// images, or rows of one image. Rows and columns are multiples of unit, except
// the last ones.
func tile(p planes, pixels, unit int) tiling {
	// Rows wider than this are cut: their window should stay in the cache.
	const maxColumns = 256
	t := tiling{planes: p, images: 1, rows: p.h, cols: min(p.w, maxColumns/unit*unit)}
	if p.h*p.w <= pixels {
		t.images = min(p.n, pixels/(p.h*p.w))
		return t
	}
	rows := max(1, pixels/t.cols/unit) * unit
	pieces := (p.h + rows - 1) / rows
	rows = (p.h + pieces - 1) / pieces // even pieces
	t.rows = min(p.h, (rows+unit-1)/unit*unit)
	return t
}

// shared returns a tiling with rectangles of fewer images, where those of t are of whole
// images and there is an odd number: two cores share three unevenly.
func (t tiling) shared() tiling {
	if pieces := ceil(t.n, t.images); pieces > 1 && pieces%2 == 1 && t.count() == pieces {
		t.images = ceil(t.n, pieces+1)
	}
	return t
}

func ceil(a, b int) int { return (a + b - 1) / b }

func (t tiling) count() int {
	return ceil(t.n, t.images) * ceil(t.h, t.rows) * ceil(t.w, t.cols)
}

func (t tiling) rectangle(i int) rectangle {
	across, down := ceil(t.w, t.cols), ceil(t.h, t.rows)
	r := rectangle{left: i % across * t.cols, top: i / across % down * t.rows, image: i / across / down * t.images}
	r.images, r.rows, r.cols = min(t.images, t.n-r.image), min(t.rows, t.h-r.top), min(t.cols, t.w-r.left)
	return r
}

// window is a rectangle of the input, padding included, gathered into lanes.
// Channels are in blocks of width; inside a block every pixel has its width
// channels side by side.
type window struct {
	rectangle     // top and left may be negative
	width     int // channels in a block
	block     int // elements in a block
	channels  int
	data      []float32
	clean     padding // what is zero already
	places    places
}

// padding is all that the place of the zeros in a window's memory depends on: the
// shape, and the part of it that pictures fill.
type padding struct{ images, rows, cols, width, channels, r0, r1, c0, c1 int }

// width is how many channels a block has: one vector if that holds them all,
// else two.
func width(k *lanes.Kernels, channels int) int {
	if channels <= k.Lanes {
		return k.Lanes
	}
	return k.Columns()
}

// slack is room behind a window for tiles that stick out of its last row; what
// is read there does not reach the result.
const slack = 4096

// plan sets up the layout for the given channels.
func (w *window) plan(k *lanes.Kernels, r rectangle, channels int) {
	w.layout(r, channels, width(k, channels))
}

// layout is plan with blocks of a width of its own. A pixel's vector may be wider: what it
// has behind the channels are zeros, in the place of pixels that follow. These are
// gathered later.
func (w *window) layout(r rectangle, channels, width int) {
	w.rectangle, w.channels, w.width = r, channels, width
	w.block = r.pixels() * width
	w.reserve(ceil(channels, width)*w.block + slack)
}

// reserve makes room for n elements.
func (w *window) reserve(n int) {
	if n > cap(w.data) {
		w.clean = padding{}
	}
	w.data = grow(w.data, n)
}

// row is the distance between rows.
func (w *window) row() int { return w.cols * w.width }

// at is the offset of a pixel, counted from the window's corner, in a block.
func (w *window) at(image, row, col int) int {
	return ((image*w.rows+row)*w.cols + col) * w.width
}

// gather fills the window from channels first and following of x.
func (w *window) gather(k *lanes.Kernels, s *scratch, x []float32, p planes, first int) {
	r0, r1 := max(0, w.top), min(p.h, w.top+w.rows)
	c0, c1 := max(0, w.left), min(p.w, w.left+w.cols)
	if r0 >= r1 || c0 >= c1 {
		clear(w.data[:ceil(w.channels, w.width)*w.block])
		w.clean = padding{}
		return
	}
	w.clearAround(r0-w.top, r1-w.top, c0-w.left, c1-w.left)
	// Whole rows are one run of pixels, parts of rows one run each.
	run, runs := c1-c0, r1-r0
	if run == p.w {
		run, runs = run*runs, 1
	}
	g := &s.gather
	g.Stride, g.Count, g.SrcItem = p.h*p.w, run, k.Lanes*p.h*p.w
	images := 1 // at once
	if w.channels == p.c && p.c%k.Lanes == 0 {
		images = w.images
	}
	w.places.fill(gathering{run, c1 - c0, w.row(), w.width, images, w.at(1, 0, 0), w.channels / k.Lanes, k.Lanes, w.block})
	g.DstAt = w.places.pixels
	for m := 0; m < w.images; m += images {
		for i := range runs {
			c := 0 // channels that are done
			g.Src = x[((w.image+m)*p.c+first)*p.h*p.w+(r0+i)*p.w+c0:]
			dst := w.data[w.at(m, r0+i-w.top, c0-w.left):]
			if len(w.places.vectors) > 0 {
				g.Dst, g.Channels, g.Items = dst, k.Lanes, w.places.vectors
				k.Gather(g)
				c = w.channels / k.Lanes * k.Lanes
			}
			if g.Items = nil; c < w.channels {
				g.Src = g.Src[c*p.h*p.w:]
				g.Dst = dst[channel(c, w.width, w.block):]
				g.Channels = w.channels - c
				k.Gather(g)
			}
		}
	}
}

// channel is where channel c of a pixel lies, whose channels are in blocks of width.
func channel(c, width, block int) int { return c/width*block + c%width }

// places is where a gather puts the pixels of a run, and whole vectors of channels, in
// one image or several. It is the same for most chunks of an operation.
type places struct {
	of              gathering
	pixels, vectors []int32
}

// gathering is all that places depend on.
type gathering struct {
	run, cols, row, width int // pixels, in rows of cols; elements from row to row, and of a pixel
	images, next          int // elements from image to image
	vectors, lanes, block int // in an image; elements of a block of channels
}

func (p *places) fill(of gathering) {
	if p.of == of {
		return
	}
	p.of, p.pixels, p.vectors = of, growInts(p.pixels, of.run), growInts(p.vectors, of.images*of.vectors)
	for i := range p.pixels {
		p.pixels[i] = int32(i/of.cols*of.row + i%of.cols*of.width)
	}
	for i := range p.vectors {
		p.vectors[i] = int32(i/of.vectors*of.next + channel(i%of.vectors*of.lanes, of.width, of.block))
	}
}

// clearAround sets the pixels of all images outside rows r0 to r1 and columns c0 to
// c1 to zero. What is right of one row and left of the next, or below one image and
// above the next, is one stretch. Where the window was used last for the same part of
// other images, that has been done.
func (w *window) clearAround(r0, r1, c0, c1 int) {
	wanted := padding{w.images, w.rows, w.cols, w.width, w.channels, r0, r1, c0, c1}
	if w.clean == wanted {
		return
	}
	w.clean = wanted
	for b := 0; b < w.channels; b += w.width {
		block := w.data[b/w.width*w.block:][:w.block]
		done := 0
		for m := range w.images {
			for r := r0; r < r1; r++ {
				if start := w.at(m, r, c0); start > done {
					clear(block[done:start])
				}
				done = w.at(m, r, c1)
			}
		}
		clear(block[done:])
	}
}
