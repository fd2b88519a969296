package conv

import "multiscale/pkg/kernel/lanes"

// rectangle is a range of images, rows and columns, each given by its start and length.
type rectangle struct{ image, images, top, rows, left, cols int }

func (r rectangle) pixels() int { return r.images * r.rows * r.cols }

// tiling cuts planes into rectangles of all channels.
type tiling struct {
	planes
	images, rows, cols int // of a full rectangle
}

// tile cuts planes into rectangles of about the given number of pixels: several whole
// images, or some rows of one image. The numbers of rows and columns of a rectangle are
// multiples of unit, except at the lower and right edges.
func tile(p planes, pixels, unit int) tiling {
	// Wider rows are cut, so that their window stays in the cache.
	const maxColumns = 256
	t := tiling{planes: p, images: 1, rows: p.h, cols: min(p.w, maxColumns/unit*unit)}
	if p.h*p.w <= pixels {
		t.images = min(p.n, pixels/(p.h*p.w))
		return t
	}
	rows := max(1, pixels/t.cols/unit) * unit
	pieces := (p.h + rows - 1) / rows
	rows = (p.h + pieces - 1) / pieces // pieces of similar height
	t.rows = min(p.h, (rows+unit-1)/unit*unit)
	return t
}

// shared reduces the images of a rectangle if the rectangles of t are whole images and their
// number is odd, at least three. This gives one more rectangle where the number of images
// permits; two cores would share an odd number unevenly.
func (t tiling) shared() tiling {
	if pieces := ceil(t.n, t.images); pieces > 1 && pieces%2 == 1 && t.count() == pieces {
		t.images = ceil(t.n, pieces+1)
	}
	return t
}

// ceil returns a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// count returns the number of rectangles.
func (t tiling) count() int {
	return ceil(t.n, t.images) * ceil(t.h, t.rows) * ceil(t.w, t.cols)
}

// rectangle returns rectangle i of a tiling.
func (t tiling) rectangle(i int) rectangle {
	across, down := ceil(t.w, t.cols), ceil(t.h, t.rows)
	r := rectangle{left: i % across * t.cols, top: i / across % down * t.rows, image: i / across / down * t.images}
	r.images, r.rows, r.cols = min(t.images, t.n-r.image), min(t.rows, t.h-r.top), min(t.cols, t.w-r.left)
	return r
}

// window is a rectangle of the input, including padding, gathered into lanes.
// Channels are divided into blocks of width channels. A block holds all pixels of the
// window, one after the other, each with its width channels.
type window struct {
	rectangle     // top and left may be negative
	width     int // channels in a block
	block     int // elements in a block
	channels  int
	data      []float32
	clean     padding // the padding that is zero already
	places    places
}

// padding determines which elements of a window are zero: the shape of the window, and the
// rows [r0,r1) and columns [c0,c1) that lie inside the image.
type padding struct{ images, rows, cols, width, channels, r0, r1, c0, c1 int }

// width returns the number of channels in a block: one vector if it holds all channels,
// otherwise two.
func width(k *lanes.Kernels, channels int) int {
	if channels <= k.Lanes {
		return k.Lanes
	}
	return k.Columns()
}

// slack is extra memory, in elements, behind a window and behind other operands. Tiles and
// groups that extend beyond the last row access it; these values do not affect the result.
const slack = 4096

// plan sets up the window for a rectangle, with the default width of a block.
func (w *window) plan(k *lanes.Kernels, r rectangle, channels int) {
	w.layout(r, channels, width(k, channels))
}

// layout is plan with an explicit width of a block. It may be less than a vector: a gather
// then writes the zeros behind a pixel's channels to the place of the following pixels,
// which are gathered later.
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

// row returns the distance between rows in elements.
func (w *window) row() int { return w.cols * w.width }

// at returns the offset of a pixel in a block. image, row and col count from the corner of
// the window.
func (w *window) at(image, row, col int) int {
	return ((image*w.rows+row)*w.cols + col) * w.width
}

// gather fills the window from the channels of x that begin at first.
func (w *window) gather(k *lanes.Kernels, s *scratch, x []float32, p planes, first int) {
	r0, r1 := max(0, w.top), min(p.h, w.top+w.rows)
	c0, c1 := max(0, w.left), min(p.w, w.left+w.cols)
	if r0 >= r1 || c0 >= c1 {
		clear(w.data[:ceil(w.channels, w.width)*w.block])
		w.clean = padding{}
		return
	}
	w.clearAround(r0-w.top, r1-w.top, c0-w.left, c1-w.left)
	// Whole rows form a single run of contiguous pixels; each part of a row is a run.
	run, runs := c1-c0, r1-r0
	if run == p.w {
		run, runs = run*runs, 1
	}
	g := &s.gather
	g.Stride, g.Count, g.SrcItem = p.h*p.w, run, k.Lanes*p.h*p.w
	images := 1 // in one gather
	if w.channels == p.c && p.c%k.Lanes == 0 {
		images = w.images
	}
	w.places.fill(gathering{run, c1 - c0, w.row(), w.width, images, w.at(1, 0, 0), w.channels / k.Lanes, k.Lanes, w.block})
	g.DstAt = w.places.pixels
	for m := 0; m < w.images; m += images {
		for i := range runs {
			c := 0 // channels that have been gathered
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

// channel returns the offset of channel c of a pixel, if channels are in blocks of width.
func channel(c, width, block int) int { return c/width*block + c%width }

// places holds the offsets to which a gather writes the pixels of a run and the whole
// vectors of channels of one or several images. They are the same for most chunks of an
// operation and filled again only when the gathering changes.
type places struct {
	of              gathering
	pixels, vectors []int32
}

// gathering is what places depend on.
type gathering struct {
	run, cols             int // pixels in a run, and in a row of it
	row, width            int // elements between rows, and between pixels
	images, next          int // images, and elements between them
	vectors, lanes, block int // vectors in a pixel, their lanes, and elements in a block
}

// fill sets the offsets, unless they are those of the gathering already.
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

// clearAround sets the pixels of all images outside rows [r0,r1) and columns [c0,c1) to
// zero. The padding right of a row and left of the next row is contiguous, and so is that
// below an image and above the next; they are cleared together. Nothing is to be done if
// the window was last used for the same part of other images.
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
