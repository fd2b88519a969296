// Package kerneltest holds helpers for the tests of kernels: inputs, comparisons
// with float64 implementations, and gradients by central differences.
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

// Close fails the test if the error of got exceeds tolerance in the relative
// Euclidean norm, or if the error of any element exceeds ten times tolerance
// relative to the largest element of want.
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
	const step = 1e-5 // truncation causes an error of about step^2, rounding one of about 1e-16/step
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

// Differences bounds the error of Gradient itself for gradients of magnitude one.
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

// NoAllocations fails the test if f, after a first call, allocates at least once per
// call. Unlike testing.AllocsPerRun it keeps all cores in use. On a busy machine more
// cores than before may need scratch memory at the same time, so there are several
// attempts. Under the race detector, which makes pools drop values at random,
// allocations are not counted.
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
