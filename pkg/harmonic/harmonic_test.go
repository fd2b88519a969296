package harmonic

import (
	"math"
	"testing"

	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// holes is a hole by the formula of its pixels.
func holes(h, w int, in func(i, j int) bool) []bool {
	m := make([]bool, h*w)
	for i := range h {
		for j := range w {
			m[i*w+j] = in(i, j)
		}
	}
	return m
}

var shapes = []struct {
	name string
	h, w int
	in   func(i, j int) bool
}{
	{"box", 40, 60, func(i, j int) bool { return i >= 5 && i < 33 && j >= 10 && j < 41 }},
	{"at the border", 33, 31, func(i, j int) bool { return i < 20 && j > 7 }},
	{"scratch", 30, 30, func(i, j int) bool { return i == j || i == j+1 }},
	{"all but a pixel", 16, 16, func(i, j int) bool { return i != 3 || j != 9 }},
	{"every second pixel", 15, 15, func(i, j int) bool { return (i+j)%2 == 0 }},
	{"row", 1, 20, func(i, j int) bool { return j > 2 && j < 11 }},
	{"comb", 64, 64, func(i, j int) bool { return j%5 < 4 || i > 50 && i < 60 }},
	{"disc", 128, 128, func(i, j int) bool { return (i-60)*(i-60)+(j-64)*(j-64) < 55*55 }},
}

// TestMean: each missing pixel is the mean of its neighbours, and no other pixel changes.
func TestMean(t *testing.T) {
	for _, s := range shapes {
		x := pixel.NewImages(1, 2, s.h, s.w)
		r := random.New(1)
		r.Normals(x.Data)
		before := append([]float32(nil), x.Data...)
		hole := holes(s.h, s.w, s.in)
		Fill(x, hole)
		for i, v := range x.Data {
			c, row, column := i/(s.h*s.w), i/s.w%s.h, i%s.w
			if !hole[i%(s.h*s.w)] {
				if v != before[i] {
					t.Fatalf("%s: pixel %d,%d changed", s.name, row, column)
				}
				continue
			}
			sum, n := 0.0, 0.0
			for _, d := range [][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				if a, b := row+d[0], column+d[1]; a >= 0 && a < s.h && b >= 0 && b < s.w {
					sum, n = sum+float64(x.Data[(c*s.h+a)*s.w+b]), n+1
				}
			}
			if math.Abs(sum/n-float64(v)) > 2*settled {
				t.Fatalf("%s: pixel %d,%d is %g, the mean of its neighbours %g", s.name, row, column, v, sum/n)
			}
		}
	}
}

// TestExact: a hole of any shape gets the values of the harmonic function that surrounds it, within an eighth of a grey level of 255.
// Linear functions, and cosines in rows that grow by the same rate in columns, fulfil the equation of four neighbours exactly. The
// latter have zero slope at the left and right border.
func TestExact(t *testing.T) {
	for _, c := range []struct {
		h, w int
		in   func(i, j int) bool
	}{
		{200, 300, func(i, j int) bool { return i > 9 && i < 180 && j > 20 && j < 250 }},
		{300, 300, func(i, j int) bool { return i >= 2 && i < 298 }},
		{33, 900, func(i, j int) bool { return i >= 1 && i < 32 }},
		{400, 3, func(i, j int) bool { return i > 4 && i < 300 }},
	} {
		rate := math.Pi / float64(c.w)
		growth := math.Acosh(2 - math.Cos(rate)) // 2 cos(rate) + 2 cosh(growth) is 4
		for name, value := range map[string]func(i, j float64) float64{
			"linear": func(i, j float64) float64 { return i / float64(c.h) },
			"cosine": func(i, j float64) float64 {
				return math.Cos(rate*(j+0.5)) * math.Cosh(growth*(i-float64(c.h)/2)) / math.Cosh(growth*float64(c.h)/2)
			},
		} {
			x := pixel.NewImages(1, 1, c.h, c.w)
			hole := holes(c.h, c.w, c.in)
			for i := range x.Data {
				if x.Data[i] = float32(value(float64(i/c.w), float64(i%c.w))); hole[i] {
					x.Data[i] = 7
				}
			}
			Fill(x, hole)
			for i, v := range x.Data {
				if want := value(float64(i/c.w), float64(i%c.w)); math.Abs(float64(v)-want) > 5e-4 {
					t.Fatalf("%s, %dx%d: pixel %d,%d is %g, want %g", name, c.h, c.w, i/c.w, i%c.w, v, want)
				}
			}
		}
	}
}

// TestLine: between two pixels of a line, values change at a constant rate, in rows and in columns.
func TestLine(t *testing.T) {
	for _, n := range []int{2, 3, 9, 64, 400, 1000} {
		for _, column := range []bool{false, true} {
			x := pixel.NewImages(1, 1, 1, n)
			if column {
				x = pixel.NewImages(1, 1, n, 1)
			}
			hole := make([]bool, n)
			for i := range hole {
				hole[i] = i > 0 && i < n-1
			}
			x.Data[0], x.Data[n-1] = -1, 1
			Fill(x, hole)
			for i, v := range x.Data {
				if want := 2*float64(i)/float64(n-1) - 1; math.Abs(float64(v)-want) > 4e-3 {
					t.Fatalf("%d pixels: pixel %d is %g, want %g", n, i, v, want)
				}
			}
		}
	}
}

// TestNothing: without a hole nothing changes; without a pixel all is zero.
func TestNothing(t *testing.T) {
	x := pixel.NewImages(1, 1, 2, 2)
	copy(x.Data, []float32{1, 2, 3, 4})
	if Fill(x, make([]bool, 4)); x.Data[3] != 4 {
		t.Error("without a hole, pixels change")
	}
	if Fill(x, []bool{true, true, true, true}); x.Data[0] != 0 || x.Data[3] != 0 {
		t.Errorf("all pixels missing: %v, want zeros", x.Data)
	}
}

// TestReuse: a fill depends on nothing that ran before it.
func TestReuse(t *testing.T) {
	s := new(solver)
	fill := func(s *solver, h, w int, in func(i, j int) bool) []float32 {
		x := make([]float32, h*w)
		r := random.New(2)
		r.Normals(x)
		s.prepare(holes(h, w, in), h, w)
		s.fill(x)
		return x
	}
	for _, c := range shapes {
		got, want := fill(s, c.h, c.w, c.in), fill(new(solver), c.h, c.w, c.in)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: pixel %d is %g, with new buffers %g", c.name, i, got[i], want[i])
			}
		}
	}
}

func BenchmarkFill(b *testing.B) {
	x := pixel.NewImages(1, 3, 256, 256)
	r := random.New(1)
	r.Normals(x.Data)
	hole := holes(256, 256, func(i, j int) bool { return i > 50 && i < 178 && j > 50 && j < 178 })
	b.ReportAllocs()
	for range b.N {
		Fill(x, hole)
	}
}
