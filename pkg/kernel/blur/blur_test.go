package blur

import (
	"fmt"
	"math"
	"math/cmplx"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"

	"multiscale/pkg/random"
)

// sizes are the cases of all tests: even, odd and prime sides, rectangles, different
// deviations, one that is wider than the picture, and axes longer than dense.
var sizes = []struct {
	h, w           int
	sigmaY, sigmaX float64
}{
	{1, 1, 3, 3}, {2, 3, 3, 3}, {16, 16, 3, 3}, {15, 15, 3, 3}, {32, 32, 1.5, 4}, {7, 20, 0.5, 40},
	{9, 4, 0, 2}, {5, dense + 1, 1, 3}, {dense + 2, 6, 3, 1},
}

func each(t *testing.T, check func(t *testing.T, g Gaussian, x []float32)) {
	for _, s := range sizes {
		t.Run(fmt.Sprintf("%dx%d sigma %v,%v", s.h, s.w, s.sigmaY, s.sigmaX), func(t *testing.T) {
			x := make([]float32, 2*s.h*s.w)
			r := random.New(1)
			r.Normals(x)
			check(t, New(s.h, s.w, s.sigmaY, s.sigmaX), x)
		})
	}
}

// tolerance is a few rounding errors of values of order one. Sums of positive weights in
// float32 have at most dense terms, which decrease quickly.
const tolerance = 2e-6

// TestConvolution compares with the definition: a periodic convolution with
// the point spread function, in float64.
func TestConvolution(t *testing.T) {
	each(t, func(t *testing.T, g Gaussian, x []float32) {
		h, w := g.down.n, g.across.n
		y := make([]float32, len(x))
		g.Apply(y, x, 2)
		psf := g.PSF()
		sum := 0.0
		for _, v := range psf {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("the point spread function has sum %v", sum)
		}
		// About 1000 pixels are compared, which suffices for large pictures.
		for at := 0; at < len(x); at += 1 + len(x)/1000 {
			plane, i, j := at/(h*w)*(h*w), at/w%h, at%w
			want := 0.0
			for k := range h {
				for l := range w {
					want += psf[(i-k+h)%h*w+(j-l+w)%w] * float64(x[plane+k*w+l])
				}
			}
			if math.Abs(float64(y[at])-want) > tolerance {
				t.Fatalf("pixel %d: %v, want %v", at, y[at], want)
			}
		}
	})
}

// TestFourier compares with the two-dimensional fast Fourier transform F: the inverse of
// F applied to S*F(x), where S is the transform of the point spread function.
func TestFourier(t *testing.T) {
	each(t, func(t *testing.T, g Gaussian, x []float32) {
		h, w := g.down.n, g.across.n
		widen := func(x []float64) []complex128 {
			c := make([]complex128, len(x))
			for i, v := range x {
				c[i] = complex(v, 0)
			}
			return c
		}
		s := transform(widen(g.PSF()), h, w)
		for i, want := range g.Transfer() {
			if cmplx.Abs(s[i]-complex(want, 0)) > 1e-12 {
				t.Fatalf("S at %d is %v, want %v", i, s[i], want)
			}
		}
		plane := make([]float64, h*w)
		for i := range plane {
			plane[i] = float64(x[i])
		}
		f := transform(widen(plane), h, w)
		for i := range f {
			f[i] = cmplx.Conj(f[i] * s[i]) // the inverse transform is the transform of the conjugate
		}
		f = transform(f, h, w)
		y := make([]float32, len(x))
		g.Apply(y, x, 2)
		for i, v := range f {
			if want := real(v) / float64(h*w); math.Abs(float64(y[i])-want) > tolerance {
				t.Fatalf("pixel %d: %v, want %v", i, y[i], want)
			}
		}
	})
}

// transform is the two-dimensional discrete Fourier transform.
func transform(x []complex128, h, w int) []complex128 {
	y := slices.Clone(x)
	rows := fourier.NewCmplxFFT(w)
	for i := range h {
		copy(y[i*w:], rows.Coefficients(nil, slices.Clone(y[i*w:(i+1)*w])))
	}
	columns := fourier.NewCmplxFFT(h)
	column := make([]complex128, h)
	for j := range w {
		for i := range column {
			column[i] = y[i*w+j]
		}
		for i, v := range columns.Coefficients(nil, slices.Clone(column)) {
			y[i*w+j] = v
		}
	}
	return y
}

// TestAdjoint: <K x, z> = <x, K' z>, also for odd sides.
func TestAdjoint(t *testing.T) {
	each(t, func(t *testing.T, g Gaussian, x []float32) {
		z := make([]float32, len(x))
		r := random.New(2)
		r.Normals(z)
		kx, kz := make([]float32, len(x)), make([]float32, len(x))
		g.Apply(kx, x, 2)
		g.Adjoint(kz, z, 2)
		// Relative to the size of the factors; the products may cancel.
		size := math.Sqrt(dot(kx, kx)*dot(z, z)) + math.Sqrt(dot(x, x)*dot(kz, kz))
		if left, right := dot(kx, z), dot(x, kz); math.Abs(left-right) > tolerance*size {
			t.Errorf("<Kx,z> = %v, <x,K'z> = %v", left, right)
		}
	})
}

func dot(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// TestBothWays: the matrix and the fast transforms are the same operator.
func TestBothWays(t *testing.T) {
	const n = 24
	x := make([]float32, 3*n)
	r := random.New(1)
	r.Normals(x)
	a := axisOf(n, 3)
	transforms := newAxis(n, 3)
	transforms.circulant = nil
	for name, apply := range map[string]func(a *axis, y []float32){
		"rows":    func(a *axis, y []float32) { a.rows(y, x) },
		"columns": func(a *axis, y []float32) { a.columns(y, x, 3) },
	} {
		got, want := make([]float32, len(x)), make([]float32, len(x))
		apply(a, got)
		apply(transforms, want)
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > tolerance {
				t.Fatalf("%s: value %d: %v by the matrix, %v by transforms", name, i, got[i], want[i])
			}
		}
	}
}

// TestConcurrent: equal bytes on any number of cores, from many goroutines.
func TestConcurrent(t *testing.T) {
	each(t, func(t *testing.T, g Gaussian, x []float32) {
		want := make([]float32, len(x))
		cores := runtime.GOMAXPROCS(1)
		g.Apply(want, x, 2)
		runtime.GOMAXPROCS(max(cores, 2))
		defer runtime.GOMAXPROCS(cores)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				y := make([]float32, len(x))
				if g.Apply(y, x, 2); !slices.Equal(y, want) {
					t.Error("another result")
				}
			})
		}
		wait.Wait()
	})
}

func TestWrongUsePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"size":   func() { New(0, 4, 1, 1) },
		"sigma":  func() { New(4, 4, -1, 1) },
		"NaN":    func() { New(4, 4, 1, math.NaN()) },
		"length": func() { New(4, 4, 1, 1).Apply(make([]float32, 16), make([]float32, 15), 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{32, 64, 128, dense, 2 * dense} {
		b.Run(fmt.Sprintf("3x%dx%d", n, n), func(b *testing.B) {
			x, y := make([]float32, 3*n*n), make([]float32, 3*n*n)
			r := random.New(1)
			r.Normals(x) // zeros would hide the cost of denormal numbers
			b.ReportAllocs()
			for b.Loop() {
				New(n, n, 3, 3).Apply(y, x, 3)
			}
		})
	}
}
