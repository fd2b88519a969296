package attention

import (
	"fmt"
	"math"
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Shape describes self-attention of N samples of C channels at T positions, with
// Heads heads of C/Heads channels each.
type Shape struct{ N, C, T, Heads int }

// StatsSize returns the length of the statistics that Forward saves.
func StatsSize(s Shape) int { return 2 * s.N * s.Heads * s.T }

// Forward writes y (N,C,T) from qkv (N,3C,T). It reads qkv as (N*Heads, 3*ch, T):
// for each head the queries q, the keys k and the values v, with ch = C/Heads
// channels each. It computes
//
//	weight[t,s] = softmax over s of sum over c of q[c,t]*k[c,s]/sqrt(ch)
//	y[c,t]      = sum over s of weight[t,s]*v[c,s]
//
// stats, of length StatsSize(s), receives the statistics that Backward needs.
// Forward panics if a slice has the wrong length.
func Forward(y, qkv []float32, s Shape, stats []float32) {
	j := newJob(s, len(y), len(qkv), len(stats))
	j.y, j.qkv, j.stats = y, qkv, stats
	j.forward()
	j.end()
}

// Backward writes gqkv, the gradient with respect to qkv, from gy, the gradient
// with respect to y, and from y, qkv and stats of Forward. It panics if a slice
// has the wrong length.
func Backward(gqkv, gy, y, qkv []float32, s Shape, stats []float32) {
	j := newJob(s, len(y), len(qkv), len(stats))
	if len(gqkv) != len(qkv) || len(gy) != len(y) {
		panic("attention: the gradients differ in length from what they belong to")
	}
	j.y, j.qkv, j.stats, j.gy, j.gqkv = y, qkv, stats, gy, gqkv
	j.backward()
	j.end()
}

const (
	// tileKeys is the number of keys and values in a packed tile, and the number of terms
	// of a sum that is computed in registers.
	tileKeys = 256
	// queriesPerChunk is the number of queries that a chunk processes together, so that it
	// uses each tile that it reads from memory for all of them. With more than wholeSoftmax
	// keys it is manyQueries.
	queriesPerChunk, manyQueries = 64, 128
	// wholeSoftmax is the largest number of keys for which all scores are computed before
	// the softmax. With more keys the softmax proceeds tile by tile, and corrects the
	// earlier weights when a larger score follows.
	wholeSoftmax = 1024
	// smallHead is the largest number of positions for which one chunk of the forward pass
	// computes whole heads. A chunk computes several heads if they have fewer than groupSize
	// weights together, but there are at least minGroups chunks, if there are enough heads.
	smallHead = 64
	groupSize = 1 << 12
	minGroups = 16
)

// kernels returns the kernels that the products run on; tests replace it.
var kernels = lanes.Active

// job is one call.
type job struct {
	do           func(j *job, chunk int)
	y, qkv       []float32
	gy, gqkv     []float32
	stats        []float32
	ch, t, heads int
	size         int // elements of q, k, v or y of a head
	scale        float32

	kernels      *lanes.Kernels
	wide         int // columns of a panel
	rows, across int // channels, rounded up to whole groups of rows and to whole panels
	tiles, tile  int // tiles of a head, and keys of a tile except the last one
	pitch        int // distance between the channels of a tile
	keyRows      int // keys of a tile, rounded up
	group        int // heads of a chunk that computes whole heads
	// If plain is true, products read the operands in place. This requires small heads whose
	// sizes need no padding. Otherwise the operands are packed.
	plain        bool
	inner, panel int // distances between the channels of a panel and between panels

	// The current pass covers passing heads, beginning with head.
	head, passing int
	block         int // of queries, in the backward pass
	space         *space
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(s Shape, ny, nqkv, nstats int) *job {
	n := s.N * s.C * s.T
	if s.Heads <= 0 || s.C%max(s.Heads, 1) != 0 || ny != n || nqkv != 3*n || nstats != StatsSize(s) {
		panic(fmt.Sprintf("attention: slices do not fit the shape %+v", s))
	}
	j := jobs.Get().(*job)
	j.ch, j.t, j.heads = s.C/s.Heads, s.T, s.N*s.Heads
	j.size = j.ch * j.t
	j.scale = float32(1 / math.Sqrt(float64(j.ch)))
	j.kernels = kernels()
	j.wide = j.kernels.Columns()
	j.rows, j.across = up(j.ch, j.kernels.Group), up(j.ch, j.wide)
	j.tile, j.tiles = min(j.t, tileKeys), ceil(j.t, tileKeys)
	j.keyRows = up(j.tile, 16)
	j.pitch = j.keyRows + 16 // not a power of two: channels would share few sets of the cache
	j.inner, j.panel = j.wide, j.ch*j.wide
	if j.t <= smallHead && (j.t%j.wide == 0 || j.t < j.wide && j.t%j.unit() == 0) && j.ch == j.rows {
		j.plain, j.pitch, j.inner, j.panel = true, j.t, j.t, j.wide
	}
	j.group = max(1, min(groupSize/max(j.t*j.t, 1), j.heads/minGroups))
	return j
}

func (j *job) end() {
	*j = job{}
	jobs.Put(j)
}

// run calls do for every chunk.
func (j *job) run(chunks int, do func(j *job, chunk int)) {
	j.do = do
	kernel.Run(chunks, j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) { j.do(j, chunk) }

// passes divides the heads into passes and calls do for each. The heads of a pass have about
// minGroups tiles together, so that the memory for packed tiles stays small.
func (j *job) passes(do func(j *job)) {
	each := ceil(minGroups, j.tiles)
	for j.head = 0; j.head < j.heads; j.head += each {
		j.passing = min(each, j.heads-j.head)
		do(j)
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// up rounds n up to a multiple of unit.
func up(n, unit int) int { return ceil(n, unit) * unit }

// matrices returns q, k and v of a head.
func (j *job) matrices(x []float32, head int) (q, k, v []float32) {
	x = x[3*head*j.size:][:3*j.size]
	return x[:j.size], x[j.size:][:j.size], x[2*j.size:]
}

// statistics returns, for each query of a head, the maximum of its scores times scale, and
// the reciprocal of the sum of its weights.
func (j *job) statistics(head int) (maxima, inverses []float32) {
	s := j.stats[2*head*j.t:][:2*j.t]
	return s[:j.t], s[j.t:]
}

// keys returns the number of keys in a tile.
func (j *job) keys(tile int) int { return min(j.tile, j.t-tile*j.tile) }

// tileSize returns the length of a packed tile.
func (j *job) tileSize() int { return j.rows * j.pitch }

// packed returns a tile of keys or values x: its channels, pitch apart. Missing channels and
// keys of a group are zero. It packs the tile into to, or returns x itself if plain.
func (j *job) packed(to, x []float32, tile int) []float32 {
	if j.plain {
		return x
	}
	n, padded := j.keys(tile), up(j.keys(tile), j.kernels.Group)
	for c := range j.rows {
		row := to[c*j.pitch:][:padded]
		if c < j.ch {
			copy(row, x[c*j.t+tile*j.tile:][:n])
			clear(row[n:])
		} else {
			clear(row)
		}
	}
	return to
}

// panels returns channels [from,end) of n queries, or other rows x of the same layout, from
// position first on. They form panels of wide columns; missing columns are zero. It packs
// them into to, or returns x itself if plain.
func (j *job) panels(to []float32, x []float32, first, n, from, end int) []float32 {
	if j.plain {
		return x
	}
	for p := 0; p*j.wide < n; p++ {
		columns := min(j.wide, n-p*j.wide)
		for c := from; c < end; c++ {
			row := to[p*j.panel+c*j.wide:][:j.wide]
			src := x[c*j.t+first+p*j.wide:][:columns]
			for len(src) >= 8 { // a copy of constant length needs no call
				*(*[8]float32)(row) = [8]float32(src)
				row, src = row[8:], src[8:]
			}
			if len(row) > 0 {
				clear(row[copy(row, src):])
			}
		}
	}
	return to
}

// unit divides the number of columns that are computed.
func (j *job) unit() int { return max(vector.ColumnUnit, j.kernels.Lanes) }

// columns returns the number of columns of a panel that must be computed for n queries.
func (j *job) columns(n int) int { return min(j.wide, up(n, j.unit())) }
