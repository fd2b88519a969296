package lanes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"multiscale/pkg/kernel"
)

// supported returns the kernels of all paths that this machine supports, independent of the
// path of the process.
func supported() (all []*Kernels) {
	for _, path := range kernel.Supported() {
		all = append(all, For(path))
	}
	return all
}

// tolerance is the largest error. Sums of a few dozen products of numbers around 1, and
// maps with coefficients below 10, have errors of about 1e-6.
const tolerance = 5e-6

func random(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func close(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= tolerance*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

func TestProduct(t *testing.T) {
	for _, k := range supported() {
		for groups := range 9 {
			for vectors := 1; vectors <= MaxVectors; vectors++ {
				for _, accumulate := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %dx%d accumulate=%v", k.Name, groups, vectors, accumulate), func(t *testing.T) {
						checkProduct(t, k, groups, vectors, accumulate)
					})
				}
			}
		}
	}
}

func checkProduct(t *testing.T, k *Kernels, groups, vectors int, accumulate bool) {
	r := rand.New(rand.NewPCG(1, uint64(groups)))
	p := &Product{
		C: random(r, 2000), A: random(r, 2000), B: random(r, 4000),
		Segments: []Segment{{0, 0}, {500, 300}, {7, 2000}}, K: 13,
		CRow: []int{600, 0, 1100, 160, 400, 1400, 1600, 1800}[:groups], ARow: []int{3, 200, 90, 0, 1, 0, 20, 44}[:groups],
		CStep: 40, AStep: 5, AInner: 17, BInner: 33, Accumulate: accumulate,
	}
	want := append([]float32(nil), p.C...)
	for i := range groups * k.Group {
		for j := range vectors * k.Lanes {
			sum := 0.0
			for _, s := range p.Segments {
				for l := range p.K {
					a := p.A[p.ARow[i/k.Group]+i%k.Group*p.AStep+s.A+l*p.AInner]
					sum += float64(a) * float64(p.B[s.B+l*p.BInner+j])
				}
			}
			c := &want[p.CRow[i/k.Group]+i%k.Group*p.CStep+j]
			if accumulate {
				sum += float64(*c)
			}
			*c = float32(sum)
		}
	}
	k.Product(p, vectors)
	close(t, "C", p.C, want)
}

func TestGather(t *testing.T) {
	for _, k := range supported() {
		for _, channels := range []int{1, 3, k.Lanes} {
			for _, count := range []int{1, 4, 9, k.Lanes, 2*k.Lanes + 3} {
				r := rand.New(rand.NewPCG(1, 2))
				stride := count + 5
				// src ends with the last plane: nothing behind it may be read.
				src := random(r, (channels-1)*stride+count)
				dst := random(r, (count+2)*k.Lanes)
				want := append([]float32(nil), dst...)
				table := make([]int32, count)
				for i := range count {
					table[i] = int32((count - i) * k.Lanes)
					clear(want[table[i]:][:k.Lanes])
					for c := range channels {
						want[(count-i)*k.Lanes+c] = src[c*stride+i]
					}
				}
				k.Gather(&Gather{Dst: dst, Src: src, DstAt: table, Stride: stride, Count: count, Channels: channels})
				close(t, fmt.Sprintf("%s, %d channels, %d pixels", k.Name, channels, count), dst, want)
			}
		}
	}
}

// TestGatherItems: gathering several items at once gives the same as one by one, for any prefetching.
func TestGatherItems(t *testing.T) {
	for _, k := range supported() {
		for _, count := range []int{1, 4, 7, 9, k.Lanes, 2*k.Lanes + 3} {
			for _, channels := range []int{3, k.Lanes} {
				r := rand.New(rand.NewPCG(1, 2))
				g := &Gather{
					Stride: count, Count: count, Channels: channels, SrcItem: channels*count + 2, Ahead: count % 3,
					DstAt: make([]int32, count),
				}
				for i := range g.DstAt {
					g.DstAt[i] = int32(i * k.Lanes)
				}
				room := count * k.Lanes
				items := []int32{int32(2 * room), 0, int32(room)}
				src := random(r, len(items)*g.SrcItem)
				got, want := make([]float32, 3*room), make([]float32, 3*room)
				for n, at := range items {
					g.Src, g.Dst = src[n*g.SrcItem:], want[at:]
					k.Gather(g)
				}
				g.Src, g.Dst, g.Items = src, got, items
				k.Gather(g)
				close(t, fmt.Sprintf("%s, %d channels, %d pixels", k.Name, channels, count), got, want)
			}
		}
	}
}

// TestScatterItems: scattering several items at once gives the same as one by one, for any prefetching.
func TestScatterItems(t *testing.T) {
	for _, k := range supported() {
		for _, count := range []int{1, 4, 9, k.Lanes, 2*k.Lanes + 3} {
			for extras := range 8 {
				const items = 3
				r := rand.New(rand.NewPCG(1, 2))
				s := &Scatter{Stride: count + 3, Step: k.Lanes, Count: count, Channels: k.Lanes - extras/4, Ahead: extras % 3}
				s.SrcItem, s.DstItem = (count+k.Lanes)*k.Lanes, s.Channels*s.Stride+1
				src, residual := random(r, items*s.SrcItem), random(r, items*s.DstItem)
				got := random(r, items*s.DstItem)
				want := append([]float32(nil), got...)
				if extras&1 != 0 {
					s.Bias = random(r, k.Lanes)
				}
				for n := range items {
					s.Src, s.Dst = src[n*s.SrcItem:], want[n*s.DstItem:]
					if extras&2 != 0 {
						s.Residual = residual[n*s.DstItem:]
					}
					k.Scatter(s)
				}
				if extras&2 != 0 {
					s.Residual = residual
				}
				s.Src, s.Dst, s.Items = src, got, items
				k.Scatter(s)
				close(t, fmt.Sprintf("%s, %d pixels, extras %d", k.Name, count, extras), got, want)
			}
		}
	}
}

func TestScatter(t *testing.T) {
	for _, k := range supported() {
		for _, channels := range []int{1, 3, k.Lanes} {
			for _, count := range []int{1, 4, 9, k.Lanes, 2*k.Lanes + 3} {
				for extras := range 4 {
					r := rand.New(rand.NewPCG(1, 2))
					s := &Scatter{Stride: count + 3, Step: k.Lanes + 7, Count: count, Channels: channels}
					s.Src = random(r, (count+k.Lanes)*s.Step)
					s.Dst = random(r, (channels-1)*s.Stride+count)
					if extras&1 != 0 {
						s.Bias = random(r, k.Lanes)
					}
					if extras&2 != 0 {
						s.Residual = random(r, len(s.Dst))
					}
					want := append([]float32(nil), s.Dst...)
					for c := range channels {
						for i := range count {
							v := s.Src[i*s.Step+c]
							if s.Bias != nil {
								v += s.Bias[c]
							}
							if s.Residual != nil {
								v += s.Residual[c*s.Stride+i]
							}
							want[c*s.Stride+i] = v
						}
					}
					k.Scatter(s)
					close(t, fmt.Sprintf("%s, %d channels, %d pixels, extras %d", k.Name, channels, count, extras), s.Dst, want)
				}
			}
		}
	}
}

// TestTransform compares the assembly with the portable maps.
func TestTransform(t *testing.T) {
	sizes := [Maps][2]int{
		Input: {6, 6}, Output: {6, 4}, Weights: {6, 3}, Filter: {3, 6}, Gradient: {4, 6},
		SmallInput: {2, 3}, SmallOutput: {3, 2}, SmallWeights: {3, 3}, SmallFilter: {3, 3}, SmallGradient: {2, 3},
	}
	for _, k := range supported() {
		for m := range Maps {
			r := rand.New(rand.NewPCG(1, 2))
			x := &Transform{
				Src: random(r, 4000), Dst: random(r, 9000), SrcAt: []int32{0, 900}, DstAt: []int32{4000, 0},
				SrcRow: 8 * 16, SrcCol: 16, DstRow: 7 * 20, DstCol: 20,
			}
			all := *x // with lanes that k may not have
			all.Dst = slices.Clone(x.Dst)
			for lane := 0; lane < k.Lanes; lane += portableLanes {
				part := all
				part.Src, part.Dst = all.Src[lane:], all.Dst[lane:]
				portable.Transform(m, &part)
			}
			want, out := slices.Clone(x.Dst), sizes[m][1]
			for _, at := range x.DstAt {
				for i := range out * out {
					place := int(at) + i/out*x.DstRow + i%out*x.DstCol
					copy(want[place:][:k.Lanes], all.Dst[place:])
				}
			}
			k.Transform(m, x)
			close(t, fmt.Sprintf("%s map %d (%v)", k.Name, m, sizes[m]), x.Dst, want)
		}
	}
}

// TestConvolution checks that the maps belong together: they compute a
// convolution with 3x3 weights and its gradient.
func TestConvolution(t *testing.T) {
	algorithms := []struct {
		name                                     string
		input, output, weights, filter, gradient Map
		window, spectrum, tile                   int
		before                                   int // offset of the first tap from the window
	}{
		{"large", Input, Output, Weights, Filter, Gradient, 6, 6, 4, 0},
		{"small", SmallInput, SmallOutput, SmallWeights, SmallFilter, SmallGradient, 2, 3, 2, -1},
	}
	const loose = 20 // factor of the tolerance: the errors of a single tile do not average out
	for _, k := range supported() {
		for _, a := range algorithms {
			r := rand.New(rand.NewPCG(3, 4))
			l := k.Lanes
			d, g, dy := random(r, a.window*a.window*l), random(r, 9*l), random(r, a.tile*a.tile*l)
			apply := func(m Map, src []float32, in, out int) []float32 {
				dst := make([]float32, out*out*l)
				k.Transform(m, &Transform{Dst: dst, Src: src, DstAt: []int32{0}, SrcAt: []int32{0},
					DstRow: out * l, DstCol: l, SrcRow: in * l, SrcCol: l})
				return dst
			}
			multiply := func(a, b []float32) []float32 {
				p := make([]float32, len(a))
				for i := range p {
					p[i] = a[i] * b[i]
				}
				return p
			}
			correlate := func(w []float32, kernel, out int) []float32 {
				y := make([]float32, out*out*l)
				for i := range y {
					lane, row, col := i%l, i/l/out+a.before, i/l%out+a.before
					for u := max(0, -row); u < min(kernel, a.window-row); u++ {
						for v := max(0, -col); v < min(kernel, a.window-col); v++ {
							y[i] += w[(u*kernel+v)*l+lane] * d[((row+u)*a.window+col+v)*l+lane]
						}
					}
				}
				return y
			}
			vd := apply(a.input, d, a.window, a.spectrum)
			y := apply(a.output, multiply(vd, apply(a.filter, g, 3, a.spectrum)), a.spectrum, a.tile)
			gw := apply(a.weights, multiply(vd, apply(a.gradient, dy, a.tile, a.spectrum)), a.spectrum, 3)
			for i, v := range correlate(g, 3, a.tile) {
				if math.Abs(float64(v-y[i])) > loose*tolerance {
					t.Fatalf("%s, %s: output %d is %g, want %g", k.Name, a.name, i, y[i], v)
				}
			}
			for i, v := range correlate(dy, a.tile, 3) {
				if math.Abs(float64(v-gw[i])) > loose*tolerance {
					t.Fatalf("%s, %s: weight gradient %d is %g, want %g", k.Name, a.name, i, gw[i], v)
				}
			}
		}
	}
}

func TestTotal(t *testing.T) {
	for _, k := range supported() {
		for _, n := range []int{TotalUnit, 3 * TotalUnit, 64 * TotalUnit} {
			s := &Total{Src: random(rand.New(rand.NewPCG(1, 2)), n)}
			want, got := 0.0, 0.0
			for _, v := range s.Src {
				want += float64(v)
			}
			k.Total(s)
			for _, v := range s.Sums[:k.Lanes] {
				got += float64(v)
			}
			if math.Abs(got-want) > tolerance*math.Sqrt(float64(n)) {
				t.Errorf("%s: sum of %d numbers is %g, want %g", k.Name, n, got, want)
			}
		}
	}
}

func BenchmarkProduct(b *testing.B) {
	for _, k := range supported() {
		for _, depth := range []int{32, 128, 1152} {
			b.Run(fmt.Sprintf("%s/k%d", k.Name, depth), func(b *testing.B) {
				const groups = 24
				rows := groups * k.Group
				p := &Product{C: make([]float32, rows*k.Columns()), A: make([]float32, rows*depth), B: make([]float32, k.Columns()*depth), Segments: Whole,
					K: depth, CStep: k.Columns(), AStep: depth, AInner: 1, BInner: k.Columns()}
				for g := range groups {
					p.CRow, p.ARow = append(p.CRow, g*k.Group*p.CStep), append(p.ARow, g*k.Group*p.AStep)
				}
				for b.Loop() {
					k.Product(p, MaxVectors)
				}
				b.ReportMetric(2*float64(rows*k.Columns()*depth)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}

func BenchmarkGather(b *testing.B) {
	for _, k := range supported() {
		b.Run(k.Name, func(b *testing.B) {
			const pixels = 512
			g := &Gather{Dst: make([]float32, pixels*k.Lanes), Src: make([]float32, k.Lanes*(pixels+16)), DstAt: make([]int32, pixels),
				Stride: pixels + 16, Count: pixels, Channels: k.Lanes}
			for i := range g.DstAt {
				g.DstAt[i] = int32(i * k.Lanes)
			}
			for b.Loop() {
				k.Gather(g)
			}
			b.SetBytes(int64(4 * pixels * k.Lanes))
		})
	}
}
