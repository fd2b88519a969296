package lanes

import "multiscale/pkg/kernel"

// portable has the layout of the AVX2 kernels.
var portable = Kernels{
	Name: kernel.Portable, Lanes: portableLanes, Group: portableGroup,
	gather: gather, scatter: scatter, total: total,
	winograd: [Maps]func(*Transform){
		Input:    func(t *Transform) { transform(t, 6, 6, input) },
		Output:   func(t *Transform) { transform(t, 6, 4, interpolate4) },
		Weights:  func(t *Transform) { transform(t, 6, 3, interpolate3) },
		Filter:   func(t *Transform) { transform(t, 3, 6, evaluate3) },
		Gradient: func(t *Transform) { transform(t, 4, 6, evaluate4) },

		SmallInput:    func(t *Transform) { transform(t, 2, 3, smallInput) },
		SmallOutput:   func(t *Transform) { transform(t, 3, 2, smallOutput) },
		SmallWeights:  func(t *Transform) { transform(t, 3, 3, smallWeights) },
		SmallFilter:   func(t *Transform) { transform(t, 3, 3, smallFilter) },
		SmallGradient: func(t *Transform) { transform(t, 2, 3, smallGradient) },
	},
}

const portableLanes, portableGroup = 8, 2

func init() {
	for v := range MaxVectors {
		portable.product[v] = func(p *Product) { p.portable(v + 1) }
	}
}

// portable computes tiles of 2 rows by 4 columns, whose sums fit the registers of any
// machine.
func (p *Product) portable(vectors int) {
	for g := range p.ARow {
		for j := 0; j < vectors*portableLanes; j += 4 {
			p.tile(g, j)
		}
	}
}

// tile computes the rows of group g in columns [j,j+4).
func (p *Product) tile(g, j int) {
	var s0, s1, s2, s3, t0, t1, t2, t3 float32
	for _, s := range p.Segments {
		a, b := p.ARow[g]+s.A, s.B+j
		for range p.K {
			x, y := p.A[a], p.A[a+p.AStep]
			v := p.B[b : b+4 : b+4]
			s0 += float32(x * v[0])
			s1 += float32(x * v[1])
			s2 += float32(x * v[2])
			s3 += float32(x * v[3])
			t0 += float32(y * v[0])
			t1 += float32(y * v[1])
			t2 += float32(y * v[2])
			t3 += float32(y * v[3])
			a += p.AInner
			b += p.BInner
		}
	}
	c := p.C[p.CRow[g]+j:][:4]
	d := p.C[p.CRow[g]+p.CStep+j:][:4]
	if p.Accumulate {
		s0, s1, s2, s3 = s0+c[0], s1+c[1], s2+c[2], s3+c[3]
		t0, t1, t2, t3 = t0+d[0], t1+d[1], t2+d[2], t3+d[3]
	}
	c[0], c[1], c[2], c[3] = s0, s1, s2, s3
	d[0], d[1], d[2], d[3] = t0, t1, t2, t3
}

func gather(g *Gather) {
	for n := range max(1, len(g.Items)) {
		dst, src := g.Dst, g.Src[n*g.SrcItem:]
		if g.Items != nil {
			dst = dst[g.Items[n]:]
		}
		for i, at := range g.DstAt[:g.Count] {
			pixel := dst[at:][:portableLanes]
			clear(pixel)
			for c := range min(g.Channels, portableLanes) {
				pixel[c] = src[c*g.Stride+i]
			}
		}
	}
}

func scatter(s *Scatter) {
	for n := range max(1, s.Items) {
		dst, src, residual := s.Dst[n*s.DstItem:], s.Src[n*s.SrcItem:], s.Residual
		if residual != nil {
			residual = residual[n*s.DstItem:]
		}
		for c := range min(s.Channels, portableLanes) {
			plane := dst[c*s.Stride:][:s.Count]
			bias := float32(0)
			if s.Bias != nil {
				bias = s.Bias[c]
			}
			if residual == nil {
				for i := range plane {
					plane[i] = src[i*s.Step+c] + bias
				}
				continue
			}
			for i, r := range residual[c*s.Stride:][:s.Count] { // may be the plane itself
				plane[i] = src[i*s.Step+c] + bias + r
			}
		}
	}
}

func total(t *Total) {
	clear(t.Sums[:])
	var s0, s1, s2, s3 float32
	for v := t.Src; len(v) >= 4; v = v[4:] {
		s0 += v[0]
		s1 += v[1]
		s2 += v[2]
		s3 += v[3]
	}
	t.Sums[0], t.Sums[1], t.Sums[2], t.Sums[3] = s0, s1, s2, s3
}
