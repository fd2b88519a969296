package main

import (
	"unsafe"

	"multiscale/pkg/kernel/arm64"
	"multiscale/pkg/kernel/lanes"
)

var total lanes.Total

// strands is the number of independent vectors of sums. They hide the latency of additions.
const strands = 4

// total writes lanes.Total.
func (g *generator) total() {
	p := g.begin("totalNEON", "Total", 0)
	src, count := g.field(p, unsafe.Offsetof(total.Src)), g.field(p, unsafe.Offsetof(total.Src)+sliceLen)
	g.Op("LSR $4, R%d, R%d", count, count) // strands of vectors
	sums := g.Vectors(strands)
	for _, v := range sums {
		g.Zero(v)
	}
	g.loop("block", count, func() {
		for _, sum := range sums {
			mark := g.Mark()
			v := g.Vector()
			g.LoadNext(v, src, bytes)
			g.Three("fadd", arm64.S4, sum, sum, v)
			g.Release(mark)
		}
	})
	g.Three("fadd", arm64.S4, sums[0], sums[0], sums[1])
	g.Three("fadd", arm64.S4, sums[2], sums[2], sums[3])
	g.Three("fadd", arm64.S4, sums[0], sums[0], sums[2])
	g.Op("ADD $%d, R%d", unsafe.Offsetof(total.Sums), p)
	g.Store("q", sums[0], p, 0)
	g.End()
}
