package vector

// Pixels converts rows of bytes to numbers in [0,1], x/255, and writes them to y. A row is
// the first width of each stride bytes of x; if reversed is true, its pixels are written in
// reverse order. len(y) is a multiple of width.
func Pixels(y []float32, x []uint8, width, stride int, reversed bool) {
	if len(y) == 0 {
		return
	}
	rows := len(y) / width
	l, x := active(), x[:(rows-1)*stride+width]
	if eights(width) != width {
		l = &portable
	}
	if reversed {
		l.pixelsReversed(y, x, rows, width, stride)
	} else {
		l.pixels(y, x, rows, width, stride)
	}
}

func pixelsGeneric(reversed bool) func(y []float32, x []uint8, rows, width, stride int) {
	return func(y []float32, x []uint8, rows, width, stride int) {
		first, step := 0, 1
		if reversed {
			first, step = width-1, -1
		}
		for row := range rows {
			to, at := y[row*width:][:width], first
			for _, v := range x[row*stride:][:width] {
				to[at] = float32(v) / 255
				at += step
			}
		}
	}
}
