package main

import (
	"fmt"
	"unsafe"

	"multiscale/pkg/kernel/arm64"
	"multiscale/pkg/kernel/lanes"
)

// maxGroups bounds the tile. 2 groups of 4 rows by 2 vectors are 16 sums: four pipelines
// with a latency of four cycles keep 16 multiply-adds in flight.
const maxGroups = 2

var (
	product lanes.Product
	segment lanes.Segment
)

// product writes lanes.Product, the inner loop of all convolutions and matrix products. It
// reads A in one of three ways. If the rows of a group are adjacent (AStep is 1), a vector
// holds one step of all its rows. Otherwise, if the steps of the sum are adjacent (AInner is
// 1), a vector holds four steps of a row. Both use multiply-adds by element. In all other
// cases, and for the last steps of a row, each value is loaded into all lanes of a vector.
func (g *generator) product(vectors int) {
	p := g.begin(fmt.Sprintf("productNEON_%d", vectors), "Product", 0)
	t := tile{vectors: vectors, p: p}
	t.step, t.inner, t.bInner = g.distance(p, unsafe.Offsetof(product.AStep)), g.distance(p, unsafe.Offsetof(product.AInner)), g.distance(p, unsafe.Offsetof(product.BInner))
	t.done = g.General()
	g.Op("MOVD $0, R%d", t.done)
	next, end := g.Label("next"), g.Label("end")
	g.Place(next)
	mark := g.Mark()
	left := g.field(p, unsafe.Offsetof(product.ARow)+sliceLen)
	g.Op("SUBS R%d, R%d, R%d", t.done, left, left)
	g.Op("BLE %s", end)
	one := g.Label("one")
	g.Op("CMP $%d, R%d", maxGroups, left)
	g.Op("BLT %s", one)
	for groups := maxGroups; groups > 0; groups-- {
		g.Release(mark)
		if groups == 1 {
			g.Place(one)
		}
		t.groups = groups
		g.tile(t)
		g.Op("ADD $%d, R%d", groups, t.done)
		g.Op("B %s", next)
	}
	g.Place(end)
	g.End()
}

// tile is one tile of a product: some groups of rows, beginning with group done, by some
// vectors.
type tile struct {
	groups, vectors     int
	p, done             R
	step, inner, bInner R // bytes
}

// tile writes the code of a tile.
func (g *generator) tile(t tile) {
	sums := make([][]V, t.groups*group)
	for i := range sums {
		sums[i] = g.Vectors(t.vectors)
		for _, v := range sums[i] {
			g.Zero(v)
		}
	}
	mark := g.Mark()
	part, parts := g.field(t.p, unsafe.Offsetof(product.Segments)), g.field(t.p, unsafe.Offsetof(product.Segments)+sliceLen)
	a, b, k := make([]R, t.groups*group), g.General(), g.General()
	for i := range a {
		a[i] = g.General()
	}
	g.loop("segment", parts, func() {
		mark := g.Mark()
		base, places, row := g.field(t.p, unsafe.Offsetof(product.A)), g.field(t.p, unsafe.Offsetof(product.ARow)), g.General()
		g.Op("ADD R%d<<3, R%d, R%d", t.done, places, places)
		g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(segment.A), part, row)
		g.Op("ADD R%d<<2, R%d, R%d", row, base, base)
		for i := range a {
			if i%group == 0 {
				g.Op("MOVD %d(R%d), R%d", 8*(i/group), places, row)
				g.Op("ADD R%d<<2, R%d, R%d", row, base, a[i])
			} else {
				g.Op("ADD R%d, R%d, R%d", t.step, a[i-1], a[i])
			}
		}
		g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(product.B), t.p, b)
		g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(segment.B), part, row)
		g.Op("ADD R%d<<2, R%d, R%d", row, b, b)
		g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(product.K), t.p, k)
		g.Release(mark)

		rows, fours, single, summed := g.Label("rows"), g.Label("fours"), g.Label("single"), g.Label("summed")
		g.Op("CMP $4, R%d", t.step)
		g.Op("BEQ %s", rows)
		g.Op("CMP $4, R%d", t.inner)
		g.Op("BNE %s", single)
		g.Place(fours)
		g.Op("SUBS $4, R%d, R%d", k, k)
		left := g.Label("left")
		g.Op("BLT %s", left)
		g.fourSteps(t, sums, a, b)
		g.Op("BNE %s", fours)
		g.Op("B %s", summed)
		g.Place(left)
		g.Op("ADD $4, R%d", k)
		g.Place(single)
		g.loop("step", k, func() { g.oneStep(t, sums, a, b) })
		g.Op("B %s", summed)
		g.Place(rows)
		g.loop("row", k, func() { g.rowStep(t, sums, a, b) })
		g.Place(summed)
		g.Op("ADD $%d, R%d", unsafe.Sizeof(segment), part)
	})
	g.Release(mark)
	g.finish(t, sums)
}

// loadB reads a row of B and advances b to the next row.
func (g *generator) loadB(t tile, b R) []V {
	v := g.Vectors(t.vectors)
	if t.vectors == 1 {
		g.LoadNextBy(v[0], b, t.bInner)
		return v
	}
	g.LoadPair(v[0], v[1], b, 0)
	g.Op("ADD R%d, R%d, R%d", t.bInner, b, b)
	return v
}

// fourSteps adds four steps of the sum, whose values of A are adjacent.
func (g *generator) fourSteps(t tile, sums [][]V, a []R, b R) {
	mark := g.Mark()
	values := g.Vectors(len(a))
	for i, v := range values {
		g.LoadNext(v, a[i], bytes)
	}
	for k := range 4 {
		step := g.Mark()
		bs := g.loadB(t, b)
		for i, row := range sums {
			for j, sum := range row {
				g.ByElement("fmla", sum, bs[j], values[i], k)
			}
		}
		g.Release(step)
	}
	g.Release(mark)
}

// rowStep adds one step of the sum, if the rows of a group are adjacent.
func (g *generator) rowStep(t tile, sums [][]V, a []R, b R) {
	mark := g.Mark()
	bs, values := g.loadB(t, b), g.Vectors(t.groups)
	for i, v := range values {
		g.LoadNextBy(v, a[i*group], t.inner)
	}
	for i, row := range sums {
		for j, sum := range row {
			g.ByElement("fmla", sum, bs[j], values[i/group], i%group)
		}
	}
	g.Release(mark)
}

// oneStep adds one step of the sum, for any layout of A.
func (g *generator) oneStep(t tile, sums [][]V, a []R, b R) {
	mark := g.Mark()
	bs := g.loadB(t, b)
	for i, row := range sums {
		value := g.Mark()
		v := g.Vector()
		g.LoadAllNextBy(v, a[i], t.inner)
		for j, sum := range row {
			g.Three("fmla", arm64.S4, sum, v, bs[j])
		}
		if i%2 == 1 {
			g.Release(value)
		}
	}
	g.Release(mark)
}

// finish writes the sums to C, or adds them to it.
func (g *generator) finish(t tile, sums [][]V) {
	c, places, cStep := g.field(t.p, unsafe.Offsetof(product.C)), g.field(t.p, unsafe.Offsetof(product.CRow)), g.distance(t.p, unsafe.Offsetof(product.CStep))
	rows, row, accumulate := make([]R, len(sums)), g.General(), g.General()
	g.Op("ADD R%d<<3, R%d, R%d", t.done, places, places)
	for i := range rows {
		rows[i] = g.General()
		if i%group == 0 {
			g.Op("MOVD %d(R%d), R%d", 8*(i/group), places, row)
			g.Op("ADD R%d<<2, R%d, R%d", row, c, rows[i])
		} else {
			g.Op("ADD R%d, R%d, R%d", cStep, rows[i-1], rows[i])
		}
	}
	store := g.Label("store")
	g.Op("MOVBU %d(R%d), R%d", unsafe.Offsetof(product.Accumulate), t.p, accumulate)
	g.Op("CBZ R%d, %s", accumulate, store)
	for i, row := range sums {
		mark := g.Mark()
		for j, sum := range row {
			v := g.Vector()
			g.Load("q", v, rows[i], j*bytes)
			g.Three("fadd", arm64.S4, sum, v, sum)
		}
		g.Release(mark)
	}
	g.Place(store)
	for i, row := range sums {
		for j, sum := range row {
			g.Store("q", sum, rows[i], j*bytes)
		}
	}
}
