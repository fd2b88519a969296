package conv

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// results runs all passes once, on fresh data.
func results(f *Filter, s Shape) [][]float32 {
	r := rand.New(rand.NewPCG(5, 6))
	x, w, gy := random(r, s.input().size()), random(r, s.O*s.C*s.taps()), random(r, s.output().size())
	y, gx, gw := make([]float32, len(gy)), make([]float32, len(x)), make([]float32, len(w))
	gb, gs := make([]float32, s.O), make([]float32, s.N*s.O)
	if f.w == nil {
		f.Load(w)
	}
	Forward(y, x, f, s, Epilogue{Bias: gy[:s.O]})
	InputGradient(gx, gy, f, s)
	WeightGradient(gw, gb, gs, gy, x, s)
	return [][]float32{y, gx, gw, gb, gs}
}

// TestCoresDoNotMatter: results are the same bytes on any number of cores.
func TestCoresDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, a := range []Algorithm{Direct, Winograd} {
		on(t, func(t *testing.T) {
			for _, s := range []Shape{{3, 20, 30, 33, 40, 3, 1, 1, Auto}, {16, 32, 4, 4, 64, 3, 1, 1, Auto}, {70, 32, 2, 2, 64, 3, 1, 1, Auto}, {2, 17, 21, 18, 9, 3, 2, 1, Auto}, {3, 17, 7, 8, 19, 3, 1, 1, Auto}} {
				if s.Algorithm = a; s.long() {
					continue
				}
				var want [][]float32
				for _, procs := range []int{1, 2, 4} {
					runtime.GOMAXPROCS(procs)
					got := results(NewFilter(s.O, s.C, s.Kernel), s)
					if want == nil {
						want = got
					}
					for i := range want {
						if !slices.Equal(got[i], want[i]) {
							t.Errorf("%s: result %d differs with GOMAXPROCS %d", s.name(), i, procs)
						}
					}
				}
			}
		})
	}
}

// TestFilterIsShared: several graphs may use one filter at once, and Load
// makes all packed forms follow.
func TestFilterIsShared(t *testing.T) {
	s := Shape{2, 16, 12, 12, 16, 3, 1, 1, Auto}
	f := NewFilter(s.O, s.C, s.Kernel)
	r := rand.New(rand.NewPCG(7, 8))
	w := random(r, s.O*s.C*s.taps())
	for range 3 {
		f.Load(w)
		fresh := NewFilter(s.O, s.C, s.Kernel)
		fresh.Load(w)
		want := results(fresh, s)
		var users sync.WaitGroup
		for range 4 {
			users.Go(func() {
				for i, got := range results(f, s) {
					if !slices.Equal(got, want[i]) {
						t.Errorf("result %d differs", i)
					}
				}
			})
		}
		users.Wait()
		for i := range w {
			w[i] = -w[i]
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	for _, a := range []Algorithm{Direct, Winograd} {
		for _, s := range []Shape{{2, 40, 30, 30, 40, 3, 1, 1, Auto}, {9, 40, 2, 2, 40, 3, 1, 1, Auto}, {2, 16, 20, 20, 16, 3, 2, 1, Auto}} {
			s.Algorithm = a
			r := rand.New(rand.NewPCG(5, 6))
			x, w, gy := random(r, s.input().size()), random(r, s.O*s.C*s.taps()), random(r, s.output().size())
			f := NewFilter(s.O, s.C, s.Kernel)
			step := func() {
				f.Load(w)
				Forward(gy, x, f, s, Epilogue{Bias: w[:s.O]})
				InputGradient(x, gy, f, s)
				WeightGradient(w, w[:s.O], nil, gy, x, s)
				for i := range w {
					w[i] = float32(i%7) - 3
				}
			}
			step()
			if n := testing.AllocsPerRun(5, step); n != 0 {
				t.Errorf("%v, %s: %v allocations", a, s.name(), n)
			}
		}
	}
}

// FuzzShapes compares all paths with the definition on any small shape.
func FuzzShapes(f *testing.F) {
	f.Add(uint8(1), uint8(2), uint8(9), uint8(8), uint8(4), uint8(3), uint8(1), uint8(1))
	f.Add(uint8(2), uint8(33), uint8(4), uint8(5), uint8(17), uint8(3), uint8(2), uint8(1))
	f.Add(uint8(1), uint8(1), uint8(1), uint8(1), uint8(1), uint8(5), uint8(3), uint8(2))
	f.Add(uint8(1), uint8(3), uint8(20), uint8(2), uint8(3), uint8(2), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, n, c, h, w, o, kernel, stride, padding uint8) {
		s := Shape{
			N: 1 + int(n)%3, C: 1 + int(c)%40, H: 1 + int(h)%24, W: 1 + int(w)%24, O: 1 + int(o)%40,
			Kernel: 1 + int(kernel)%6, Stride: 1 + int(stride)%3,
		}
		s.Padding = int(padding) % s.Kernel
		if s.H+2*s.Padding < s.Kernel || s.W+2*s.Padding < s.Kernel || s.long() {
			return
		}
		for _, a := range []Algorithm{Direct, Winograd} {
			s.Algorithm = a
			on(t, func(t *testing.T) { checkShape(t, s) })
		}
	})
}

func TestWrongArguments(t *testing.T) {
	s := Shape{1, 2, 3, 3, 2, 3, 1, 1, Auto}
	f := NewFilter(2, 2, 3)
	f.Load(make([]float32, 36))
	plane := make([]float32, 18)
	for name, do := range map[string]func(){
		"short y":       func() { Forward(plane[:17], plane, f, s, Epilogue{}) },
		"short bias":    func() { Forward(plane, plane, f, s, Epilogue{Bias: plane[:1]}) },
		"other filter":  func() { Forward(plane, plane, NewFilter(2, 2, 1), s, Epilogue{}) },
		"no weights":    func() { Forward(plane, plane, NewFilter(2, 2, 3), s, Epilogue{}) },
		"short weights": func() { f.Load(plane) },
		"no stride":     func() { InputGradient(plane, plane, f, Shape{1, 2, 3, 3, 2, 3, 0, 1, Auto}) },
		"short gw":      func() { WeightGradient(plane, nil, nil, plane, plane, s) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			do()
		}()
	}
}
