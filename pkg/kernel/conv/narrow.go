package conv

import (
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// With few input channels, such as the three of a picture, vectors of channels would be
// mostly empty. The pixels of x are then stored without gaps, so that a row of taps with all
// its channels is one contiguous segment of a sum. The weight gradient is computed in vectors
// of outputs: each row of the product is one weight (tap and channel) of these outputs. The
// sums and their order are the same.

// isNarrow reports whether a product with x is computed this way. Tiny images are computed
// by directTiny or tinyTaps instead.
func (s Shape) isNarrow(k *lanes.Kernels) bool {
	return 2*s.C <= k.Lanes && s.OutH()*s.OutW() > tinyPixels
}

// narrowRows returns the number of rows of the product for a row of taps, rounded up to
// whole groups.
func (j *weightJob) narrowRows() int {
	group := j.kernels.Group
	return ceil(j.shape.Kernel*j.shape.C, group) * group
}

// narrowSums returns the offset of the sums of a slice for the block of width outputs that
// begins at o. A block has one row of width sums for each row of the product.
func (j *weightJob) narrowSums(o, slice int) int {
	return (slice*ceil(j.shape.O, j.width) + o/j.width) * j.taps * j.width
}

// narrowPixels is pixels in vectors of outputs.
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
