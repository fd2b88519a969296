package blur

import (
	"fmt"
	"sync"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel/matmul"
)

// Gaussian blurs pictures of one size. It is immutable and safe for concurrent
// use.
type Gaussian struct {
	down, across *axis // along columns, of h pixels, and along rows, of w pixels
}

// New returns the blur of pictures of h rows and w columns with the standard
// deviations sigmaY along columns (from row to row) and sigmaX along rows. They
// are in pixels and not negative; with 0 there is no blur along that axis. New
// caches what it computes, so it may be called for every picture. It panics if h
// or w is not positive, or if a deviation is negative or NaN.
func New(h, w int, sigmaY, sigmaX float64) Gaussian {
	return Gaussian{axisOf(h, sigmaY), axisOf(w, sigmaX)}
}

// Apply writes the blurred planes of x (planes,h,w) to y, which must not
// overlap x.
func (g Gaussian) Apply(y, x []float32, planes int) {
	w := g.across.n
	g.check(y, x, planes)
	b := buffers.Get().(*[]float32)
	if cap(*b) < len(x) {
		*b = make([]float32, len(x))
	}
	between := (*b)[:len(x)]
	g.across.rows(between, x)
	g.down.columns(y, between, w)
	buffers.Put(b)
}

func (g Gaussian) check(y, x []float32, planes int) {
	h, w := g.down.n, g.across.n
	if size := planes * h * w; len(x) != size || len(y) != size {
		panic(fmt.Sprintf("blur: %d and %d values for %d planes of %dx%d", len(y), len(x), planes, h, w))
	}
}

// Adjoint applies K', the transpose of the blur K, to x and writes the result to y:
// <K u, v> = <u, K' v>. The periodic Gaussian is even, also for odd sides, so this is
// Apply itself.
func (g Gaussian) Adjoint(y, x []float32, planes int) { g.Apply(y, x, planes) }

// PSF returns the point spread function (h,w) with its centre at pixel (0,0). It is
// proportional to exp(-dy^2/(2 sigmaY^2) - dx^2/(2 sigmaX^2)) with the periodic
// distances dy and dx, and has the sum 1.
func (g Gaussian) PSF() []float64 { return outer(g.down.psf, g.across.psf) }

// Transfer returns S (h,w), the Fourier transform of PSF, which is real.
func (g Gaussian) Transfer() []float64 { return outer(g.down.transfer, g.across.transfer) }

// outer returns the outer product of a and b.
func outer(a, b []float64) []float64 {
	var m []float64
	for _, u := range a {
		for _, v := range b {
			m = append(m, u*v)
		}
	}
	return m
}

var buffers = sync.Pool{New: func() any { return new([]float32) }}

// axis blurs along one dimension of n pixels.
type axis struct {
	n             int
	psf, transfer []float64
	// circulant is the symmetric n by n matrix of the blur. It is nil if n is so
	// large that the fast transforms of plans are used.
	circulant []float32
	plans     sync.Pool // of *plan
}

// dense is the longest axis for which a matrix is used. It is faster up to about a
// thousand pixels, but its size grows with the square.
const dense = 512

// negligible bounds the weights that are set to 0. They do not affect float32 sums of
// values of similar magnitude. Much smaller weights would be denormal numbers, with
// which processors are slow.
const negligible = 1e-12

type key struct {
	n     int
	sigma float64
}

var axes = struct {
	sync.RWMutex
	known map[key]*axis
}{known: make(map[key]*axis)}

// axisOf returns the cached axis for n and sigma.
func axisOf(n int, sigma float64) *axis {
	k := key{n, sigma}
	axes.RLock()
	a := axes.known[k]
	axes.RUnlock()
	if a != nil {
		return a
	}
	made := newAxis(n, sigma)
	axes.Lock()
	defer axes.Unlock()
	if a = axes.known[k]; a == nil {
		a = made
		axes.known[k] = a
	}
	return a
}

func newAxis(n int, sigma float64) *axis {
	if n < 1 || !(sigma >= 0) {
		panic(fmt.Sprintf("blur: %d pixels with sigma %v", n, sigma))
	}
	a := &axis{n: n, psf: gaussian(n, sigma)}
	a.plans.New = func() any { return newPlan(n) }
	a.transfer = spectrum(a.psf)
	if n > dense {
		return a
	}
	a.circulant = make([]float32, n*n)
	for i := range n {
		for j := range n {
			if weight := a.psf[(i-j+n)%n]; weight >= negligible {
				a.circulant[i*n+j] = float32(weight)
			}
		}
	}
	return a
}

// gaussian returns the point spread function of one axis, which has the sum 1.
func gaussian(n int, sigma float64) []float64 {
	g := make([]float64, n)
	g[0] = 1
	sum := 1.0
	for i := 1; i < n && sigma > 0; i++ {
		d := float64(min(i, n-i)) / sigma
		g[i] = elementary.Exp(-d * d / 2)
		sum += g[i]
	}
	for i := range g {
		g[i] /= sum
	}
	return g
}

// rows blurs every row of x.
func (a *axis) rows(y, x []float32) {
	if a.circulant != nil {
		matmul.Mul(y, x, a.circulant, len(x)/a.n, a.n, a.n, false, false, 1, 0)
		return
	}
	p := a.plans.Get().(*plan)
	for at := 0; at < len(x); at += a.n {
		p.filter(y[at:], x[at:], 1, a.transfer)
	}
	a.plans.Put(p)
}

// columns blurs every column of the planes of x, which have w columns.
func (a *axis) columns(y, x []float32, w int) {
	size := a.n * w
	if a.circulant != nil {
		matmul.Batch(len(x)/size, y, size, a.circulant, 0, x, size, a.n, w, a.n, false, false, 1, 0)
		return
	}
	p := a.plans.Get().(*plan)
	for plane := 0; plane < len(x); plane += size {
		for column := range w {
			p.filter(y[plane+column:], x[plane+column:], w, a.transfer)
		}
	}
	a.plans.Put(p)
}
