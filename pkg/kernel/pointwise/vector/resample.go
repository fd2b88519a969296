package vector

// eights returns how many of n elements the assembly takes that has no tail of
// its own; the portable loop, which rounds alike, takes the rest.
func eights(n int) int {
	if accelerated {
		return n &^ 7
	}
	return 0
}

// Duplicate writes s*x[i] to y[2i] and y[2i+1].
func Duplicate(y, x []float32, s float32) {
	y = y[:2*len(x)]
	n := eights(len(x))
	if n > 0 {
		duplicateAVX2(start(y), start(x), n, s)
	}
	y = y[2*n:]
	for i, v := range x[n:] {
		v *= s
		y[2*i], y[2*i+1] = v, v
	}
}

// PairSums writes s*(a[2i] + a[2i+1] + b[2i] + b[2i+1]) to y[i].
func PairSums(y, a, b []float32, s float32) {
	a, b = a[:2*len(y)], b[:2*len(y)]
	n := eights(len(y))
	if n > 0 {
		pairSumsAVX2(start(y), start(a), start(b), n, s)
	}
	y, a, b = y[n:], a[2*n:], b[2*n:]
	for i := range y {
		y[i] = s * ((a[2*i] + a[2*i+1]) + (b[2*i] + b[2*i+1]))
	}
}

// DuplicateRows writes s times each pixel of x, rows of the given width, to a block of
// four of y, rows of twice that.
func DuplicateRows(y, x []float32, width int, s float32) {
	y = y[:4*len(x)]
	n := narrow(len(x), width)
	switch {
	case n == 0:
	case width == 2:
		duplicate2AVX2(start(y), start(x), n, s)
	default:
		duplicate4AVX2(start(y), start(x), n, s)
	}
	for ; n < len(x); n += width {
		first := y[4*n:][:2*width]
		Duplicate(first, x[n:][:width], s)
		copy(y[4*n+2*width:], first)
	}
}

// BlockSums writes s times the sum of each block of four pixels of x, rows of twice the
// given width, to y, rows of the width.
func BlockSums(y, x []float32, width int, s float32) {
	x = x[:4*len(y)]
	n := narrow(len(y), width)
	switch {
	case n == 0:
	case width == 2:
		pairSums2AVX2(start(y), start(x), n, s)
	default:
		pairSums4AVX2(start(y), start(x), n, s)
	}
	for ; n < len(y); n += width {
		PairSums(y[n:][:width], x[4*n:], x[4*n+2*width:], s)
	}
}

// narrow returns how many of n pixels the assembly for narrow rows takes: whole vectors
// of rows of two or four.
func narrow(n, width int) int {
	if width == 2 || width == 4 {
		return eights(n)
	}
	return 0
}

// Evens writes x[2i] to y[i].
func Evens(y, x []float32) {
	for i := range y {
		y[i] = x[2*i]
	}
}

// Interleave writes a[i] to y[2i] and b[i] to y[2i+1].
func Interleave(y, a, b []float32) {
	y, b = y[:2*len(a)], b[:len(a)]
	n := eights(len(a))
	if n > 0 {
		interleaveAVX2(start(y), start(a), start(b), n)
	}
	y, b = y[2*n:], b[n:]
	for i, v := range a[n:] {
		y[2*i], y[2*i+1] = v, b[i]
	}
}

// Deinterleave writes y[2i] to a[i] and y[2i+1] to b[i].
func Deinterleave(a, b, y []float32) {
	b, y = b[:len(a)], y[:2*len(a)]
	n := eights(len(a))
	if n > 0 {
		deinterleaveAVX2(start(a), start(b), start(y), n)
	}
	a, b, y = a[n:], b[n:], y[2*n:]
	for i := range a {
		a[i], b[i] = y[2*i], y[2*i+1]
	}
}

// DoubleLine interpolates x, which has at least one element, to twice as many
// points: a quarter of a step on either side of each point.
func DoubleLine(y, x []float32) {
	last := len(x) - 1
	y = y[:2*len(x)]
	y[0], y[2*last+1] = x[0], x[last]
	n := eights(last)
	if n > 0 {
		doubleLineAVX2(&y[1], &x[0], n)
	}
	for k := n; k < last; k++ {
		a, b := x[k], x[k+1]
		y[2*k+1] = 0.75*a + 0.25*b
		y[2*k+2] = 0.25*a + 0.75*b
	}
}

// DoubleLineGrad writes gx = the transpose of DoubleLine applied to gy.
func DoubleLineGrad(gx, gy []float32) {
	last := len(gx) - 1
	g := gy[:2*len(gx)]
	if last == 0 {
		gx[0] = g[0] + g[1]
		return
	}
	gx[0] = g[0] + 0.75*g[1] + 0.25*g[2]
	n := eights(last - 1)
	if n > 0 {
		doubleLineGradAVX2(&gx[1], &g[1], n)
	}
	for k := n + 1; k < last; k++ {
		gx[k] = 0.25*(g[2*k-1]+g[2*k+2]) + 0.75*(g[2*k]+g[2*k+1])
	}
	gx[last] = 0.25*g[2*last-1] + 0.75*g[2*last] + g[2*last+1]
}
