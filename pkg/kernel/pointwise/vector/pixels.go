package vector

// Pixels writes rows of bytes, as parts of [0,1], to y: the first width of each stride
// bytes of x, or the same from right to left. len(y) is a multiple of width.
func Pixels(y []float32, x []uint8, width, stride int, reversed bool) {
	if len(y) == 0 {
		return
	}
	rows := len(y) / width
	x = x[:(rows-1)*stride+width]
	switch {
	case eights(width) != width:
		pixelsGeneric(y, x, width, stride, reversed)
	case reversed:
		pixelsReversedAVX2(start(y), start(x), rows, width, stride)
	default:
		pixelsAVX2(start(y), start(x), rows, width, stride)
	}
}

func pixelsGeneric(y []float32, x []uint8, width, stride int, reversed bool) {
	first, step := 0, 1
	if reversed {
		first, step = width-1, -1
	}
	for row := range len(y) / width {
		to, at := y[row*width:][:width], first
		for _, v := range x[row*stride:][:width] {
			to[at] = float32(v) / 255
			at += step
		}
	}
}
