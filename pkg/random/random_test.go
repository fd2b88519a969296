package random

import (
	"math"
	"sort"
	"testing"
)

// TestGolden pins the streams to golden values. A change of these values changes every result
// that has been published with a seed.
func TestGolden(t *testing.T) {
	s := New(1)
	c := New(7, 1, 2).Child("noise", 3)
	for _, tc := range []struct {
		name string
		s    *Stream
		want [3]uint64
	}{
		{"New(1)", &s, goldenRoot},
		{"New(7, 1, 2).Child(noise, 3)", &c, goldenChild},
	} {
		for i, want := range tc.want {
			if got := tc.s.Uint64(); got != want {
				t.Errorf("%s: word %d is %#x, was %#x", tc.name, i, got, want)
			}
		}
	}
	if got := Key(5, 6); got != goldenKey {
		t.Errorf("Key(5, 6) is %#x, was %#x", got, goldenKey)
	}
	// The hash also covers the ziggurat's slow branches.
	x := make([]float32, 100000)
	n := New(3)
	n.Normals(x)
	hash := uint64(0)
	for _, v := range x {
		hash = mix(hash + uint64(math.Float32bits(v)))
	}
	if hash != goldenNormals {
		t.Errorf("hash of 100000 normals is %#x, was %#x", hash, goldenNormals)
	}
}

var (
	goldenRoot           = [3]uint64{0xebf4d1e57967c6bb, 0xa3fb9016f5e35e20, 0xc5d506415f5a9b6d}
	goldenChild          = [3]uint64{0x81dc50eb86139edc, 0x4ebd2504761448b6, 0x77c92cb81334a78b}
	goldenKey     uint64 = 0xfec5fc2fbc9d9ca
	goldenNormals uint64 = 0x7b520495234a9626
)

func TestVectorsEqualSingleDraws(t *testing.T) {
	const n = 20000
	a, b := New(9), New(9)
	x, u := make([]float32, n), make([]float32, n)
	a.Normals(x)
	a.Uniforms(u)
	for i := range n {
		if got := b.Normal(); got != x[i] {
			t.Fatalf("normal %d: %v alone, %v in a vector", i, got, x[i])
		}
	}
	for i := range n {
		if got := b.Float32(); got != u[i] {
			t.Fatalf("uniform %d: %v alone, %v in a vector", i, got, u[i])
		}
	}
	c := New(9)
	c.Skip(n - 1)
	if got := c.Normal(); got != x[n-1] {
		t.Errorf("after Skip: %v, want %v", got, x[n-1])
	}
}

func TestChildIgnoresPosition(t *testing.T) {
	a, b := New(4), New(4)
	a.Skip(1000)
	ca, cb := a.Child("x", 1), b.Child("x", 1)
	if ca.Uint64() != cb.Uint64() {
		t.Error("a child depends on how much its parent has drawn")
	}
}

func TestNamesAreDistinct(t *testing.T) {
	s := New(1)
	seen := map[uint64]string{}
	for name, stream := range map[string]Stream{
		"root": s, "other seed": New(2), "path 0": New(1, 0), "path 0 0": New(1, 0, 0), "path 1": New(1, 1),
		"a": s.Child("a"), "b": s.Child("b"), "empty": s.Child(""), "a 0": s.Child("a", 0), "a 0 0": s.Child("a", 0, 0),
		"a 1 2": s.Child("a", 1, 2), "a 2 1": s.Child("a", 2, 1), "a/a": s.Child("a").Child("a"), "ab": s.Child("ab"), "ba": s.Child("ba"),
	} {
		for what, v := range map[string]uint64{"first word": stream.Uint64(), "key": stream.Key()} {
			if other, ok := seen[v]; ok {
				t.Errorf("%s of %s equals %s", what, name, other)
			}
			seen[v] = what + " of " + name
		}
	}
}

// kolmogorov is the scaled Kolmogorov-Smirnov statistic. It exceeds 1.95 by chance once in
// 1000. Tests are not flaky, since their seeds are fixed.
func kolmogorov(x []float64, cdf func(float64) float64) float64 {
	sort.Float64s(x)
	n := float64(len(x))
	d := 0.0
	for i, v := range x {
		p := cdf(v)
		d = max(d, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	return d * math.Sqrt(n)
}

const kolmogorov999 = 1.95

func TestUniformDistribution(t *testing.T) {
	const n = 200000
	for _, tc := range []struct {
		name string
		draw func(s *Stream) float64
	}{
		{"Float32", func(s *Stream) float64 { return float64(s.Float32()) }},
		{"Float64", func(s *Stream) float64 { return s.Float64() }},
		{"low bits", func(s *Stream) float64 { return float64(s.Uint64()&0xffffff) / (1 << 24) }},
		{"first word of children", func() func(s *Stream) float64 {
			var i uint64
			return func(s *Stream) float64 { i++; c := s.Child("k", i); return c.Float64() }
		}()},
		{"first word of seeds", func() func(s *Stream) float64 {
			var i uint64
			return func(*Stream) float64 { i++; c := New(i); return c.Float64() }
		}()},
	} {
		s := New(11)
		x := make([]float64, n)
		for i := range x {
			if x[i] = tc.draw(&s); x[i] < 0 || x[i] >= 1 {
				t.Fatalf("%s: %v is outside [0, 1)", tc.name, x[i])
			}
		}
		if d := kolmogorov(x, func(v float64) float64 { return v }); d > kolmogorov999 {
			t.Errorf("%s: Kolmogorov-Smirnov %.2f > %v", tc.name, d, kolmogorov999)
		}
	}
}

func TestNormalDistribution(t *testing.T) {
	const n = 4 << 20
	s := New(12)
	x := make([]float32, n)
	s.Normals(x)
	var m [5]float64
	beyond := map[float64]int{edge: 0, 3: 0, 4: 0, 4.5: 0}
	y := make([]float64, n)
	for i, v := range x {
		y[i] = float64(v)
		for p, w := 1, float64(v); p <= 4; p++ {
			m[p] += w / n
			w *= float64(v)
		}
		for e := range beyond {
			if math.Abs(y[i]) > e {
				beyond[e]++
			}
		}
	}
	// The tolerance is four standard errors of the moments of n normal variates.
	for p, want := range map[int]struct{ value, variance float64 }{1: {0, 1}, 2: {1, 2}, 3: {0, 15}, 4: {3, 96}} {
		if e := math.Abs(m[p] - want.value); e > 4*math.Sqrt(want.variance/n) {
			t.Errorf("moment %d is %v, want %v", p, m[p], want.value)
		}
	}
	for e, got := range beyond {
		want := n * math.Erfc(e/math.Sqrt2)
		if math.Abs(float64(got)-want) > 4*math.Sqrt(want) {
			t.Errorf("%d beyond %v, want %.0f", got, e, want)
		}
	}
	if d := kolmogorov(y, func(v float64) float64 { return math.Erfc(-v/math.Sqrt2) / 2 }); d > kolmogorov999 {
		t.Errorf("Kolmogorov-Smirnov %.2f > %v", d, kolmogorov999)
	}
}

// TestIndependence: siblings, parents and children, and neighbours in a stream are not
// correlated.
func TestIndependence(t *testing.T) {
	const n = 100000
	root := New(13)
	a, b := root.Child("a"), root.Child("b")
	c := root
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	a.Normals(x)
	b.Normals(y)
	c.Normals(z)
	first := make([]float32, n)
	for i := range first {
		child := root.Child("a", uint64(i))
		first[i] = child.Normal()
	}
	for name, pair := range map[string][2][]float32{
		"siblings": {x, y}, "parent and child": {z, x}, "lag 1": {x[1:], x[:n-1]}, "lag 7": {x[7:], x[:n-7]},
		"children in a row": {first[1:], first[:n-1]}, "child i and parent's i-th": {first, z},
	} {
		sum := 0.0
		for i := range pair[0] {
			sum += float64(pair[0][i]) * float64(pair[1][i])
		}
		if r := sum / math.Sqrt(float64(len(pair[0]))); math.Abs(r) > 4 {
			t.Errorf("%s: correlation is %.1f standard errors", name, r)
		}
	}
}

func TestIntn(t *testing.T) {
	s := New(14)
	for _, n := range []int{1, 2, 3, 7, 10, 100} {
		const draws = 100000
		count := make([]int, n)
		for range draws {
			count[s.Intn(n)]++
		}
		chi, expect := 0.0, float64(draws)/float64(n)
		for _, c := range count {
			d := float64(c) - expect
			chi += d * d / expect
		}
		// The statistic has mean n-1 and variance 2(n-1). Five standard deviations allow for its long tail.
		if limit := float64(n-1) + 5*math.Sqrt(2*float64(n-1)); chi > limit {
			t.Errorf("Intn(%d): chi-square %.1f > %.1f", n, chi, limit)
		}
	}
	// With a bound of 3*2^61, a plain remainder or product would have a large bias.
	low := 0
	for range 30000 {
		if s.Intn(3<<61) < 1<<61 {
			low++
		}
	}
	if math.Abs(float64(low)-10000) > 4*math.Sqrt(30000*2.0/9) {
		t.Errorf("Intn(3<<61): %d of 30000 in the lowest third", low)
	}
	defer func() {
		if recover() == nil {
			t.Error("Intn(0) does not panic")
		}
	}()
	s.Intn(0)
}

func TestNoAllocation(t *testing.T) {
	s := New(1)
	x := make([]float32, 64)
	var k uint64
	if got := testing.AllocsPerRun(100, func() {
		c := s.Child("noise", k, 3)
		c.Normals(x)
		k += c.Key() + Key(1, k)
	}); got != 0 {
		t.Errorf("%v allocations per step", got)
	}
}

func BenchmarkNormals(b *testing.B) {
	x := make([]float32, 4096)
	s := New(1)
	for b.Loop() {
		s.Normals(x)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/value")
}

// TestNormalAt: a draw does not depend on whether those before it were drawn.
func TestNormalAt(t *testing.T) {
	s := New(5)
	s.Skip(3)
	at := s
	want := make([]float32, 1000) // some of them need more than one word
	s.Normals(want)
	for i, w := range want {
		if got := at.NormalAt(uint64(i)); got != w {
			t.Fatalf("draw %d: %v, want %v", i, got, w)
		}
	}
}
