package attention

import (
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// backward is the backward pass. It recomputes the weights for one block of queries and one
// tile of keys at a time. Blocks are processed one after the other; each adds to the
// gradients of all keys and values. The tiles of a block are chunks, which compute the
// gradients of their keys and values, and a part of the gradient of the queries. These parts
// are added afterwards, in the order of the tiles.
func (j *job) backward() {
	if j.tiles == 1 {
		j.run(ceil(j.heads, j.group), (*job).backwardHeads)
		return
	}
	j.space = spaces.Get().(*space)
	j.passes(func(j *job) {
		j.reserve(j.space, j.passing)
		pieces := j.passing * j.across / j.wide
		j.run(j.passing*j.tiles, (*job).packTile)
		for j.block = range j.blocks() {
			j.run(pieces, (*job).between)
			j.run(j.passing*j.tiles, (*job).backwardTile)
		}
		j.block++
		j.run(pieces, (*job).between)
		j.run(j.passing*j.tiles, (*job).finishTile)
	})
	spaces.Put(j.space)
}

// backwardHeads computes a few whole heads of a single tile and block.
func (j *job) backwardHeads(group int) {
	s := scratches.Get().(*scratch)
	j.reserve(&s.own, 1)
	for head := group * j.group; head < min((group+1)*j.group, j.heads); head++ {
		_, k, v := j.matrices(j.qkv, head)
		k, v = j.packed(s.own.keys, k, 0), j.packed(s.own.values, v, 0)
		first, n := j.blockAt(0)
		for piece := range j.across / j.wide {
			j.prepare(s, &s.own.blocks[0], head, piece, first, n)
		}
		gq, step := s.own.gq, j.wide
		if j.plain {
			gq, _, _ = j.matrices(j.gqkv, head)
			step = j.t
		}
		j.tileGradients(s, &s.own, 0, 0, k, v, gq, step, n, false)
		if !j.plain {
			for piece := range j.across / j.wide {
				j.sumQueries(&s.own, 0, head, piece, first, n)
			}
		}
		j.finish(s, &s.own, 0, head, 0)
	}
	scratches.Put(s)
}

// A block of queries has about blockSize weights (queries times keys), but at least minRows
// and at most tileKeys queries. With more than wholeSoftmax keys, it has manyQueries queries.
const (
	blockSize = 1 << 17
	minRows   = 64
)

// blocks returns the number of blocks of queries of a head.
func (j *job) blocks() int {
	rows, per := j.blockRows()
	full := j.t / rows
	return full*per + ceil(j.t-full*rows, tileKeys)
}

// blockRows returns the size of a group of consecutive blocks: the number of its queries, and
// the number of its blocks, which have tileKeys queries each, except the last one.
func (j *job) blockRows() (rows, per int) {
	if j.t > wholeSoftmax {
		return manyQueries, 1
	}
	rows = min(max(blockSize/j.t, minRows), j.t)
	return rows, ceil(rows, tileKeys)
}

// blockAt returns the first query of a block and the number of its queries.
func (j *job) blockAt(block int) (first, n int) {
	rows, per := j.blockRows()
	end := min((block/per+1)*rows, j.t)
	first = block/per*rows + block%per*tileKeys
	return first, min(tileKeys, end-first)
}

// largestBlock returns the number of queries of the largest block, rounded up to whole panels.
func (j *job) largestBlock() int {
	rows, _ := j.blockRows()
	return up(min(rows, tileKeys), j.wide)
}

// reserve makes room for a pass over some heads.
func (j *job) reserve(s *space, heads int) {
	tiles, block := heads*j.tiles, j.largestBlock()
	s.keys, s.values = grow(s.keys, tiles*j.tileSize()), grow(s.values, tiles*j.tileSize())
	s.gk, s.gv = grow(s.gk, tiles*j.keyRows*j.across), grow(s.gv, tiles*j.keyRows*j.across)
	s.gq = grow(s.gq, tiles*j.rows*block)
	for len(s.blocks) < heads {
		s.blocks = append(s.blocks, queries{})
	}
	for i := range s.blocks[:heads] {
		b := &s.blocks[i]
		b.room = [2][]float32{grow(b.room[0], j.ch*block), grow(b.room[1], j.ch*block)}
		b.qT, b.goutT = grow(b.qT, j.across*block), grow(b.goutT, j.across*block)
		b.maxima, b.shift, b.scale = grow(b.maxima, block), grow(b.shift, block), grow(b.scale, block)
	}
}

// between runs between two blocks, for some channels of a head of the pass. It adds the
// gradients that the tiles have computed for the queries of the previous block, and prepares
// the next block.
func (j *job) between(chunk int) {
	pieces := j.across / j.wide
	head, piece := chunk/pieces, chunk%pieces
	if j.block > 0 {
		first, n := j.blockAt(j.block - 1)
		j.sumQueries(j.space, head, j.head+head, piece, first, n)
	}
	if j.block < j.blocks() {
		first, n := j.blockAt(j.block)
		s := scratches.Get().(*scratch)
		j.prepare(s, &j.space.blocks[head], j.head+head, piece, first, n)
		scratches.Put(s)
	}
}

// prepare prepares n queries of a head, from query first on, for one piece of wide channels.
// For piece 0 it also prepares what does not depend on channels.
func (j *job) prepare(s *scratch, b *queries, head, piece, first, n int) {
	from, end := piece*j.wide, min((piece+1)*j.wide, j.ch)
	q, _, _ := j.matrices(j.qkv, head)
	y, gy := j.y[head*j.size:], j.gy[head*j.size:]
	toQ, toGout := j.panels(b.room[0], q, first, n, from, end), j.panels(b.room[1], gy, first, n, from, end)
	maxima, inverses := j.statistics(head)
	maxima, inverses = maxima[first:][:n], inverses[first:][:n]
	padded := up(n, j.wide)
	if piece == 0 {
		b.q, b.gout = toQ, toGout
		clear(b.maxima[copy(b.maxima, maxima):padded])
		clear(b.scale[:padded])
		for i, inverse := range inverses {
			b.scale[i] = j.scale * inverse
		}
		// The softmax gradient needs the sum over keys of the weight times its gradient,
		// which equals the sum over channels of gy*y.
		clear(b.shift[:padded])
		for c := range j.ch {
			at := c*j.t + first
			vector.MulAdd(b.shift, gy[at:][:n], y[at:])
		}
	}
	s.square, s.inverses = grow(s.square, j.wide*j.wide), grow(s.inverses, j.wide)
	block := j.largestBlock()
	for p := range padded / j.wide {
		columns, at := min(j.wide, n-p*j.wide), p*j.panel+from*j.inner
		clear(s.inverses[copy(s.inverses, inverses[p*j.wide:][:columns]):])
		// The recomputed weights are not divided by their sum; goutT contains this factor.
		vector.MulColumns(s.square, j.wide, toGout[at:], vector.Block{Rows: end - from, Step: j.inner}, s.inverses[:j.columns(columns)])
		to := piece*block*j.wide + p*j.wide*j.wide
		j.transpose(s, b.goutT[to:], s.square, j.wide, columns, end-from)
		j.transpose(s, b.qT[to:], toQ[at:], j.inner, columns, end-from)
	}
}

// transpose writes the first columns of a panel as rows, and clears the other rows. The
// channels of the panel are step apart.
func (j *job) transpose(s *scratch, to, panel []float32, step, columns, channels int) {
	clear(to[columns*j.wide : j.wide*j.wide])
	g := &s.gather
	g.DstAt, g.Stride, g.Count = s.places(j.wide), step, columns
	for c := 0; c < channels; c += j.kernels.Lanes {
		g.Dst, g.Src, g.Channels = to[c:], panel[c*step:], min(j.kernels.Lanes, channels-c)
		j.kernels.Gather(g)
	}
}

// backwardTile computes the gradients for one tile of a head and the current block.
func (j *job) backwardTile(chunk int) {
	s := scratches.Get().(*scratch)
	_, n := j.blockAt(j.block)
	keys, values := j.space.keys[chunk*j.tileSize():], j.space.values[chunk*j.tileSize():]
	gq := j.space.gq[chunk*j.rows*j.largestBlock():]
	j.tileGradients(s, j.space, chunk/j.tiles, chunk%j.tiles, keys, values, gq, j.wide, n, j.block > 0)
	scratches.Put(s)
}

// tileGradients computes the gradients for one tile and the n queries of the head's block in
// the space. head counts in the space; k and v are the packed keys and values of the tile. The
// gradients with respect to the queries go to gq, in panels whose channels are step apart,
// those with respect to keys and values to the space. If add is true, the latter are added.
func (j *job) tileGradients(s *scratch, in *space, head, tile int, k, v, gq []float32, step, n int, add bool) {
	b, at, wide, keys := &in.blocks[head], head*j.tiles+tile, j.wide, j.keys(tile)
	panels, size := ceil(n, wide), j.keyRows*wide
	panel := j.rows * wide // of gq
	if j.plain {
		panel = wide
	}
	s.scores, s.gradients = grow(s.scores, panels*size), grow(s.gradients, panels*size)
	s.unread = grow64(s.unread, wide)
	columns := wide // overQueries reads whole panels, except a single one
	if panels == 1 {
		columns = j.columns(n)
	}
	block := vector.Block{Rows: keys, Step: wide}
	for p := range panels {
		scores, gradients := s.scores[p*size:][:size], s.gradients[p*size:][:size]
		j.score(s, scores, k, b.q[p*j.panel:], keys, columns)
		vector.ExpColumns(scores, block, j.scale, b.maxima[p*wide:][:columns], s.unread)
		j.score(s, gradients, v, b.gout[p*j.panel:], keys, columns)
		vector.SoftGradColumns(gradients, scores, block, b.shift[p*wide:][:columns], b.scale[p*wide:])
		j.weightedSums(s, gq[p*panel:], step, k, gradients, keys, columns, false)
	}
	j.overQueries(s, in.gv[at*j.keyRows*j.across:], s.scores, b.goutT, keys, n, add)
	j.overQueries(s, in.gk[at*j.keyRows*j.across:], s.gradients, b.qT, keys, n, add)
}

// overQueries multiplies panels of keys by queries by panels of queries by channels. It writes
// the sums over n queries to rows of channels, one for each key, or adds them.
func (j *job) overQueries(s *scratch, to, panels, b []float32, keys, n int, add bool) {
	group := j.kernels.Group
	p := s.groups(group, keys, group*j.wide, group*j.across)
	p.AStep, p.AInner, p.CStep, p.BInner = j.wide, 1, j.across, j.wide
	p.A, p.K, p.Accumulate = panels, min(n, j.wide), add
	s.segments = s.segments[:0]
	for i := range ceil(n, j.wide) {
		s.segments = append(s.segments, lanes.Segment{A: i * j.keyRows * j.wide, B: i * j.wide * j.wide})
	}
	p.Segments = s.segments
	for c := 0; c < j.ch; c += j.wide {
		p.C, p.B = to[c:], b[c*j.largestBlock():]
		j.kernels.Product(p, ceil(min(j.wide, j.ch-c), j.kernels.Lanes))
	}
}

// sumQueries adds the gradients that the tiles have computed for n queries, for one piece of
// wide channels, and writes the sums to gqkv. of is the number of the head in the space, head
// that in the batch.
func (j *job) sumQueries(in *space, of, head, piece, first, n int) {
	gq, _, _ := j.matrices(j.gqkv, head)
	from, end := piece*j.wide, min((piece+1)*j.wide, j.ch)
	tile := j.rows * j.largestBlock()
	for p := range ceil(n, j.wide) {
		columns := min(j.wide, n-p*j.wide)
		at := of*j.tiles*tile + (p*j.rows+from)*j.wide
		sum := in.gq[at:][:(end-from)*j.wide]
		for i := 1; i < j.tiles; i++ {
			vector.Add(sum, sum, in.gq[at+i*tile:])
		}
		for c := from; c < end; c++ {
			copy(gq[c*j.t+first+p*j.wide:][:columns], sum[(c-from)*j.wide:])
		}
	}
}

// finishTile writes the gradients with respect to the keys and values of a tile of the pass.
func (j *job) finishTile(chunk int) {
	s := scratches.Get().(*scratch)
	head, tile := chunk/j.tiles, chunk%j.tiles
	j.finish(s, j.space, head, j.head+head, tile)
	scratches.Put(s)
}

// finish writes the gradients with respect to the keys and values of a tile to gqkv. of is the
// number of the head in the space, head that in the batch.
func (j *job) finish(s *scratch, in *space, of, head, tile int) {
	_, gk, gv := j.matrices(j.gqkv, head)
	at := (of*j.tiles + tile) * j.keyRows * j.across
	for _, m := range [2]struct{ to, from []float32 }{{gk, in.gk[at:]}, {gv, in.gv[at:]}} {
		t := &s.scatter
		t.Stride, t.Step, t.Count = j.t, j.across, j.keys(tile)
		for c := 0; c < j.ch; c += j.kernels.Lanes {
			t.Dst, t.Src, t.Channels = m.to[c*j.t+tile*j.tile:], m.from[c:], min(j.kernels.Lanes, j.ch-c)
			j.kernels.Scatter(t)
		}
	}
}
