package matmul

import (
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// kernels returns the kernels that the products run on; tests replace it.
var kernels = lanes.Active

// Mul computes C = alpha*op(A)*op(B) + beta*C for row-major matrices. C is m by
// n, op(A) m by k and op(B) k by n. op transposes A if transA is true, and B if
// transB is true. If beta is 0, the old contents of C are ignored, even NaN. C must
// not overlap A or B. Mul panics if a slice is too short.
func Mul(c, a, b []float32, m, n, k int, transA, transB bool, alpha, beta float32) {
	Batch(1, c, 0, a, 0, b, 0, m, n, k, transA, transB, alpha, beta)
}

// Batch does what Mul does for count matrices, which are strideC, strideA and
// strideB elements apart. The matrices C must not overlap. With strideA or strideB
// 0, all products share A or B.
func Batch(count int, c []float32, strideC int, a []float32, strideA int, b []float32, strideB int, m, n, k int, transA, transB bool, alpha, beta float32) {
	if count <= 0 || m <= 0 || n <= 0 {
		return
	}
	check("C", c, count, strideC, m*n)
	check("A", a, count, strideA, m*k)
	check("B", b, count, strideB, k*n)
	j := jobs.Get().(*job)
	*j = job{
		c: c, a: a, b: b, strideC: strideC, strideA: strideA, strideB: strideB,
		m: m, n: n, k: k, transA: transA, transB: transB, alpha: alpha, beta: beta,
		kernels: kernels(),
	}
	j.across = pieces(n, columnsPerChunk)
	for j.rows = rowsPerChunk; j.rows > minRows && count*pieces(m, j.rows)*j.across < minChunks; {
		j.rows /= 2
	}
	j.down = pieces(m, j.rows)
	chunks := count * j.down * j.across
	if count*m*n*k < smallest {
		for i := range chunks {
			j.Do(i)
		}
	} else {
		kernel.Run(chunks, j)
	}
	*j = job{}
	jobs.Put(j)
}

const (
	// A chunk has rowsPerChunk rows. If that gives fewer than minChunks chunks, the rows
	// are halved, down to minRows.
	rowsPerChunk    = 192
	minRows         = 24
	minChunks       = 4
	columnsPerChunk = 128
	// depth is the number of terms of the sums that are added at once. A panel of B of
	// that depth stays in the first-level cache.
	depth = 256
	// With at most fewRows rows, columns are used too seldom for packing to pay off.
	fewRows = 48
	// With fewer than smallest multiplications, waking other cores takes longer than
	// the work.
	smallest = 1 << 15
)

func pieces(n, size int) int { return (n + size - 1) / size }

func check(name string, v []float32, count, stride, size int) {
	if stride < 0 || len(v) < (count-1)*stride+size {
		panic(fmt.Sprintf("matmul: %s has %d elements, want %d matrices of %d, %d apart", name, len(v), count, size, stride))
	}
}

// Do computes one block of one matrix. All blocks sum over k in the same order, so
// the results do not depend on the division of C into blocks.
func (j *job) Do(chunk int) {
	i := chunk / j.across / j.down
	top, left := chunk/j.across%j.down*j.rows, chunk%j.across*columnsPerChunk
	bottom, right := min(j.m, top+j.rows), min(j.n, left+columnsPerChunk)
	c, a, b := j.c[i*j.strideC:], j.a[i*j.strideA:], j.b[i*j.strideB:]
	j.scale(c, top, bottom, left, right)
	s := scratches.Get().(*scratch)
	for column := left; column < right; column += j.kernels.Columns() {
		columns := min(j.kernels.Columns(), right-column)
		for first := 0; first < j.k; first += depth {
			k := min(depth, j.k-first)
			j.prepare(s, b, column, columns, first, k, bottom-top)
			accumulate := first > 0 || j.beta != 0
			j.panel(s, c, a, top, bottom, column, columns, first, k, accumulate)
		}
	}
	scratches.Put(s)
}

// scale multiplies a block of C by beta. It does nothing if beta is 1, or if the products
// overwrite C.
func (j *job) scale(c []float32, top, bottom, left, right int) {
	if j.beta == 1 || j.beta == 0 && j.k > 0 {
		return
	}
	for i := top; i < bottom; i++ {
		row := c[i*j.n+left : i*j.n+right]
		if j.beta == 0 {
			clear(row)
			continue
		}
		for l := range row {
			row[l] *= j.beta
		}
	}
}

// prepare sets B of the product to rows [first,first+k) of a few columns of alpha*op(B).
// It packs them, unless only a few rows of op(A) use them and they can be read in place.
func (j *job) prepare(s *scratch, b []float32, column, columns, first, k, rows int) {
	p := &s.product
	if rows <= fewRows && !j.transB && j.alpha == 1 && columns == j.kernels.Columns() {
		p.B, p.BInner = b[first*j.n+column:], j.n
		return
	}
	j.pack(s, b, column, columns, first, k)
	p.B, p.BInner = s.panel, j.kernels.Columns()
}

// pack copies rows [first,first+k) of a few columns of alpha*op(B) to a contiguous panel.
// Missing columns are zero.
func (j *job) pack(s *scratch, b []float32, column, columns, first, k int) {
	wide := j.kernels.Columns()
	s.panel = grow(s.panel, depth*wide)
	if j.transB {
		s.gather.Dst, s.gather.DstAt, s.gather.Stride, s.gather.Count = s.panel, s.places(wide), j.k, k
		for l := 0; l < columns; l += j.kernels.Lanes {
			s.gather.Dst, s.gather.Src = s.panel[l:], b[(column+l)*j.k+first:]
			s.gather.Channels = min(j.kernels.Lanes, columns-l)
			j.kernels.Gather(&s.gather)
		}
	} else {
		for i := range k {
			row, from := s.panel[i*wide:(i+1)*wide], b[(first+i)*j.n+column:][:columns]
			for len(from) >= 8 { // a copy of constant length needs no call
				*(*[8]float32)(row) = [8]float32(from)
				row, from = row[8:], from[8:]
			}
			if len(row) > 0 {
				clear(row[copy(row, from):])
			}
		}
	}
	if j.alpha != 1 {
		for i := range s.panel[:k*wide] {
			s.panel[i] *= j.alpha
		}
	}
}

// panel multiplies rows [top,bottom) of op(A) by the current columns.
func (j *job) panel(s *scratch, c, a []float32, top, bottom, column, columns, first, k int, accumulate bool) {
	p, group := &s.product, j.kernels.Group
	p.A, p.Segments, p.K = a, lanes.Whole, k
	p.AStep, p.AInner = j.k, 1
	if j.transA {
		p.AStep, p.AInner = 1, j.m
	}
	last := bottom - (bottom-top)%group // of whole groups
	p.ARow = p.ARow[:0]
	for row := top; row < last; row += group {
		p.ARow = append(p.ARow, row*p.AStep+first*p.AInner)
	}
	j.multiply(s, c, top, last, column, columns, accumulate)
	if last < bottom {
		j.pad(s, a, last, bottom-last, first, k)
		j.multiply(s, c, last, bottom, column, columns, accumulate)
	}
}

// multiply runs the product for rows [top,bottom) of C. If the rows do not fill whole groups
// or the columns whole vectors, it computes a tile and copies its part that lies inside C.
func (j *job) multiply(s *scratch, c []float32, top, bottom, column, columns int, accumulate bool) {
	kernels, p := j.kernels, &s.product
	vectors := pieces(columns, kernels.Lanes)
	p.C, p.CStep, p.Accumulate = c[top*j.n+column:], j.n, accumulate
	aside := bottom-top < len(p.ARow)*kernels.Group || columns < vectors*kernels.Lanes
	if aside {
		p.CStep, p.Accumulate = kernels.Columns(), false
		s.tile = grow(s.tile, len(p.ARow)*kernels.Group*p.CStep)
		p.C = s.tile
	}
	p.CRow = p.CRow[:0]
	for g := range p.ARow {
		p.CRow = append(p.CRow, g*kernels.Group*p.CStep)
	}
	kernels.Product(p, vectors)
	if !aside {
		return
	}
	for i := range bottom - top {
		merge(c[(top+i)*j.n+column:][:columns], s.tile[i*p.CStep:], accumulate)
	}
}

// merge copies a row of a tile to C, or adds it.
func merge(c, tile []float32, accumulate bool) {
	if !accumulate {
		copy(c, tile)
		return
	}
	for i := range c {
		c[i] += tile[i]
	}
}

// pad copies the last rows of op(A), which do not fill a group, and adds rows of zeros. It
// overwrites A of the product, because panel needs no other rows afterwards.
func (j *job) pad(s *scratch, a []float32, row, rows, first, k int) {
	p := &s.product
	s.rows = grow(s.rows, j.kernels.Group*depth)
	clear(s.rows)
	for i := range rows {
		for l := range k {
			s.rows[i*depth+l] = a[(row+i)*p.AStep+(first+l)*p.AInner]
		}
	}
	p.A, p.AStep, p.AInner, p.ARow = s.rows, depth, 1, append(p.ARow[:0], 0)
}
