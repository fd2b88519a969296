package main

import (
	"slices"
	"unsafe"

	"multiscale/pkg/kernel/arm64"
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/lanes/generate/maps"
)

var transform lanes.Transform

// transforms writes the maps, each applied to rows and columns of a square.
func (g *generator) transforms() {
	for _, m := range maps.All[V]() {
		g.transform(m)
	}
}

// Sum implements maps.Algebra.
func (g *generator) Sum(a, b V) V { return g.three("fadd", a, b) }

// Difference implements maps.Algebra.
func (g *generator) Difference(a, b V) V { return g.three("fsub", a, b) }

// Times implements maps.Algebra.
func (g *generator) Times(c float64, a V) V { return g.three("fmul", g.constants[c], a) }

// Plus implements maps.Algebra.
func (g *generator) Plus(a V, c float64, b V) V {
	v := g.Vector()
	g.Move(v, a)
	g.Three("fmla", arm64.S4, v, g.constants[c], b)
	return v
}

func (g *generator) three(name string, a, b V) V {
	v := g.Vector()
	g.Three(name, arm64.S4, v, a, b)
	return v
}

// factors collects the constants of a map.
type factors map[float64]bool

func (factors) Sum(a, _ V) V                 { return a }
func (factors) Difference(a, _ V) V          { return a }
func (f factors) Times(c float64, a V) V     { f[c] = true; return a }
func (f factors) Plus(a V, c float64, _ V) V { f[c] = true; return a }
func (f factors) of(m maps.Map[V]) (list []float64) {
	m.Do(f, make([]V, m.In))
	for c := range f {
		list = append(list, c)
	}
	return list
}

// transform writes lanes.Transform for one map. The square of vectors between its two
// halves is on the stack.
func (g *generator) transform(m maps.Map[V]) {
	cells := m.In * m.Out * bytes
	p := g.begin(m.Name+"NEON", "Transform", cells+bytes)
	list := factors{}.of(m)
	slices.Sort(list)
	for _, c := range list {
		g.constants[c] = g.Constant(c)
	}
	stack := g.General()
	g.Op("ADD $%d, RSP, R%d", bytes, stack) // above the link register
	dstAt, srcAt, count := g.field(p, unsafe.Offsetof(transform.DstAt)), g.field(p, unsafe.Offsetof(transform.SrcAt)), g.field(p, unsafe.Offsetof(transform.DstAt)+sliceLen)
	dst, src := g.field(p, unsafe.Offsetof(transform.Dst)), g.field(p, unsafe.Offsetof(transform.Src))
	dstRow, dstCol := g.distance(p, unsafe.Offsetof(transform.DstRow)), g.distance(p, unsafe.Offsetof(transform.DstCol))
	srcRow, srcCol := g.distance(p, unsafe.Offsetof(transform.SrcRow)), g.distance(p, unsafe.Offsetof(transform.SrcCol))
	from, to, at := g.General(), g.General(), g.General()
	g.loop("item", count, func() {
		g.Op("MOVW.P 4(R%d), R%d", srcAt, from)
		g.Op("ADD R%d<<2, R%d, R%d", from, src, from)
		g.Op("MOVW.P 4(R%d), R%d", dstAt, to)
		g.Op("ADD R%d<<2, R%d, R%d", to, dst, to)
		for j := range m.In {
			mark := g.Mark()
			d := g.Vectors(m.In)
			g.Op("MOVD R%d, R%d", from, at)
			for i, v := range d {
				if i < m.In-1 {
					g.LoadNextBy(v, at, srcRow)
				} else {
					g.Load("q", v, at, 0)
				}
			}
			for i, v := range m.Do(g, d) {
				g.Store("q", v, stack, (i*m.In+j)*bytes)
			}
			g.Op("ADD R%d, R%d, R%d", srcCol, from, from)
			g.Release(mark)
		}
		for i := range m.Out {
			mark := g.Mark()
			d := g.Vectors(m.In)
			for j, v := range d {
				g.Load("q", v, stack, (i*m.In+j)*bytes)
			}
			g.Op("MOVD R%d, R%d", to, at)
			for _, v := range m.Do(g, d) {
				g.Store("q", v, at, 0)
				g.Op("ADD R%d, R%d, R%d", dstCol, at, at)
			}
			g.Op("ADD R%d, R%d, R%d", dstRow, to, to)
			g.Release(mark)
		}
	})
	g.End()
}
