package main

import (
	"unsafe"

	"multiscale/pkg/kernel/arm64"
	"multiscale/pkg/kernel/lanes"
)

var (
	gather  lanes.Gather
	scatter lanes.Scatter
)

// byChannels writes a branch for each number of planes: four or more, three, two and one.
func (g *generator) byChannels(channels R, do func(planes int)) {
	end := g.Label("channels")
	for planes := width; planes > 0; planes-- {
		next := g.Label("fewer")
		if planes > 1 {
			g.Op("CMP $%d, R%d", planes, channels)
			g.Op("BLT %s", next)
		}
		mark := g.Mark()
		do(planes)
		g.Release(mark)
		if planes > 1 {
			g.Op("B %s", end)
			g.Place(next)
		}
	}
	g.Place(end)
}

// fours does four pixels at a time and then one at a time, until count is 0.
func (g *generator) fours(count R, four, one func()) {
	loop, rest, end := g.Label("four"), g.Label("rest"), g.Label("end")
	g.Place(loop)
	g.Op("SUBS $4, R%d, R%d", count, count)
	g.Op("BLT %s", rest)
	mark := g.Mark()
	four()
	g.Release(mark)
	g.Op("B %s", loop)
	g.Place(rest)
	g.Op("ADDS $4, R%d, R%d", count, count)
	g.Op("BEQ %s", end)
	g.loop("one", count, one)
	g.Release(mark)
	g.Place(end)
}

// pointers returns pointers to the same place in several planes, which are a stride apart.
func (g *generator) pointers(first, stride R, planes int) []R {
	at := make([]R, planes)
	for c := range at {
		at[c] = g.General()
		if c == 0 {
			g.Op("MOVD R%d, R%d", first, at[0])
		} else {
			g.Op("ADD R%d, R%d, R%d", stride, at[c-1], at[c])
		}
	}
	return at
}

// transpose transposes a square of four vectors: element j of vector i becomes element i of
// vector j.
func (g *generator) transpose(r []V) []V {
	t, u := g.Vectors(4), make([]V, 4)
	for i := range 2 {
		g.Three("trn1", arm64.S4, t[2*i], r[2*i], r[2*i+1])
		g.Three("trn2", arm64.S4, t[2*i+1], r[2*i], r[2*i+1])
	}
	for i := range 2 {
		u[i], u[2+i] = g.Vector(), g.Vector()
		g.Three("trn1", arm64.D2, u[i], t[i], t[2+i])
		g.Three("trn2", arm64.D2, u[2+i], t[i], t[2+i])
	}
	return u
}

// gather writes lanes.Gather: planes to pixels. It ignores Ahead and relies on the hardware
// prefetcher.
func (g *generator) gather() {
	p := g.begin("gatherNEON", "Gather", 0)
	stride, channels := g.distance(p, unsafe.Offsetof(gather.Stride)), g.field(p, unsafe.Offsetof(gather.Channels))
	apart, items, left := g.distance(p, unsafe.Offsetof(gather.SrcItem)), g.field(p, unsafe.Offsetof(gather.Items)), g.field(p, unsafe.Offsetof(gather.Items)+sliceLen)
	first, dst := g.field(p, unsafe.Offsetof(gather.Src)), g.General()
	item, begin, end := g.Label("item"), g.Label("begin"), g.Label("done")
	g.Place(item)
	g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(gather.Dst), p, dst)
	g.Op("CBZ R%d, %s", items, begin)
	mark := g.Mark()
	offset := g.General()
	g.Op("MOVW.P 4(R%d), R%d", items, offset)
	g.Op("ADD R%d<<2, R%d, R%d", offset, dst, dst)
	g.Release(mark)
	g.Place(begin)
	table, count, offset := g.field(p, unsafe.Offsetof(gather.DstAt)), g.field(p, unsafe.Offsetof(gather.Count)), g.General()
	put := func(v V) {
		g.Op("MOVW.P 4(R%d), R%d", table, offset)
		g.Op("LSL $2, R%d, R%d", offset, offset)
		g.StoreAt(v, dst, offset)
	}
	g.byChannels(channels, func(planes int) {
		at := g.pointers(first, stride, planes)
		g.fours(count, func() {
			rows := g.Vectors(4)
			for c, v := range rows {
				if c < planes {
					g.LoadNext(v, at[c], bytes)
				} else {
					g.Zero(v)
				}
			}
			for _, v := range g.transpose(rows) {
				put(v)
			}
		}, func() {
			v := g.Vector()
			g.Zero(v)
			for c, r := range at {
				g.LoadElement(v, c, r)
				g.Op("ADD $4, R%d", r)
			}
			put(v)
		})
	})
	g.Op("CBZ R%d, %s", items, end)
	g.Op("ADD R%d, R%d, R%d", apart, first, first)
	g.Op("SUBS $1, R%d, R%d", left, left)
	g.Op("BGT %s", item)
	g.Place(end)
	g.End()
}

// scatter writes lanes.Scatter: pixels to planes. It ignores Ahead, too.
func (g *generator) scatter() {
	p := g.begin("scatterNEON", "Scatter", 0)
	stride, step, channels := g.distance(p, unsafe.Offsetof(scatter.Stride)), g.distance(p, unsafe.Offsetof(scatter.Step)), g.field(p, unsafe.Offsetof(scatter.Channels))
	srcItem, dstItem, items := g.distance(p, unsafe.Offsetof(scatter.SrcItem)), g.distance(p, unsafe.Offsetof(scatter.DstItem)), g.field(p, unsafe.Offsetof(scatter.Items))
	firstSrc, firstDst := g.field(p, unsafe.Offsetof(scatter.Src)), g.field(p, unsafe.Offsetof(scatter.Dst))
	residual, address := g.field(p, unsafe.Offsetof(scatter.Residual)), g.field(p, unsafe.Offsetof(scatter.Bias))
	bias := g.Vector()
	item, unbiased := g.Label("item"), g.Label("unbiased")
	g.Zero(bias)
	g.Op("CBZ R%d, %s", address, unbiased)
	g.Load("q", bias, address, 0)
	g.Place(unbiased)
	src, count := g.General(), g.General()
	g.Place(item)
	pixels := func(n int) []V {
		v := g.Vectors(n)
		for i := range v {
			g.LoadNextBy(v[i], src, step)
			g.Three("fadd", arm64.S4, v[i], v[i], bias)
		}
		return v
	}
	begin := func() {
		g.Op("MOVD R%d, R%d", firstSrc, src)
		g.Op("MOVD %d(R%d), R%d", unsafe.Offsetof(scatter.Count), p, count)
	}
	g.byChannels(channels, func(planes int) {
		plain, next := g.Label("plain"), g.Label("written")
		begin()
		to := g.pointers(firstDst, stride, planes)
		g.Op("CBZ R%d, %s", residual, plain)
		added := g.General()
		g.Op("SUB R%d, R%d, R%d", firstDst, residual, added) // from dst to residual
		from := g.General()
		for _, with := range []bool{true, false} {
			g.fours(count, func() {
				rows := g.transpose(pixels(4))
				for c, r := range to {
					if with {
						v := g.Vector()
						g.Op("ADD R%d, R%d, R%d", added, r, from)
						g.Load("q", v, from, 0)
						g.Three("fadd", arm64.S4, rows[c], rows[c], v)
					}
					g.Store("q", rows[c], r, 0)
					g.Op("ADD $%d, R%d", bytes, r)
				}
			}, func() {
				v, w := pixels(1)[0], g.Vector()
				if with {
					g.Zero(w)
					for c, r := range to {
						g.Op("ADD R%d, R%d, R%d", added, r, from)
						g.LoadElement(w, c, from)
					}
					g.Three("fadd", arm64.S4, v, v, w)
				}
				for c, r := range to {
					g.StoreElement(v, c, r)
					g.Op("ADD $4, R%d", r)
				}
			})
			if with {
				g.Op("B %s", next)
				g.Place(plain)
			}
		}
		g.Place(next)
	})
	g.Op("ADD R%d, R%d, R%d", srcItem, firstSrc, firstSrc)
	g.Op("ADD R%d, R%d, R%d", dstItem, firstDst, firstDst)
	further := g.Label("further")
	g.Op("CBZ R%d, %s", residual, further)
	g.Op("ADD R%d, R%d, R%d", dstItem, residual, residual)
	g.Place(further)
	g.Op("SUBS $1, R%d, R%d", items, items)
	g.Op("BGT %s", item)
	g.End()
}
