package jpeg

// Progressive files of which scans are missing, as those of pages that are still loading, have blocks
// of one shade at first. libjpeg estimates the lowest coefficients that have not come from the mean
// values of the blocks around: T.81, annex K.8, which libjpeg-turbo extends from nine to 25 blocks. These
// are the values of its versions 3.0 and later; version 2.1 takes other blocks at the upper and lower
// edge of components with more than one row of blocks in an MCU.

// window is the weights of the mean values of 5 by 5 blocks, rows from top to bottom; each sum is
// divided by 256.
type window [25]int16

func (w window) transposed() (t window) {
	for i, v := range w {
		t[i%5*5+i/5] = v
	}
	return t
}

// estimate is how a coefficient follows from a window; k is its number in zigzag order.
type estimate struct {
	k    int
	from window
}

// refined are the estimates where some of these coefficients have come.
var refined = pairs(
	estimate{1, window{10: -7, 50, 0, -50, 7}},
	estimate{5, window{10: -1, 13, -24, 13, -1}},
	estimate{4, window{
		0, -1, 0, 1, 0,
		-1, 10, 0, -10, 1,
		0, 0, 0, 0, 0,
		1, -10, 0, 10, -1,
		0, 1, 0, -1, 0}})

// blurred are those where mean values are all that has come: they are blurred, too.
var blurred = append(pairs(
	estimate{1, window{
		-1, -1, 0, 1, 1,
		-3, 13, 0, -13, 3,
		-3, 38, 0, -38, 3,
		-3, 13, 0, -13, 3,
		-1, -1, 0, 1, 1}},
	estimate{5, window{
		0, 0, 0, 0, 0,
		0, 2, -5, 2, 0,
		1, 7, -14, 7, 1,
		0, 2, -5, 2, 0,
		0, 0, 0, 0, 0}},
	estimate{4, window{
		-1, 0, 0, 0, 1,
		0, 9, 0, -9, 0,
		0, 0, 0, 0, 0,
		0, -9, 0, 9, 0,
		1, 0, 0, 0, -1}},
	estimate{6, window{5: 0, 1, 0, -1, 0, 0, 2, 0, -2, 0, 0, 1, 0, -1, 0}},
	estimate{7, window{5: 0, 1, -3, 1, 0, 0, 0, 0, 0, 0, 0, -1, 3, -1, 0}}),
	estimate{0, window{
		-2, -6, -8, -6, -2,
		-6, 6, 42, 6, -6,
		-8, 42, 152, 42, -8,
		-6, 6, 42, 6, -6,
		-2, -6, -8, -6, -2}})

// estimated is how many coefficients, in zigzag order, are estimated at most.
const estimated = 10

// mirrored is the coefficient with rows and columns exchanged, of those that are estimated.
var mirrored = [estimated]int{0, 2, 1, 5, 4, 3, 9, 8, 7, 6}

// pairs adds to each estimate that of the mirrored coefficient.
func pairs(list ...estimate) (all []estimate) {
	for _, e := range list {
		all = append(all, e)
		if m := mirrored[e.k]; m != e.k {
			all = append(all, estimate{m, e.from.transposed()})
		}
	}
	return all
}

// lacksDetail reports whether coefficients are estimated: the mean values of all components have come, and
// some of the lowest coefficients are not exact.
func (d *decoder) lacksDetail() bool {
	lacking := false
	for _, c := range d.comps {
		if c.left[0] < 0 {
			return false
		}
		for k := range estimated {
			if c.quant[k] == 0 {
				return false
			}
			lacking = lacking || k > 0 && c.left[k] != 0
		}
	}
	return lacking
}

// smooth estimates coefficients of a component that have not come, or not all bits of them.
func (c *component) smooth() {
	list := blurred
	for k := 1; k < estimated; k++ {
		if c.left[k] >= 0 {
			list = refined
		}
	}
	means := make([]int16, len(c.coef))
	for i := range c.coef {
		means[i] = c.coef[i][0]
	}
	across, down := ceil(c.w, 8), ceil(c.rows, 8)
	stored := c.blocks / c.stride
	var around [25]int64
	for y := range down {
		highest, lowest := 0, stored-1 // also of rows below the picture, unless the block is in the last row of MCUs
		if y >= stored-c.v {
			lowest = down - 1
		}
		if y == c.v && y == lowest { // alone in the second of two rows of MCUs: libjpeg looks up by one only
			highest = y - 1
		}
		for x := range across {
			for i := range around {
				near := min(max(y+i/5-2, highest), lowest)*c.stride + min(max(x+i%5-2, 0), across-1)
				around[i] = int64(means[near])
			}
			for _, e := range list {
				c.estimate(&c.coef[y*c.stride+x], e, &around)
			}
		}
	}
}

// estimate sets a coefficient of a block, unless it is known to be exact or not to be zero. What has
// come of it bounds it: its high bits are zero.
func (c *component) estimate(block *[64]int16, e estimate, around *[25]int64) {
	at := &block[zigzag[e.k]]
	if e.k > 0 && (c.left[e.k] == 0 || *at != 0) {
		return
	}
	sum := int64(0)
	for i, w := range e.from {
		sum += int64(w) * around[i]
	}
	sum *= int64(c.quant[0])
	sign := int64(1)
	if sum < 0 {
		sign, sum = -1, -sum
	}
	q := int64(c.quant[e.k])
	v := (q<<7 + sum) / (q << 8)
	if low := c.left[e.k]; low > 0 && e.k > 0 {
		v = min(v, 1<<low-1)
	}
	*at = int16(sign * v)
}
