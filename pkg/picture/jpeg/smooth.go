package jpeg

// In progressive files whose later scans are missing, such as those of pages that are still loading, blocks
// have only their mean value. libjpeg estimates the missing lowest coefficients from the mean values of
// neighbouring blocks (T.81, annex K.8; libjpeg-turbo extends the neighbourhood from nine to 25 blocks). This
// file computes the values of libjpeg-turbo 3.0 and later. Version 2.1 uses other blocks at the upper and lower
// edge of components with more than one row of blocks in an MCU.

// window has the weights of the mean values of 5 by 5 blocks, in rows from top to bottom. The weighted sum is
// divided by 256.
type window [25]int16

func (w window) transposed() (t window) {
	for i, v := range w {
		t[i%5*5+i/5] = v
	}
	return t
}

// estimate says from which window coefficient k, in zigzag order, is estimated.
type estimate struct {
	k    int
	from window
}

// refined are the estimates if the file has some of these coefficients.
var refined = pairs(
	estimate{1, window{10: -7, 50, 0, -50, 7}},
	estimate{5, window{10: -1, 13, -24, 13, -1}},
	estimate{4, window{
		0, -1, 0, 1, 0,
		-1, 10, 0, -10, 1,
		0, 0, 0, 0, 0,
		1, -10, 0, 10, -1,
		0, 1, 0, -1, 0}})

// blurred are the estimates if the file has only mean values. These are blurred, too.
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

// estimated is the number of coefficients, in zigzag order, that may be estimated.
const estimated = 10

// mirrored[k] is the coefficient k with rows and columns exchanged.
var mirrored = [estimated]int{0, 2, 1, 5, 4, 3, 9, 8, 7, 6}

// pairs adds to each estimate the one of the mirrored coefficient.
func pairs(list ...estimate) (all []estimate) {
	for _, e := range list {
		all = append(all, e)
		if m := mirrored[e.k]; m != e.k {
			all = append(all, estimate{m, e.from.transposed()})
		}
	}
	return all
}

// lacksDetail reports whether coefficients must be estimated: the file has the mean values of all components, but
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

// smooth estimates the coefficients of a component that are missing or lack bits.
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
		// The range of rows of blocks. It includes padding below the picture, unless the block is in the last row of MCUs.
		highest, lowest := 0, stored-1
		if y >= stored-c.v {
			lowest = down - 1
		}
		if y == c.v && y == lowest { // the only row in the second of two rows of MCUs: libjpeg uses only one row above
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

// estimate sets a coefficient of a block, unless it is exact or its known bits are not zero. If high bits are known
// to be zero, they bound the estimate.
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
