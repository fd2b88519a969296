package resample

// axis holds, for each target position of one dimension, the two source positions
// that it blends, and their weights. Nearest uses low only.
type axis struct {
	low, high     []int32
	lowBy, highBy []float32
}

func (a *axis) resize(n int) {
	if cap(a.low) < n {
		a.low, a.high = make([]int32, n), make([]int32, n)
		a.lowBy, a.highBy = make([]float32, n), make([]float32, n)
	}
	a.low, a.high, a.lowBy, a.highBy = a.low[:n], a.high[:n], a.lowBy[:n], a.highBy[:n]
}

// nearest sets low for in source and out target positions. It computes positions in
// float32 like PyTorch, because rounding decides when a position falls on the edge
// of a pixel.
func (a *axis) nearest(in, out int, scale float64) {
	a.resize(out)
	for i := range a.low {
		a.low[i] = min(int32(float32(i)*float32(scale)), int32(in-1))
	}
}

// bilinear aligns the pixels by their centres: target i lies at source position
// scale*(i+0.5) - 0.5, but not below 0.
func (a *axis) bilinear(in, out int, scale float64) {
	a.resize(out)
	for i := range a.low {
		at := max(float64(scale*(float64(i)+0.5))-0.5, 0)
		low := min(int32(at), int32(in-1))
		by := float32(at - float64(low))
		a.low[i], a.high[i] = low, min(low+1, int32(in-1))
		a.lowBy[i], a.highBy[i] = 1-by, by
	}
}

// ratio returns the scale if only the sizes are known.
func ratio(in, out int) float64 { return float64(float32(in) / float32(out)) }
