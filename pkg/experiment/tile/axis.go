package tile

// axis divides one side of a picture into overlapping tiles of equal length.
type axis struct {
	at   []int // first pixels of tiles, ascending
	side int   // of a tile
	// ramp is the number of pixels around the middle of an overlap that are blended
	// from both tiles. Each other pixel is taken from the tile in which it lies deepest.
	ramp int
}

// cut divides length pixels into tiles of side pixels. Tiles overlap by at least overlap
// pixels, if side allows that, of which ramp are blended. Tiles begin at multiples of step,
// which divides side and length.
func cut(length, side, overlap, ramp, step int) axis {
	a := axis{at: []int{0}, side: side, ramp: ramp}
	if side >= length {
		return a
	}
	// As evenly spaced as step allows.
	gaps := gaps(length, side, overlap, step)
	for i := 1; i <= gaps; i++ {
		a.at = append(a.at, (length-side)/step*i/gaps*step)
		apart := a.at[i] - a.at[i-1]
		a.ramp = min(a.ramp, side-apart)
		if gaps > 1 {
			a.ramp = min(a.ramp, apart) // so that ramps do not overlap
		}
	}
	return a
}

// gaps returns the number of tiles after the first one.
func gaps(length, side, overlap, step int) int {
	advance := max(step, (side-overlap)/step*step)
	return (length - side + advance - 1) / advance
}

// shortest returns the shortest side with which cut makes no more tiles than with side.
func shortest(length, side, overlap, step int) int {
	if side >= length {
		return side
	}
	gaps := gaps(length, side, overlap, step)
	return min(side, roundUp((length+gaps*overlap+gaps)/(gaps+1), step))
}

// overlap returns the smallest overlap of two neighbours; for a single tile, its side.
func (a axis) overlap() int {
	least := a.side
	for i := range len(a.at) - 1 {
		least = min(least, a.at[i]+a.side-a.at[i+1])
	}
	return least
}

// weights returns the share of tile i in each of its pixels of the result. At every pixel,
// the shares of all tiles add up to 1.
func (a axis) weights(i, scale int) []float32 {
	w := make([]float32, a.side*scale)
	for k := range w {
		p := a.at[i]*scale + k
		w[k] = 1
		if i > 0 {
			w[k] = a.rise(i-1, p, scale)
		}
		if i < len(a.at)-1 && w[k] == 1 {
			w[k] = 1 - a.rise(i, p, scale)
		}
	}
	return w
}

// rise returns the share of tile i+1 at pixel p of the result, in the overlap of tiles i
// and i+1. It rises linearly from 0 to 1 over the ramp.
func (a axis) rise(i, p, scale int) float32 {
	middle, ramp := a.middle(i, scale), a.ramp*scale
	switch {
	case p < middle-ramp/2:
		return 0
	case p >= middle+(ramp+1)/2:
		return 1
	}
	return (float32(p-middle+ramp/2) + 0.5) / float32(ramp)
}

// middle returns the middle of the overlap of tiles i and i+1, in pixels of the result.
func (a axis) middle(i, scale int) int { return (a.at[i] + a.side + a.at[i+1]) * scale / 2 }

// settled returns the first pixel of the result to which tiles after i add; after the last tile, the end.
func (a axis) settled(i, scale int) int {
	if i == len(a.at)-1 {
		return (a.at[i] + a.side) * scale
	}
	return a.middle(i, scale) - a.ramp*scale/2
}
