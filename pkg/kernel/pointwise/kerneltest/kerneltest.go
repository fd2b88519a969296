// Package kerneltest holds what the tests of the kernels share: inputs,
// comparisons with float64 implementations, and gradients by central
// differences.
package kerneltest

import (
	"math"
	"runtime"
	"testing"

	"multiscale/pkg/kernel/pointwise/vector"
)

// Noise returns n reproducible values, uniform in [-1, 1).
func Noise(seed uint64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(int64(vector.Mix(seed<<32+uint64(i)))>>40) / (1 << 23)
	}
	return x
}

// Wide returns x in float64.
func Wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// Close fails the test if got is further from want than tolerance in the
// relative Euclidean norm, or anywhere than ten times that of want's largest
// element.
func Close(t testing.TB, name string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	var diff, norm, largest, worst float64
	at := 0
	for i, w := range want {
		d := math.Abs(float64(got[i]) - w)
		diff += d * d
		norm += w * w
		largest = max(largest, math.Abs(w))
		if d > worst || d != d {
			worst, at = d, i
		}
	}
	if !(math.Sqrt(diff) <= tolerance*math.Sqrt(norm)) || !(worst <= 10*tolerance*largest) {
		t.Errorf("%s: relative error %.3g, largest difference %.3g at %d (got %v, want %v); tolerance %.3g",
			name, math.Sqrt(diff/norm), worst, at, got[at], want[at], tolerance)
	}
}

// Gradient returns the gradient at x of sum(gy*f(x)) by central differences.
func Gradient(f func(x []float64) []float64, x, gy []float64) []float64 {
	const step = 1e-5 // error about step^2 from the truncation, 1e-16/step from rounding
	at := append([]float64{}, x...)
	project := func() (s float64) {
		for i, v := range f(at) {
			s += v * gy[i]
		}
		return s
	}
	g := make([]float64, len(x))
	for i, v := range x {
		at[i] = v + step
		up := project()
		at[i] = v - step
		down := project()
		at[i] = v
		g[i] = (up - down) / (2 * step)
	}
	return g
}

// Differences is the error that Gradient itself makes, next to gradients of
// magnitude one.
const Differences = 1e-7

// SameOnAnyCores fails the test if f gives different bits on one core and on
// four.
func SameOnAnyCores(t *testing.T, f func() []float32) {
	t.Helper()
	old := runtime.GOMAXPROCS(1)
	one := f()
	runtime.GOMAXPROCS(4)
	four := f()
	runtime.GOMAXPROCS(old)
	for i := range one {
		if math.Float32bits(one[i]) != math.Float32bits(four[i]) {
			t.Fatalf("element %d is %v on one core and %v on four", i, one[i], four[i])
		}
	}
}

// NoAllocations fails the test if f, once it is warm, allocates as often as it is
// called. All cores stay in use, which testing.AllocsPerRun would not allow. On a
// machine with other work more cores than before may need their scratch memory at
// once, so a few attempts count. The race detector makes pools forget at random, so
// there it is not looked at.
func NoAllocations(t *testing.T, f func()) {
	t.Helper()
	const calls, attempts = 50, 4
	f()
	if raceEnabled {
		return
	}
	var n uint64
	for range attempts {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range calls {
			f()
		}
		runtime.ReadMemStats(&after)
		if n = after.Mallocs - before.Mallocs; n < calls {
			return
		}
	}
	t.Errorf("%d allocations in %d calls", n, calls)
}
