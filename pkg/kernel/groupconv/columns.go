package groupconv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/matmul"
	"multiscale/pkg/kernel/pointwise/vector"
)

// call holds the arguments of one kernel.
type call struct {
	y, x, w []float32
	s       Shape
	add     bool
}

// maxColumns is the largest number of elements in gathered columns, unless a single row of
// the result needs more.
const maxColumns = 1 << 19

// block returns the number of rows of the result that are computed at once.
func (s Shape) block() int { return max(1, min(s.OutH, maxColumns/(s.depth()*s.OutW))) }

func (s Shape) blocks() int { b := s.block(); return (s.OutH + b - 1) / b }

// scratch is the memory of one chunk: columns of the image, and a block of the result.
type scratch struct{ columns, rows []float32 }

var free kernel.Free[scratch]

func (s Shape) scratch() *scratch {
	m := free.Get()
	size := s.block() * s.OutW
	m.columns, m.rows = sized(m.columns, size*s.depth()), sized(m.rows, size*s.out())
	return m
}

func sized(v []float32, n int) []float32 {
	if cap(v) < n {
		v = make([]float32, n)
	}
	return v[:n]
}

// Forward writes the convolution of x (N,C,H,W) with w (O,C/Groups,Kernel,Kernel) to y
// (N,O,OutH,OutW). Forward, InputGradient and WeightGradient panic if the shape is
// impossible or a slice has the wrong length.
func Forward(y, x, w []float32, s Shape) {
	s.check(y, x, w)
	if s.in() == 1 {
		depthwise.Run(s.N*s.O, s.taps()*s.pixels(), call{y, x, w, s, false})
		return
	}
	forward.Run(s.N*s.Groups*s.blocks(), s.out()*s.depth()*s.block()*s.OutW, call{y, x, w, s, false})
}

// InputGradient writes gx, the gradient with respect to x, from gy, the gradient with respect
// to y. gx is the transposed convolution of gy.
func InputGradient(gx, gy, w []float32, s Shape) {
	s.check(gy, gx, w)
	if s.in() == 1 {
		depthwiseInput.Run(s.N*s.C, s.out()*s.taps()*s.pixels(), call{gy, gx, w, s, false})
		return
	}
	input.Run(s.N*s.Groups, s.out()*s.depth()*s.pixels(), call{gy, gx, w, s, false})
}

// WeightGradient writes the gradient with respect to w to gw. If add is true, it adds the
// gradient to gw.
func WeightGradient(gw, gy, x []float32, s Shape, add bool) {
	s.check(gy, x, gw)
	if s.in() == 1 {
		depthwiseWeights.Run(s.O, s.N*s.taps()*s.pixels(), call{gy, x, gw, s, add})
		return
	}
	weights.Run(s.Groups, s.N*s.out()*s.depth()*s.pixels(), call{gy, x, gw, s, add})
}

// forward computes blocks of rows. An item is one block of one group of one image.
var forward = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	m := s.scratch()
	defer free.Put(m)
	for item := lo; item < hi; item++ {
		image, b := item/s.blocks(), item%s.blocks()
		first, n := s.rowsOf(b)
		s.gather(m.columns, s.group(a.x, image, s.in()*s.H*s.W), first, n)
		size := n * s.OutW
		matmul.Mul(m.rows, s.filters(a.w, image), m.columns, s.out(), size, s.depth(), false, false, 1, 0)
		y := s.group(a.y, image, s.out()*s.pixels())
		for o := range s.out() {
			copy(y[o*s.pixels()+first*s.OutW:], m.rows[o*size:(o+1)*size])
		}
	}
})

// input computes the input gradient. An item is one group of one image, whose blocks are
// computed one after the other, because their gradients overlap.
var input = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	m := s.scratch()
	defer free.Put(m)
	for image := lo; image < hi; image++ {
		gx := s.group(a.x, image, s.in()*s.H*s.W)
		clear(gx)
		for b := range s.blocks() {
			first, n := s.rowsOf(b)
			s.block2rows(m.rows, s.group(a.y, image, s.out()*s.pixels()), first, n)
			matmul.Mul(m.columns, s.filters(a.w, image), m.rows, s.depth(), n*s.OutW, s.out(), true, false, 1, 0)
			s.scatter(gx, m.columns, first, n)
		}
	}
})

// weights computes the gradient of the filters of a group, summed over images and blocks in
// order.
var weights = kernel.NewLoop(func(a *call, lo, hi int) {
	s := a.s
	m := s.scratch()
	defer free.Put(m)
	for g := lo; g < hi; g++ {
		beta := float32(0)
		if a.add {
			beta = 1
		}
		for n := range s.N {
			image := n*s.Groups + g
			for b := range s.blocks() {
				first, rows := s.rowsOf(b)
				s.gather(m.columns, s.group(a.x, image, s.in()*s.H*s.W), first, rows)
				s.block2rows(m.rows, s.group(a.y, image, s.out()*s.pixels()), first, rows)
				matmul.Mul(s.filters(a.w, image), m.rows, m.columns, s.out(), s.depth(), rows*s.OutW, false, true, 1, beta)
				beta = 1
			}
		}
	}
})

// group returns the part of v, of size elements, that belongs to one group of one image. image
// is the index of the image times Groups, plus that of the group.
func (s Shape) group(v []float32, image, size int) []float32 { return v[image*size : (image+1)*size] }

// filters returns the weights of the group in image, an index as in group.
func (s Shape) filters(w []float32, image int) []float32 {
	size := s.out() * s.depth()
	return w[image%s.Groups*size:][:size]
}

// rowsOf returns the first row of block b and its number of rows.
func (s Shape) rowsOf(b int) (first, n int) {
	first = b * s.block()
	return first, min(s.block(), s.OutH-first)
}

// block2rows copies n rows, from first on, of each plane of a group of the result.
func (s Shape) block2rows(rows, y []float32, first, n int) {
	size := n * s.OutW
	for o := range s.out() {
		copy(rows[o*size:(o+1)*size], y[o*s.pixels()+first*s.OutW:])
	}
}

// gather writes the columns for n rows of the result. For each channel and tap there is one
// row with the pixels of x that the tap multiplies.
func (s Shape) gather(columns, x []float32, first, n int) {
	size := n * s.OutW
	for r := range s.depth() {
		c, u, v := r/s.taps(), r/s.Kernel%s.Kernel, r%s.Kernel
		plane, d := x[c*s.H*s.W:(c+1)*s.H*s.W], columns[r*size:(r+1)*size]
		top, bottom := s.inside(u, s.H, s.OutH)
		left, right := s.inside(v, s.W, s.OutW)
		for i := range n {
			row := d[i*s.OutW : (i+1)*s.OutW]
			if y := first + i; y < top || y >= bottom || left == right {
				clear(row)
				continue
			}
			clear(row[:left])
			clear(row[right:])
			from := plane[((first+i)*s.Stride+u*s.Dilation-s.Padding)*s.W:][:s.W]
			at := left*s.Stride + v*s.Dilation - s.Padding
			if s.Stride == 1 {
				copy(row[left:right], from[at:])
				continue
			}
			for j := left; j < right; j++ {
				row[j] = from[at]
				at += s.Stride
			}
		}
	}
}

// scatter adds the columns of n rows to the pixels that they were gathered from.
func (s Shape) scatter(x, columns []float32, first, n int) {
	size := n * s.OutW
	for r := range s.depth() {
		c, u, v := r/s.taps(), r/s.Kernel%s.Kernel, r%s.Kernel
		plane, d := x[c*s.H*s.W:(c+1)*s.H*s.W], columns[r*size:(r+1)*size]
		top, bottom := s.inside(u, s.H, s.OutH)
		left, right := s.inside(v, s.W, s.OutW)
		for i := max(0, top-first); i < min(n, bottom-first) && left < right; i++ {
			s.addStrided(plane[((first+i)*s.Stride+u*s.Dilation-s.Padding)*s.W:][:s.W], d[i*s.OutW:(i+1)*s.OutW], left, right, v, 1)
		}
	}
}

// addStrided adds w times the elements [left,right) of a row of the result to the pixels of a row of x that
// tap v multiplies for them.
func (s Shape) addStrided(x, y []float32, left, right, v int, w float32) {
	at := left*s.Stride + v*s.Dilation - s.Padding
	if s.Stride == 1 {
		vector.Axpy(x[at:at+right-left], w, y[left:right])
		return
	}
	for _, g := range y[left:right] {
		x[at] += float32(w * g)
		at += s.Stride
	}
}
