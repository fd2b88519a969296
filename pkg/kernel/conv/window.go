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
// images, or rows of one image. Rows and columns are multiples of unit but for
// the last ones.
func tile(p planes, pixels, unit int) tiling {
	// Rows wider than this are cut: their window should stay in the cache.
	const widest = 256
	t := tiling{planes: p, images: 1, rows: p.h, cols: min(p.w, widest/unit*unit)}
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
	w.rectangle, w.channels, w.width = r, channels, width(k, channels)
	w.block = r.pixels() * w.width
	w.reserve(ceil(channels, w.width)*w.block + slack)
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
	items := w.items(k, s, p.c)
	s.table = growInts(s.table, run)
	for i := range runs {
		at, col := w.at(0, r0+i-w.top, c0-w.left), 0
		for n := range s.table {
			s.table[n] = int32(at + col*w.width)
			if col++; col == c1-c0 {
				at, col = at+w.row(), 0
			}
		}
		g.DstAt = s.table
		for m := 0; m < w.images; m += items {
			c := 0 // channels that are done
			g.Src = x[((w.image+m)*p.c+first)*p.h*p.w+(r0+i)*p.w+c0:]
			if len(s.items) > 0 {
				g.Dst, g.Channels, g.Items = w.data[w.at(m, 0, 0):], k.Lanes, s.items
				k.Gather(g)
				c = w.channels / k.Lanes * k.Lanes
			}
			if g.Items = nil; c < w.channels {
				g.Src = g.Src[c*p.h*p.w:]
				g.Dst = w.data[c/w.width*w.block+c%w.width+w.at(m, 0, 0):]
				g.Channels = w.channels - c
				k.Gather(g)
			}
		}
	}
}

// items fills a table with the places of whole vectors of channels: of one image, or,
// where they are all that the planes of c channels have, of all. It returns of how many.
func (w *window) items(k *lanes.Kernels, s *scratch, c int) (images int) {
	vectors := w.channels / k.Lanes
	if images = 1; w.channels == c && c%k.Lanes == 0 {
		images = w.images
	}
	s.items = growInts(s.items, images*vectors)
	for i := range s.items {
		if i < vectors {
			c := i * k.Lanes
			s.items[i] = int32(c/w.width*w.block + c%w.width)
		} else { // an image further
			s.items[i] = s.items[i-vectors] + int32(w.at(1, 0, 0))
		}
	}
	return images
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
