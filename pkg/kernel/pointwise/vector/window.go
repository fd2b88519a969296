package vector

// Taps is the width of the windows of Window.
const Taps = 11

// Window writes the sum over k of taps[k]*x[i+k*stride] to y[i], for symmetric
// taps. x has at least len(y)+10*stride elements.
func Window(y, x []float64, stride int, taps *[Taps]float64) {
	x = x[:len(y)+(Taps-1)*stride]
	n := eights(len(y))
	active().window(y[:n], x[:n+(Taps-1)*stride], stride, taps)
	windowGeneric(y[n:], x[n:], stride, taps)
}

func windowGeneric(y, x []float64, stride int, taps *[Taps]float64) {
	const centre = Taps / 2
	for i, v := range x[centre*stride:][:len(y)] {
		y[i] = taps[centre] * v
	}
	for k := range centre {
		t, a, b := taps[k], x[k*stride:][:len(y)], x[(Taps-1-k)*stride:][:len(y)]
		for i := range y {
			y[i] += float64(t * (a[i] + b[i]))
		}
	}
}
