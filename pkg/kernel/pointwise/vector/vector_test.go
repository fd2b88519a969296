package vector

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// ulp is the largest relative distance between consecutive float32 numbers.
const ulp = 1.0 / (1 << 23)

// agree is the largest relative difference between the assembly and the portable loops.
// The assembly fuses products with sums, which saves one or two roundings.
const agree = 4 * ulp

// arrays are the operands of a kernel.
type arrays struct {
	a, b, c, d, e                   []float32
	rows, shift, mean, tilt, offset []float32 // one for each row
	sums                            []float64
}

const rowCount = 5

// operands returns arrays of rowCount rows of n elements. They begin off elements behind an
// aligned address and are followed by a guard.
func operands(n, off int) *arrays {
	fill := func(seed uint64, n int) []float32 {
		x := make([]float32, off+n+guard)
		for i := range x {
			x[i] = 8 * float32(int64(Mix(seed<<32+uint64(i)))>>40) / (1 << 23)
		}
		return x[off : off+n]
	}
	rows := rowCount * n
	return &arrays{a: fill(1, rows), b: fill(2, rows), c: fill(3, rows), d: fill(4, rows), e: fill(10, rows),
		rows: fill(5, rowCount), shift: fill(6, rowCount), mean: fill(7, rowCount), tilt: fill(8, rowCount), offset: fill(9, rowCount),
		sums: make([]float64, 2*rowCount)}
}

// guard is the number of elements behind an array, which must not change.
const guard = 20

// kernels are tested twice: fast runs the loops of the process's path, ref the portable
// loops. They process the first n elements, or rows of width n.
var kernels = []struct {
	name      string
	fast, ref func(x *arrays, n int)
}{
	{"leaky", func(x *arrays, n int) { Leaky(x.a[:n], x.b[:n], 0.2) }, func(x *arrays, n int) { leakyGeneric(x.a[:n], x.b[:n], 0.2) }},
	{"leaky grad", func(x *arrays, n int) { LeakyGrad(x.a, x.b, x.c[:n], 0.2) }, func(x *arrays, n int) { leakyGradGeneric(x.a, x.b, x.c[:n], 0.2) }},
	{"silu", func(x *arrays, n int) { SiLU(x.a, x.b[:n]) }, func(x *arrays, n int) { siluGeneric(x.a, x.b[:n]) }},
	{"silu grad", func(x *arrays, n int) { SiLUGrad(x.a, x.b, x.c[:n]) }, func(x *arrays, n int) { siluGradGeneric(x.a, x.b, x.c[:n]) }},
	{"tanh", func(x *arrays, n int) { Tanh(x.a, x.b[:n]) }, func(x *arrays, n int) { tanhGeneric(x.a, x.b[:n]) }},
	{"tanh grad", func(x *arrays, n int) { TanhGrad(x.a, x.b, x.c[:n]) }, func(x *arrays, n int) { tanhGradGeneric(x.a, x.b, x.c[:n]) }},
	{"axpy", func(x *arrays, n int) { Axpy(x.a, 1.5, x.b[:n]) }, func(x *arrays, n int) { axpyGeneric(x.a, x.b[:n], 1.5) }},
	{"scale", func(x *arrays, n int) { Scale(x.a, 1.5, x.b[:n]) }, func(x *arrays, n int) { scaleGeneric(x.a, x.b[:n], 1.5) }},
	{"add", func(x *arrays, n int) { Add(x.a, x.b[:n], x.c) }, func(x *arrays, n int) { addGeneric(x.a, x.b[:n], x.c) }},
	{"mul", func(x *arrays, n int) { Mul(x.a, x.b[:n], x.c) }, func(x *arrays, n int) { mulGeneric(x.a, x.b[:n], x.c) }},
	{"mul add", func(x *arrays, n int) { MulAdd(x.a, x.b[:n], x.c) }, func(x *arrays, n int) { mulAddGeneric(x.a, x.b[:n], x.c) }},
	{"sub scale", func(x *arrays, n int) { SubScale(x.a, x.b[:n], x.c, 1.5) }, func(x *arrays, n int) { subScaleGeneric(x.a, x.b[:n], x.c, 1.5) }},
	{"blend", func(x *arrays, n int) { Blend(x.a, x.b[:n], x.c, 0.3, 0.7) }, func(x *arrays, n int) { blendGeneric(x.a, x.b[:n], x.c, 0.3, 0.7) }},
	{"soft grad", func(x *arrays, n int) { SoftGrad(x.a, x.b, x.c[:n], 0.3, 0.7) }, func(x *arrays, n int) { softGradGeneric(x.a, x.b, x.c[:n], 0.3, 0.7) }},
	{"adam", func(x *arrays, n int) { x.adam(n, Adam) }, func(x *arrays, n int) { x.adam(n, adamGeneric) }},
	{"momentum", func(x *arrays, n int) { Momentum(x.a[:n], x.b[:n], x.c[:n], 0.1, 0.9) }, func(x *arrays, n int) { momentumGeneric(x.a[:n], x.b[:n], x.c[:n], 0.1, 0.9) }},
	{"dropout", func(x *arrays, n int) { Dropout(x.a, x.b[:n], 7, 9, -20000, 1.25) }, func(x *arrays, n int) { dropoutGeneric(x.a, x.b[:n], counter(7, 9), -20000, 1.25) }},
	{"distance", func(x *arrays, n int) { x.sums[0] = Distance(x.b[:n], x.c) }, func(x *arrays, n int) { x.sums[0] = distanceGeneric(x.b[:n], x.c) }},
	{"dot", func(x *arrays, n int) { x.sums[0] = Dot(x.b[:n], x.c) }, func(x *arrays, n int) { x.sums[0] = dotGeneric(x.b[:n], x.c) }},
	{"exp shift", func(x *arrays, n int) { x.sums[0] = ExpShift(x.a, x.b[:n], 0.5, 2) }, func(x *arrays, n int) { x.sums[0] = expShiftGeneric(x.a, x.b[:n], 0.5, 2) }},
	{"add rows", func(x *arrays, n int) { AddRows(x.a, x.b, x.rows, n) }, func(x *arrays, n int) { addRowsGeneric(x.a, x.b, x.rows, n) }},
	{"sum rows", func(x *arrays, n int) { SumRows(x.rows, x.b, n) }, func(x *arrays, n int) { sumRowsGeneric(x.rows, x.b, n) }},
	{"affine groups", affineGroups(AffineGroups), affineGroups(affineGroupsGeneric)},
	{"weigh groups", weighGroups(WeighGroups), weighGroups(weighGroupsGeneric)},
	{"repeat", func(x *arrays, n int) { Repeat(x.a, x.rows, n) }, func(x *arrays, n int) { repeatGeneric(x.a, x.rows, n) }},
	{"add pairs", addPairs(AddPairs), addPairs(func(total, sums []float64, stride int, factors []float32, step int) {
		addPairsGeneric(total, sums, stride, factors, step, 3)
	})},
	{"max columns", columns(func(x *arrays, b Block, n int) { MaxColumns(x.a[:n], x.b, b) }),
		columns(func(x *arrays, b Block, n int) { maxColumnsGeneric(x.a[:n], x.b, b.Rows, b.Step) })},
	{"exp columns", columns(func(x *arrays, b Block, n int) { ExpColumns(x.b, b, 0.5, x.a[:n], x.columnSums(n)) }),
		columns(func(x *arrays, b Block, n int) {
			expColumnsGeneric(x.b, b.Rows, b.Step, 0.5, x.a[:n], x.columnSums(n))
		})},
	{"soft grad columns", columns(func(x *arrays, b Block, n int) { SoftGradColumns(x.a, x.b, b, x.c[:n], x.d[:n]) }),
		columns(func(x *arrays, b Block, n int) { softGradColumnsGeneric(x.a, x.b, b.Rows, b.Step, x.c[:n], x.d[:n]) })},
	{"mul columns", columns(func(x *arrays, b Block, n int) { MulColumns(x.a, b.Step-1, x.b, b, x.c[:n]) }),
		columns(func(x *arrays, b Block, n int) { mulColumnsGeneric(x.a, b.Step-1, x.b, b.Rows, b.Step, x.c[:n]) })},
	{"row moments", func(x *arrays, n int) { RowMoments(x.sums, x.b, n) }, func(x *arrays, n int) { rowMomentsGeneric(x.sums, x.b, n) }},
	{"normalize leaky", func(x *arrays, n int) { NormalizeLeaky(x.a, x.b, n, x.mean, x.rows, x.shift, 0.2) },
		func(x *arrays, n int) { normalizeLeakyGeneric(x.a, x.b, n, x.mean, x.rows, x.shift, 0.2) }},
	{"normalize silu", func(x *arrays, n int) { NormalizeSiLU(x.a, x.b, n, x.mean, x.rows, x.shift) },
		func(x *arrays, n int) { normalizeSiLUGeneric(x.a, x.b, n, x.mean, x.rows, x.shift) }},
	{"norm sums leaky", func(x *arrays, n int) { NormSumsLeaky(x.b, x.c, n, x.mean, x.rows, x.shift, 0.2, x.sums) },
		func(x *arrays, n int) { normSumsLeakyGeneric(x.b, x.c, n, x.mean, x.rows, x.shift, 0.2, x.sums) }},
	{"norm sums silu", func(x *arrays, n int) { NormSumsSiLU(x.a, x.b, x.c, n, x.mean, x.rows, x.shift, x.sums) },
		func(x *arrays, n int) { normSumsSiLUGeneric(x.a, x.b, x.c, n, x.mean, x.rows, x.shift, x.sums) }},
	{"norm grad leaky", func(x *arrays, n int) {
		NormGradLeaky(x.a, x.b, x.c, n, x.mean, x.rows, x.shift, 0.2, x.tilt, x.offset)
	},
		func(x *arrays, n int) {
			normGradLeakyGeneric(x.a, x.b, x.c, n, x.mean, x.rows, x.shift, 0.2, x.tilt, x.offset)
		}},
}

// affineGroups and weighGroups process groups of n rows with 2n channels, beginning with the
// second half of the channels.
func affineGroups(f func(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64)) func(x *arrays, n int) {
	return func(x *arrays, n int) {
		deviations := make([]float64, 2*rowCount)
		for i := range deviations {
			deviations[i] = x.deviation(i)
		}
		f(x.a, x.d, x.e, x.b[:2*n], x.c[:2*n], n, n, x.mean, deviations)
	}
}

func weighGroups(f func(totals, sums []float64, gamma []float32, first, rows int)) func(x *arrays, n int) {
	return func(x *arrays, n int) {
		sums := make([]float64, 2*rowCount*n)
		for i := range sums {
			sums[i] = x.deviation(i)
		}
		f(x.sums, sums, x.b[:2*n], n, n)
	}
}

// columns processes three rows of n elements, rounded down to whole vectors. The rows are n+3
// elements apart.
func columns(f func(x *arrays, b Block, n int)) func(x *arrays, n int) {
	return func(x *arrays, n int) {
		if whole := n &^ (ColumnUnit - 1); whole > 0 {
			f(x, Block{Rows: 3, Step: n + 3}, whole)
		}
	}
}

// columnSums makes room for n sums.
func (x *arrays) columnSums(n int) []float64 {
	x.sums = make([]float64, n)
	return x.sums
}

// addPairs adds two pairs of three samples.
func addPairs(f func(total, sums []float64, stride int, factors []float32, step int)) func(x *arrays, n int) {
	return func(x *arrays, n int) {
		f(x.sums[:4], []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, 5, []float32{0.7, 0, -1.3, 0, 2.1}, 2)
	}
}

func (x *arrays) deviation(i int) float64 { return float64(x.mean[i/2%rowCount]) + 0.1*float64(i%7) }

func (x *arrays) adam(n int, f func(p, g, m, v []float32, c *AdamConstants)) {
	Mul(x.d[:n], x.d, x.d) // second moments are not negative
	f(x.a[:n], x.b[:n], x.c[:n], x.d[:n], &AdamConstants{0.9, 0.1, 0.999, 0.001, 0.01, 1.2, 1e-8})
}

// lengths covers every tail and every number of unrolled steps.
func lengths() []int {
	n := []int{127, 128, 515, 1030}
	for i := range 71 {
		n = append(n, i)
	}
	return n
}

func TestAssemblyAgrees(t *testing.T) {
	for _, k := range kernels {
		t.Run(k.name, func(t *testing.T) {
			for _, n := range lengths() {
				for off := range 3 {
					got, want := operands(n, off), operands(n, off)
					k.fast(got, n)
					k.ref(want, n)
					for i, pair := range [][2][]float32{{got.a, want.a}, {got.b, want.b}, {got.c, want.c}, {got.d, want.d}, {got.e, want.e}, {got.rows, want.rows}} {
						near(t, fmt.Sprintf("n=%d array %d", n, i), pair[0], pair[1])
					}
					for i := range got.sums {
						if d := math.Abs(got.sums[i] - want.sums[i]); !(d <= agree*max(64*float64(n+1), math.Abs(want.sums[i]))) {
							t.Fatalf("n=%d sum %d: %v, want %v", n, i, got.sums[i], want.sums[i])
						}
					}
				}
			}
		})
	}
}

// near compares arrays and their guards. The tolerance is relative to the magnitude of the
// terms, at most 64, because the terms of a result may cancel.
func near(t *testing.T, name string, got, want []float32) {
	t.Helper()
	end := len(got) + guard
	got, want = got[:min(end, cap(got))], want[:min(end, cap(want))]
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= agree*max(64, math.Abs(float64(want[i])))) {
			t.Fatalf("%s, element %d: %v, want %v", name, i, got[i], want[i])
		}
	}
}

// arguments returns arguments over the whole range, dense near 0.
func arguments() (x []float32) {
	for v := float32(1e-6); v < 120; v *= 1.003 {
		x = append(x, v, -v)
	}
	return append(x, 0)
}

func TestTranscendentals(t *testing.T) {
	x := arguments()
	y := make([]float32, len(x))
	ones := slices.Repeat([]float32{1}, len(x))
	sigmoid := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	for _, c := range []struct {
		name      string
		fast, ref func()
		want      func(v float64) float64
		tolerance float64 // relative to the value, but at least to floor
		floor     float64
	}{
		{"exp", func() { ExpShift(y, x, 1, 0) }, func() { expShiftGeneric(y, x, 1, 0) },
			func(v float64) float64 { return math.Exp(min(max(v, -87), 87)) }, 1.5 * ulp, 0},
		{"silu", func() { SiLU(y, x) }, func() { siluGeneric(y, x) },
			func(v float64) float64 { return v * sigmoid(v) }, 3 * ulp, 1e-28},
		{"tanh", func() { Tanh(y, x) }, func() { tanhGeneric(y, x) }, math.Tanh, 2 * ulp, 0},
		// Slopes cross zero, where the error is relative to the magnitude of the terms.
		{"silu slope", func() { SiLUGrad(y, ones, x) }, func() { siluGradGeneric(y, ones, x) },
			func(v float64) float64 { s := sigmoid(v); return s + v*s*(1-s) }, 3 * ulp, 1},
		{"tanh slope", func() { Tanh(y, x); TanhGrad(y, ones, y) }, func() { tanhGeneric(y, x); tanhGradGeneric(y, ones, y) },
			func(v float64) float64 { return 1 - math.Tanh(v)*math.Tanh(v) }, 3 * ulp, 1},
	} {
		for path, f := range map[string]func(){"chosen": c.fast, "portable": c.ref} {
			f()
			var worst float64
			for i, v := range x {
				w := c.want(float64(v))
				if w == float64(y[i]) {
					continue
				}
				worst = max(worst, math.Abs(float64(y[i])-w)/max(math.Abs(w), c.floor))
			}
			t.Logf("%s, %s path: %.2f ulp", c.name, path, worst/ulp)
			if !(worst <= c.tolerance) {
				t.Errorf("%s, %s path: error %.3g, tolerance %.3g", c.name, path, worst, c.tolerance)
			}
		}
	}
}

// TestNaN: the activations of NaN must be NaN, so that a failed training run is noticed.
func TestNaN(t *testing.T) {
	nan := float32(math.NaN())
	x, y := slices.Repeat([]float32{nan}, 11), make([]float32, 11)
	for name, f := range map[string]func(){
		"leaky": func() { Leaky(y, x, 0) }, "silu": func() { SiLU(y, x) }, "tanh": func() { Tanh(y, x) },
		"silu grad": func() { SiLUGrad(y, x, x) }, "leaky grad": func() { LeakyGrad(y, x, x, 0.1) }, "tanh grad": func() { TanhGrad(y, x, x) },
	} {
		clear(y)
		f()
		for i, v := range y {
			if v == v {
				t.Errorf("%s: element %d is %v", name, i, v)
			}
		}
	}
}

func TestFinite(t *testing.T) {
	for _, n := range lengths() {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			x := make([]float32, n+1)
			x[n] = float32(bad) // just outside of x[:n]
			if !Finite(x[:n]) || Finite(x) || finiteGeneric(x) || !finiteGeneric(x[:n]) {
				t.Fatalf("n=%d %v: not told apart", n, bad)
			}
		}
	}
}

func TestMaximum(t *testing.T) {
	for _, n := range lengths() {
		for at := range min(n, 40) {
			x := slices.Repeat([]float32{-3}, n)
			x[at] = -2
			if Maximum(x) != -2 || maximumGeneric(x) != -2 {
				t.Fatalf("n=%d: the maximum at %d is missed", n, at)
			}
		}
	}
}

// TestBlocks compares DuplicateRows and BlockSums with their definitions for each pixel.
func TestBlocks(t *testing.T) {
	for _, width := range []int{1, 2, 3, 4, 8, 19} {
		for rows := range 14 {
			n := rows * width
			o := operands(4*n, 1)
			x, long := o.b[:n], o.c[:4*n]
			y, back := make([]float32, 4*n), make([]float32, n)
			DuplicateRows(y, x, width, 0.25)
			BlockSums(back, long, width, 0.25)
			at := func(row, col int) int { return row*2*width + col }
			for i, v := range x {
				top, left := i/width*2, i%width*2
				want := 0.25 * ((long[at(top, left)] + long[at(top, left+1)]) + (long[at(top+1, left)] + long[at(top+1, left+1)]))
				if back[i] != want {
					t.Fatalf("width %d, %d rows: sum %d is %v, want %v", width, rows, i, back[i], want)
				}
				for _, got := range []float32{y[at(top, left)], y[at(top, left+1)], y[at(top+1, left)], y[at(top+1, left+1)]} {
					if got != 0.25*v {
						t.Fatalf("width %d, %d rows: a copy of pixel %d is %v, want %v", width, rows, i, got, 0.25*v)
					}
				}
			}
		}
	}
}

// TestResample compares the kernels without code for a tail with their definitions. They
// agree exactly, except for the gradient of DoubleLine.
func TestResample(t *testing.T) {
	for _, n := range lengths() {
		if n == 0 {
			continue
		}
		o := operands(2*n, 1)
		x, long, other := o.b[:n], o.c[:2*n], o.d[:2*n]
		y, back, back2 := make([]float32, 2*n), make([]float32, n), make([]float32, n)
		check := func(name string, got []float32, want func(i int) float32) {
			for i, v := range got {
				if w := want(i); v != w {
					t.Fatalf("%s, n=%d: element %d is %v, want %v", name, n, i, v, w)
				}
			}
		}
		Duplicate(y, x, 0.25)
		check("duplicate", y, func(i int) float32 { return x[i/2] * 0.25 })
		PairSums(back, long, other, 0.25)
		check("pair sums", back, func(i int) float32 {
			return 0.25 * ((long[2*i] + long[2*i+1]) + (other[2*i] + other[2*i+1]))
		})
		Evens(back, long)
		check("evens", back, func(i int) float32 { return long[2*i] })
		Interleave(y, x, other)
		check("interleave", y, func(i int) float32 { return [][]float32{x, other}[i%2][i/2] })
		Deinterleave(back, back2, long)
		check("deinterleave", back, func(i int) float32 { return long[2*i] })
		check("deinterleave", back2, func(i int) float32 { return long[2*i+1] })
		DoubleLine(y, x)
		check("double line", y, func(i int) float32 {
			near, far := x[i/2], x[min(max(i/2+i%2*2-1, 0), n-1)]
			return 0.75*near + 0.25*far
		})
		// The transpose gives the same inner products.
		DoubleLineGrad(back, long)
		var a, b float64
		for i, v := range y {
			a += float64(v) * float64(long[i])
		}
		for i, v := range back {
			b += float64(v) * float64(x[i])
		}
		if math.Abs(a-b) > agree*64*float64(n) {
			t.Fatalf("double line, n=%d: products %v and %v", n, a, b)
		}
	}
}

func TestWindow(t *testing.T) {
	taps := [Taps]float64{1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1}
	for _, n := range lengths() {
		for _, stride := range []int{1, 13} {
			x, y := make([]float64, n+10*stride), make([]float64, n)
			for i := range x {
				x[i] = float64(Mix(uint64(i)) >> 60) // small integers: all sums are exact
			}
			Window(y, x, stride, &taps)
			for i, v := range y {
				var want float64
				for k, w := range taps {
					want += w * x[i+k*stride]
				}
				if v != want {
					t.Fatalf("n=%d stride %d: element %d is %v, want %v", n, stride, i, v, want)
				}
			}
		}
	}
}

// TestPixels: every byte becomes the float32 nearest to x/255, at any position.
func TestPixels(t *testing.T) {
	for _, width := range lengths()[4:] {
		if width == 0 {
			continue
		}
		for _, stride := range []int{width, width + 5, 2000} {
			for _, reversed := range []bool{false, true} {
				const rows = 11
				x := make([]uint8, (rows-1)*stride+width)
				for i := range x {
					x[i] = uint8(7*i + i/width)
				}
				y := make([]float32, rows*width+guard)
				Pixels(y[:rows*width], x, width, stride, reversed)
				for i, v := range y {
					var want float32
					if row, column := i/width, i%width; row < rows {
						if reversed {
							column = width - 1 - column
						}
						want = float32(float64(x[row*stride+column]) / 255)
					}
					if v != want {
						t.Fatalf("width %d stride %d reversed %v: element %d is %v, want %v", width, stride, reversed, i, v, want)
					}
				}
			}
		}
	}
	Pixels(nil, nil, 0, 0, false)
}

func BenchmarkKernels(b *testing.B) {
	const n = 4096 // fits the caches, so that the speed is that of the arithmetic
	for _, k := range kernels {
		b.Run(k.name, func(b *testing.B) {
			x := operands(n, 0)
			b.SetBytes(4 * n)
			for b.Loop() {
				k.fast(x, n)
			}
		})
	}
}

// TestRowMoments: the moments of a row do not depend on the other rows, bit for bit.
func TestRowMoments(t *testing.T) {
	for _, n := range lengths() {
		x := operands(n, 1)
		RowMoments(x.sums, x.b, n)
		for r := range rowCount {
			want := make([]float64, 2)
			if RowMoments(want, x.b[n*r:][:n], n); !slices.Equal(x.sums[2*r:][:2], want) {
				t.Fatalf("n=%d row %d: %v, want %v", n, r, x.sums[2*r:][:2], want)
			}
		}
	}
}

// TestPairsOfRows: rows of half a vector are processed two at a time, which does not change
// any bit of the results.
func TestPairsOfRows(t *testing.T) {
	const n = 4
	for _, k := range []struct {
		name string
		do   func(x *arrays, lo, hi int)
	}{
		{"normalize leaky", func(x *arrays, lo, hi int) {
			NormalizeLeaky(x.a[n*lo:n*hi], x.b[n*lo:n*hi], n, x.mean[lo:hi], x.rows[lo:hi], x.shift[lo:hi], 0.2)
		}},
		{"normalize silu", func(x *arrays, lo, hi int) {
			NormalizeSiLU(x.a[n*lo:n*hi], x.b[n*lo:n*hi], n, x.mean[lo:hi], x.rows[lo:hi], x.shift[lo:hi])
		}},
		{"sum rows", func(x *arrays, lo, hi int) { SumRows(x.a[lo:hi], x.b[n*lo:n*hi], n) }},
		{"norm sums leaky", func(x *arrays, lo, hi int) {
			NormSumsLeaky(x.b[n*lo:n*hi], x.c[n*lo:n*hi], n, x.mean[lo:hi], x.rows[lo:hi], x.shift[lo:hi], 0.2, x.sums[2*lo:2*hi])
		}},
		{"norm sums silu", func(x *arrays, lo, hi int) {
			NormSumsSiLU(x.a[n*lo:n*hi], x.b[n*lo:n*hi], x.c[n*lo:n*hi], n, x.mean[lo:hi], x.rows[lo:hi], x.shift[lo:hi], x.sums[2*lo:2*hi])
		}},
		{"norm grad leaky", func(x *arrays, lo, hi int) {
			NormGradLeaky(x.a[n*lo:n*hi], x.b[n*lo:n*hi], x.c[n*lo:n*hi], n, x.mean[lo:hi], x.rows[lo:hi], x.shift[lo:hi], 0.2, x.tilt[lo:hi], x.offset[lo:hi])
		}},
	} {
		got, want := operands(n, 1), operands(n, 1)
		k.do(got, 0, rowCount)
		for r := range rowCount {
			k.do(want, r, r+1)
		}
		if !slices.Equal(got.a, want.a) || !slices.Equal(got.sums, want.sums) {
			t.Errorf("%s: together %v %v, one by one %v %v", k.name, got.a, got.sums, want.a, want.sums)
		}
	}
}
