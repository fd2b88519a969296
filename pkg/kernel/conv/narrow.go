package conv

import (
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Vectors of a picture's three channels are mostly empty. Where weights meet few channels,
// the pixels of x lie side by side, without gaps, and those of a row of taps are one
// stretch of a sum. The gradient of the weights is computed in vectors of outputs: the rows
// of the product are then the weights of an output. The sums and their order are the same.

// isNarrow tells whether a product with x is taken so. Tiny images have a way of their own.
func (s Shape) isNarrow(k *lanes.Kernels) bool {
	return 2*s.C <= k.Lanes && s.OutH()*s.OutW() > tinyPixels
}

// narrowRows is how many rows of the product a row of taps has: whole groups.
func (j *weightJob) narrowRows() int {
	group := j.kernels.Group
	return ceil(j.shape.Kernel*j.shape.C, group) * group
}

// narrowSums is where the sums of outputs from o on begin for a slice: a block of
// vectors of outputs, as many as are side by side, for every row.
func (j *weightJob) narrowSums(o, slice int) int {
	return (slice*ceil(j.shape.O, j.width) + o/j.width) * j.taps * j.width
}

// narrowPixels adds the products of the pixels in r.
func (j *weightJob) narrowPixels(s *scratch, r rectangle, o, outputs, slice int) {
	k, shape := j.kernels, j.shape
	w, g := &s.window, &s.second
	w.layout(j.seen(r), shape.C, shape.C)
	w.gather(k, s, j.x, shape.input(), 0)
	g.layout(r, outputs, j.width)
	g.gather(k, s, j.gy, shape.output(), o)
	p := &s.product
	p.ARow, p.CRow, p.Segments = p.ARow[:0], p.CRow[:0], s.listRows(r, w, shape.Stride, g, 1)
	for row := range shape.Kernel {
		for first := 0; first < j.narrowRows(); first += k.Group {
			p.ARow = append(p.ARow, w.at(0, row, 0)+first)
			p.CRow = append(p.CRow, (row*j.narrowRows()+first)*j.width)
		}
	}
	p.A, p.K = w.data, r.cols
	p.CStep, p.AStep, p.AInner, p.BInner = j.width, 1, shape.Stride*w.width, g.width
	for b := 0; b < outputs; b += j.width {
		p.B = g.data[b/j.width*g.block:]
		p.C = j.partial[j.narrowSums(o+b, slice):]
		k.Product(p, ceil(min(j.width, outputs-b), k.Lanes))
	}
}

// narrowMerge is merge for the outputs of one block.
func (j *weightJob) narrowMerge(first, last int) {
	shape := j.shape
	sums := j.partial[j.narrowSums(first, 0):][:j.taps*j.width]
	for slice := 1; slice < j.slices; slice++ {
		vector.Add(sums, sums, j.partial[j.narrowSums(first, slice):][:len(sums)])
	}
	for t := range shape.taps() {
		for c := range shape.C {
			row := sums[(t/shape.Kernel*j.narrowRows()+t%shape.Kernel*shape.C+c)*j.width:]
			for o := first; o < last; o++ {
				to := &j.gw[(o*shape.C+c)*shape.taps()+t]
				if j.add {
					*to += row[o-first]
				} else {
					*to = row[o-first]
				}
			}
		}
	}
}
