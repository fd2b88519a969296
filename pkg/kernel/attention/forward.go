package attention

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector"
)

// forward is the forward pass. Heads with more than smallHead positions are packed first, and
// then processed in chunks of queries.
func (j *job) forward() {
	if j.t <= smallHead {
		j.run(ceil(j.heads, j.group), (*job).forwardHeads)
		return
	}
	j.space = spaces.Get().(*space)
	j.passes(func(j *job) {
		n := j.passing * j.tiles * j.tileSize()
		j.space.keys, j.space.values = grow(j.space.keys, n), grow(j.space.values, n)
		j.run(j.passing*j.tiles, (*job).packTile)
		j.run(j.passing*ceil(j.t, j.queries()), (*job).forwardQueries)
	})
	spaces.Put(j.space)
}

// packTile packs one tile of the pass.
func (j *job) packTile(chunk int) {
	at := chunk * j.tileSize()
	_, k, v := j.matrices(j.qkv, j.head+chunk/j.tiles)
	j.packed(j.space.keys[at:], k, chunk%j.tiles)
	j.packed(j.space.values[at:], v, chunk%j.tiles)
}

// forwardHeads computes a few whole heads.
func (j *job) forwardHeads(chunk int) {
	s := scratches.Get().(*scratch)
	s.own.keys, s.own.values = grow(s.own.keys, j.tileSize()), grow(s.own.values, j.tileSize())
	for head := chunk * j.group; head < min((chunk+1)*j.group, j.heads); head++ {
		_, k, v := j.matrices(j.qkv, head)
		j.attend(s, head, 0, j.t, j.packed(s.own.keys, k, 0), j.packed(s.own.values, v, 0))
	}
	scratches.Put(s)
}

// queries returns the number of queries that a chunk processes.
func (j *job) queries() int {
	if j.t > wholeSoftmax {
		return manyQueries
	}
	return queriesPerChunk
}

// forwardQueries computes the results for some queries of one head of the pass.
func (j *job) forwardQueries(chunk int) {
	each := ceil(j.t, j.queries())
	head, first := chunk/each, chunk%each*j.queries()
	at, size := head*j.tiles*j.tileSize(), j.tiles*j.tileSize()
	s := scratches.Get().(*scratch)
	j.attend(s, j.head+head, first, min(j.queries(), j.t-first), j.space.keys[at:][:size], j.space.values[at:][:size])
	scratches.Put(s)
}

// strands is the number of partial sums of the weights of a query. A weight is added to the
// partial sum that belongs to its key, modulo strands.
const strands = 8

// attend writes the results for n queries of a head, from query first on. keys and values
// are the packed tiles of the head.
func (j *job) attend(s *scratch, head, first, n int, keys, values []float32) {
	q, _, _ := j.matrices(j.qkv, head)
	wide, panels := j.wide, ceil(n, j.wide)
	together := 1 // tiles before a softmax
	if j.t <= wholeSoftmax {
		together = j.tiles
	}
	size := together * j.keyRows * wide // elements in a panel of scores
	s.packed, s.out = grow(s.packed, panels*j.ch*wide), grow(s.out, panels*j.rows*wide)
	s.scores = grow(s.scores, panels*size)
	s.maxima, s.old = grow(s.maxima, panels*wide), grow(s.old, 2*wide)
	s.sums = grow64(s.sums, panels*strands*wide)
	clear(s.sums)
	q = j.panels(s.packed, q, first, n, 0, j.ch)
	for from := 0; from < j.tiles; from += together {
		for tile := from; tile < min(from+together, j.tiles); tile++ {
			for p := range panels {
				at := p*size + (tile-from)*j.keyRows*wide
				j.score(s, s.scores[at:], keys[tile*j.tileSize():], q[p*j.panel:], j.keys(tile), j.columns(n-p*wide))
			}
		}
		rows := min(together*j.tile, j.t-from*j.tile)
		for p := range panels {
			columns := j.columns(n - p*wide)
			j.weigh(s, s.scores[p*size:], rows, s.maxima[p*wide:][:columns], s.sums[p*strands*wide:], s.out[p*j.rows*wide:], from > 0)
		}
		for tile := from; tile < min(from+together, j.tiles); tile++ {
			for p := range panels {
				at := p*size + (tile-from)*j.keyRows*wide
				j.weightedSums(s, s.out[p*j.rows*wide:], wide, values[tile*j.tileSize():], s.scores[at:], j.keys(tile), j.columns(n-p*wide), tile > 0)
			}
		}
	}
	maxima, inverses := j.statistics(head)
	s.inverses = grow(s.inverses, wide)
	for p := range panels {
		at, columns := first+p*wide, min(wide, n-p*wide)
		copy(maxima[at:][:columns], s.maxima[p*wide:])
		for i := range columns {
			inverses[at+i] = float32(1 / total(s.sums[p*strands*wide:], wide, i))
		}
		j.divide(s, j.y[head*j.size+at:], s.out[p*j.rows*wide:], inverses[at:][:columns])
	}
}

// total adds the strands of query i.
func total(sums []float64, wide, i int) float64 {
	at := func(strand int) float64 { return sums[strand*wide+i] }
	return ((at(0) + at(4)) + (at(2) + at(6))) + ((at(1) + at(5)) + (at(3) + at(7)))
}

// score writes a panel of dot products of n keys (or values) in tile with the columns of b, a
// panel of channels.
func (j *job) score(s *scratch, to, tile, b []float32, n, columns int) {
	group := j.kernels.Group
	p := s.groups(group, n, group, group*j.wide)
	p.AStep, p.AInner, p.CStep, p.BInner = 1, j.pitch, j.wide, j.inner
	p.C = to
	for c := 0; c < j.ch; c += tileKeys {
		p.A, p.B, p.K, p.Accumulate = tile[c*j.pitch:], b[c*j.inner:], min(tileKeys, j.ch-c), c > 0
		j.kernels.Product(p, columns/j.kernels.Lanes)
	}
}

// weightedSums writes the sums of the values (or keys) of a tile, each multiplied by a panel of n
// weights, to channels that are step apart. If add is true, it adds them.
func (j *job) weightedSums(s *scratch, to []float32, step int, tile, weights []float32, n, columns int, add bool) {
	group := j.kernels.Group
	p := s.groups(group, j.ch, group*j.pitch, group*step)
	p.AStep, p.AInner, p.CStep, p.BInner = j.pitch, 1, step, j.wide
	p.A, p.B, p.C, p.K, p.Accumulate = tile, weights, to, n, add
	j.kernels.Product(p, columns/j.kernels.Lanes)
}

// weigh replaces a panel of scores, with the given number of rows, by weights, and adds these to
// sums. The weights are at most 1; they are not yet divided by their sum. If more is true,
// maxima, sums and out hold the results for earlier keys, which weigh corrects for larger
// maxima.
func (j *job) weigh(s *scratch, scores []float32, rows int, maxima []float32, sums []float64, out []float32, more bool) {
	most, old := s.old[:len(maxima)], s.old[j.wide:][:len(maxima)]
	for i := range most {
		most[i] = float32(math.Inf(-1))
	}
	vector.MaxColumns(most, scores, vector.Block{Rows: rows, Step: j.wide})
	if !more {
		for i, m := range most {
			maxima[i] = j.scale * m
		}
	} else {
		copy(old, maxima)
		for i, m := range most {
			maxima[i] = max(maxima[i], j.scale*m)
		}
		s.unread = grow64(s.unread, j.wide)
		vector.ExpColumns(old, vector.Block{Rows: 1, Step: j.wide}, 1, maxima, s.unread)
		vector.MulColumns(out, j.wide, out, vector.Block{Rows: j.ch, Step: j.wide}, old)
		for strand := range strands {
			for i, factor := range old {
				sums[strand*j.wide+i] *= float64(factor)
			}
		}
	}
	for strand := range min(strands, rows) {
		block := vector.Block{Rows: ceil(rows-strand, strands), Step: strands * j.wide}
		vector.ExpColumns(scores[strand*j.wide:], block, j.scale, maxima, sums[strand*j.wide:])
	}
}

// divide multiplies each column of a panel by its factor, and writes the panel to y, whose rows
// are the channels.
func (j *job) divide(s *scratch, y, panel, factor []float32) {
	block := vector.Block{Rows: j.ch, Step: j.wide}
	whole := len(factor) / vector.ColumnUnit * vector.ColumnUnit
	if whole > 0 {
		vector.MulColumns(y, j.t, panel, block, factor[:whole])
	}
	if whole == len(factor) {
		return
	}
	for c := range j.ch {
		for i := whole; i < len(factor); i++ {
			y[c*j.t+i] = panel[c*j.wide+i] * factor[i]
		}
	}
}
