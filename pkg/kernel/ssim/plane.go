package ssim

import (
	"sync"

	"multiscale/pkg/kernel/pointwise/vector"
)

// plane is the memory for one channel of one image. A padded array holds h+10 rows of
// w+10 (stride) elements, with a margin of zeros. A filtered array holds h such rows, whose
// first w elements are results. With this layout, each of the two passes of a filter, along
// the columns and along the rows, is one long loop that needs no special treatment of
// borders.
type plane struct {
	h, w, stride int

	a, b, square, product []float64 // padded: the images, a^2+b^2 and a*b
	meanA, meanB          []float64 // filtered
	meanSquare, meanProd  []float64 // filtered
	columns               []float64 // between the two passes
}

var planes = sync.Pool{New: func() any { return new(plane) }}

// load fills the padded arrays for two images of h rows and w columns.
func (p *plane) load(a, b []float32, h, w int) {
	p.h, p.w, p.stride = h, w, w+2*pad
	padded, filtered := (h+2*pad)*p.stride, h*p.stride
	for _, x := range []*[]float64{&p.a, &p.b, &p.square, &p.product} {
		*x = grow(*x, padded)
		clear(*x)
	}
	for _, x := range []*[]float64{&p.meanA, &p.meanB, &p.meanSquare, &p.meanProd} {
		*x = grow(*x, filtered)
	}
	p.columns = grow(p.columns, filtered+2*pad)
	for r := range h {
		to := p.inside(r)
		for i := range w {
			u, v := float64(a[r*w+i]), float64(b[r*w+i])
			p.a[to+i], p.b[to+i], p.square[to+i], p.product[to+i] = u, v, float64(u*u)+float64(v*v), u*v
		}
	}
}

func grow(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// inside returns the offset of row r of the image in a padded array.
func (p *plane) inside(r int) int { return (r+pad)*p.stride + pad }

// filter smooths the padded array x by the window and writes the result to the filtered array y.
func (p *plane) filter(y, x []float64) {
	vector.Window(p.columns[:p.h*p.stride], x, p.stride, &window)
	vector.Window(y, p.columns, 1, &window)
}

// statistics computes the filtered arrays.
func (p *plane) statistics() {
	p.filter(p.meanA, p.a)
	p.filter(p.meanB, p.b)
	p.filter(p.meanSquare, p.square)
	p.filter(p.meanProd, p.product)
}

// terms returns the four factors of the index u*v/(d*e) at position i of the
// filtered arrays: u/d compares the means, v/e the deviations.
func (p *plane) terms(i int) (u, v, d, e float64) {
	cross, squares := float64(p.meanA[i]*p.meanB[i]), float64(p.meanA[i]*p.meanA[i])+float64(p.meanB[i]*p.meanB[i])
	return float64(2*cross) + c1, float64(2*(p.meanProd[i]-cross)) + c2, squares + c1, p.meanSquare[i] - squares + c2
}

// similarity returns the sum of the index over the pixels.
func (p *plane) similarity() (sum float64) {
	for r := range p.h {
		var row float64
		for i := r * p.stride; i < r*p.stride+p.w; i++ {
			u, v, d, e := p.terms(i)
			row += u * v / (d * e)
		}
		sum += row
	}
	return sum
}

// gradient writes weight times the gradient of similarity with respect to a. It
// computes the derivatives of the index with respect to the filtered arrays, and
// applies the transpose of the filter, which is the filter itself. It overwrites
// the filtered arrays.
func (p *plane) gradient(ga []float32, weight float64) {
	byMean, byProduct, bySquare := p.meanA, p.meanProd, p.meanSquare
	for r := range p.h {
		for i := r * p.stride; i < r*p.stride+p.w; i++ {
			u, v, d, e := p.terms(i)
			f := weight / (d * e)
			index := u * v * f
			byMean[i], byProduct[i], bySquare[i] =
				float64(2*p.meanB[i]*(v-u)*f)+2*p.meanA[i]*index*(d-e)/(d*e), 2*u*f, -index/e
		}
	}
	for _, x := range [][]float64{byMean, byProduct, bySquare} {
		p.adjoint(x)
	}
	for r := range p.h {
		for k := range p.w {
			i, at := r*p.stride+k, p.inside(r)+k
			ga[r*p.w+k] = float32(byMean[i] + float64(byProduct[i]*p.b[at]) + float64(2*bySquare[i]*p.a[at]))
		}
	}
}

// adjoint applies the transpose of the filter to a filtered array, in place. It uses the
// padded array of the products, which is not needed any more and whose margin is zero.
func (p *plane) adjoint(x []float64) {
	for r := range p.h {
		copy(p.product[p.inside(r):][:p.w], x[r*p.stride:])
	}
	p.filter(x, p.product)
}
