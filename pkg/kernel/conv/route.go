package conv

import "multiscale/pkg/kernel/lanes"

// A transform processes all vectors of channels of one item before the next item, so that
// it writes each element of the squares in ascending order of addresses.

// series describes equally spaced items: item is the distance between items, vector that
// between the vectors of an item.
type series struct{ start, item, vector int }

// list fills a table with the offsets of all vectors of n items.
func (s series) list(table []int32, n, vectors int) []int32 {
	table = growInts(table, n*vectors)
	for i := range n {
		for v := range vectors {
			table[i*vectors+v] = int32(s.start + i*s.item + v*s.vector)
		}
	}
	return table
}

// listed is a series with its table, which is filled again when the series changes.
type listed struct {
	of         series
	n, vectors int
	table      []int32
}

// list is series.list, which it calls only when its arguments have changed.
func (l *listed) list(of series, n, vectors int) []int32 {
	if l.of != of || l.n != n || l.vectors != vectors {
		*l = listed{of, n, vectors, of.list(l.table, n, vectors)}
	}
	return l.table
}

// transformSeries does what s.transform describes for n items of the given number of vectors.
func (s *scratch) transformSeries(k *lanes.Kernels, m lanes.Map, n, vectors int, from, to series) {
	t := &s.transform
	t.SrcAt, t.DstAt = s.sources.list(from, n, vectors), s.targets.list(to, n, vectors)
	k.Transform(m, t)
}

// layout describes where the tiles of squares, with all their channels, lie in windows.
type layout struct {
	images, down, across, tile int
	rows, cols, width, block   int // of a window: pixels, channels and elements of a block
	vectors, lanes             int // vectors of channels, and their lanes
}

func (q squares) layout(k *lanes.Kernels, rows, cols, width, block, channels int) layout {
	return layout{q.images, q.down, q.across, q.tile, rows, cols, width, block, ceil(channels, k.Lanes), k.Lanes}
}

// route caches the tables of a transform between tiles and a series of them. They are the
// same for most chunks of an operation; filling them for every chunk would take 2 per cent
// of a training step.
type route struct {
	layout            layout
	series            series
	inTiles, inSeries []int32
}

// between returns the offsets of the vectors of all tiles in their windows and in a series.
func (r *route) between(l layout, s series) (inTiles, inSeries []int32) {
	if r.layout == l && r.series == s {
		return r.inTiles, r.inSeries
	}
	r.layout, r.series = l, s
	count := l.images * l.down * l.across
	r.inSeries = s.list(r.inSeries, count, l.vectors)
	r.inTiles = growInts(r.inTiles, count*l.vectors)
	for i := range count {
		image, row, col := i/l.across/l.down, i/l.across%l.down, i%l.across
		place := ((image*l.rows+row*l.tile)*l.cols + col*l.tile) * l.width
		for v := range l.vectors {
			r.inTiles[i*l.vectors+v] = int32(place + channel(v*l.lanes, l.width, l.block))
		}
	}
	return r.inTiles, r.inSeries
}
