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

// TestLinear: a linear function is harmonic, so that holes inside an image get its values. The error
// of a solution is larger than the last change: up to a tenth of a grey level of 255 here.
func TestLinear(t *testing.T) {
	x := pixel.NewImages(1, 1, 200, 300)
	value := func(i int) float32 { return float32(i/300)/200 - float32(i%300)/300 }
	hole := holes(200, 300, func(i, j int) bool { return i > 9 && i < 180 && j > 20 && j < 250 })
	for i := range x.Data {
		if x.Data[i] = value(i); hole[i] {
			x.Data[i] = 7
		}
	}
	Fill(x, hole)
	for i, v := range x.Data {
		if math.Abs(float64(v-value(i))) > 4e-4 {
			t.Fatalf("pixel %d is %g, want %g", i, v, value(i))
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
