package vector

// eights rounds n down to a multiple of 8, the number of elements that the inner loops of
// this file process. The portable loop, which rounds in the same way, processes the rest.
func eights(n int) int { return n &^ 7 }

// Duplicate writes s*x[i] to y[2i] and y[2i+1].
func Duplicate(y, x []float32, s float32) {
	y = y[:2*len(x)]
	n := eights(len(x))
	active().duplicate(y[:2*n], x[:n], s)
	duplicateGeneric(y[2*n:], x[n:], s)
}

// PairSums writes s*(a[2i] + a[2i+1] + b[2i] + b[2i+1]) to y[i].
func PairSums(y, a, b []float32, s float32) {
	a, b = a[:2*len(y)], b[:2*len(y)]
	n := eights(len(y))
	active().pairSums(y[:n], a[:2*n], b[:2*n], s)
	pairSumsGeneric(y[n:], a[2*n:], b[2*n:], s)
}

// DuplicateRows writes s times each pixel of x to a block of 2x2 pixels of y. x has rows of
// the given width, y rows of twice that width.
func DuplicateRows(y, x []float32, width int, s float32) {
	y = y[:4*len(x)]
	n := eights(len(x))
	switch width {
	case 2:
		active().duplicate2(y[:4*n], x[:n], s)
	case 4:
		active().duplicate4(y[:4*n], x[:n], s)
	default:
		n = 0
	}
	for ; n < len(x); n += width {
		first := y[4*n:][:2*width]
		Duplicate(first, x[n:][:width], s)
		copy(y[4*n+2*width:], first)
	}
}

// BlockSums writes s times the sum of each block of 2x2 pixels of x to y. y has rows of the
// given width, x rows of twice that width.
func BlockSums(y, x []float32, width int, s float32) {
	x = x[:4*len(y)]
	n := eights(len(y))
	switch width {
	case 2:
		active().pairSums2(y[:n], x[:4*n], s)
	case 4:
		active().pairSums4(y[:n], x[:4*n], s)
	default:
		n = 0
	}
	for ; n < len(y); n += width {
		PairSums(y[n:][:width], x[4*n:], x[4*n+2*width:], s)
	}
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
	active().interleave(y[:2*n], a[:n], b[:n])
	interleaveGeneric(y[2*n:], a[n:], b[n:])
}

// Deinterleave writes y[2i] to a[i] and y[2i+1] to b[i].
func Deinterleave(a, b, y []float32) {
	b, y = b[:len(a)], y[:2*len(a)]
	n := eights(len(a))
	active().deinterleave(a[:n], b[:n], y[:2*n])
	deinterleaveGeneric(a[n:], b[n:], y[2*n:])
}

// DoubleLine interpolates x, which has at least one element, linearly to twice as
// many points y: one a quarter of a step before each point of x and one a quarter
// of a step behind it. The first and last point of y equal those of x.
func DoubleLine(y, x []float32) {
	last := len(x) - 1
	y = y[:2*len(x)]
	y[0], y[2*last+1] = x[0], x[last]
	n := eights(last)
	active().doubleLine(y[1:][:2*n], x[:n+1])
	doubleLineGeneric(y[1+2*n:][:2*(last-n)], x[n:])
}

// DoubleLineGrad applies the transpose of DoubleLine to gy and writes the result to gx.
func DoubleLineGrad(gx, gy []float32) {
	last := len(gx) - 1
	g := gy[:2*len(gx)]
	if last == 0 {
		gx[0] = g[0] + g[1]
		return
	}
	gx[0] = g[0] + float32(0.75*g[1]) + float32(0.25*g[2])
	n := eights(last - 1)
	active().doubleLineGrad(gx[1:][:n], g[1:][:2*n+2])
	doubleLineGradGeneric(gx[1+n:last], g[1+2*n:])
	gx[last] = float32(0.25*g[2*last-1]) + float32(0.75*g[2*last]) + g[2*last+1]
}

func duplicateGeneric(y, x []float32, s float32) {
	for i, v := range x {
		v *= s
		y[2*i], y[2*i+1] = v, v
	}
}

func pairSumsGeneric(y, a, b []float32, s float32) {
	for i := range y {
		y[i] = s * ((a[2*i] + a[2*i+1]) + (b[2*i] + b[2*i+1]))
	}
}

// blocksGeneric is duplicate2 and duplicate4 for rows of any width.
func blocksGeneric(width int) func(y, x []float32, s float32) {
	return func(y, x []float32, s float32) {
		for n := 0; n < len(x); n += width {
			duplicateGeneric(y[4*n:], x[n:][:width], s)
			duplicateGeneric(y[4*n+2*width:], x[n:][:width], s)
		}
	}
}

// blockSumsGeneric is pairSums2 and pairSums4 for rows of any width.
func blockSumsGeneric(width int) func(y, x []float32, s float32) {
	return func(y, x []float32, s float32) {
		for n := 0; n < len(y); n += width {
			pairSumsGeneric(y[n:][:width], x[4*n:], x[4*n+2*width:], s)
		}
	}
}

func interleaveGeneric(y, a, b []float32) {
	for i, v := range a {
		y[2*i], y[2*i+1] = v, b[i]
	}
}

func deinterleaveGeneric(a, b, y []float32) {
	for i := range a {
		a[i], b[i] = y[2*i], y[2*i+1]
	}
}

// doubleLineGeneric writes the two points between each two consecutive points of x.
func doubleLineGeneric(y, x []float32) {
	for k := range len(x) - 1 {
		a, b := x[k], x[k+1]
		y[2*k] = float32(0.75*a) + float32(0.25*b)
		y[2*k+1] = float32(0.25*a) + float32(0.75*b)
	}
}

// doubleLineGradGeneric is the transpose of doubleLineGeneric for the inner points of a line.
func doubleLineGradGeneric(gx, g []float32) {
	for k := range gx {
		gx[k] = float32(0.25*(g[2*k]+g[2*k+3])) + float32(0.75*(g[2*k+1]+g[2*k+2]))
	}
}
