package tile

// band sums the weighted tiles of a row, and writes the rows of pixels to which no
// further tile adds. It stores as many rows of the result as a tile has.
type band struct {
	plan  Plan
	scale int
	w     int       // width of the result, without padding
	top   int       // first row of the band in the result
	h     int       // rows of the band
	c     int       // channels
	sum   []float32 // planes (c,h,w)

	rows, cols [][]float32 // shares of tiles in pixels, by row and by column of tiles
}

// newBand returns an empty band at the top of a result of w columns, with c channels.
func newBand(p Plan, c, w, scale int) *band {
	b := &band{plan: p, scale: scale, w: w, h: p.TileH * scale, c: c}
	b.sum = make([]float32, c*b.h*w)
	for j := range p.across.at {
		b.cols = append(b.cols, p.across.weights(j, scale))
	}
	for i := range p.down.at {
		b.rows = append(b.rows, p.down.weights(i, scale))
	}
	return b
}

// add adds the result y of the tile in row i and column j, times its shares.
func (b *band) add(y []float32, i, j int) {
	left, width := b.plan.across.at[j]*b.scale, b.plan.TileW*b.scale
	visible := min(width, b.w-left)
	for c := range b.c {
		for k, down := range b.rows[i] {
			if down == 0 {
				continue // the row belongs to the tiles above or below
			}
			from := y[(c*b.h+k)*width:][:visible]
			to := b.plane(c)[(b.plan.down.at[i]*b.scale+k-b.top)*b.w+left:]
			for l, v := range from {
				if share := down * b.cols[j][l]; share != 0 {
					to[l] += float32(share * v)
				}
			}
		}
	}
}

// flush writes the rows of pixels to which no row of tiles after i adds, and moves the
// others to the top of the band. height is that of the result without padding.
func (b *band) flush(i, height int, write Write) {
	settled := b.plan.down.settled(i, b.scale)
	if rows := min(settled, height) - b.top; rows > 0 {
		planes := make([][]float32, b.c)
		for c := range planes {
			planes[c] = b.plane(c)[:rows*b.w]
		}
		write(planes, b.top, rows)
	}
	for c := range b.c {
		plane := b.plane(c)
		left := copy(plane, plane[(settled-b.top)*b.w:])
		clear(plane[left:])
	}
	b.top = settled
}

func (b *band) plane(c int) []float32 { return b.sum[c*b.h*b.w:][:b.h*b.w] }
