package resample

import "multiscale/pkg/kernel/pointwise/vector"

// PixelShuffle rearranges x (n, c*r*r, h, w) to y (n, c, h*r, w*r): channel
// m*r*r + i*r + k of x holds the pixels at row i and column k of each r x r block
// of channel m of y (Shi et al. 2016).
func PixelShuffle(y, x []float32, n, c, h, w, r int) {
	j := newJob(shuffle, y, x, n*c, h, w*r*r, h*r, w*r, false)
	j.w, j.factor = w, r
	j.run()
}

// PixelShuffleBackward writes gx (n, c*r*r, h, w), the gradient of PixelShuffle with
// respect to x, from gy (n, c, h*r, w*r). It is the inverse of PixelShuffle.
func PixelShuffleBackward(gx, gy []float32, n, c, h, w, r int) {
	j := newJob(unshuffle, gx, gy, n*c, h, w*r*r, h*r, w*r, true)
	j.w, j.factor = w, r
	j.run()
}

// source returns a row of a channel. The channel is counted from the first of the r*r
// channels that belong to a plane.
func (j *job) source(x []float32, channel, row int) []float32 {
	return x[(channel*j.h+row)*j.w:][:j.w]
}

func shuffle(j *job, y, x []float32) {
	r := j.factor
	for row := range j.oh {
		to, from, first := y[row*j.ow:][:j.ow], row/r, row%r*r
		if r == 2 {
			vector.Interleave(to, j.source(x, first, from), j.source(x, first+1, from))
			continue
		}
		for k := range r {
			for i, v := range j.source(x, first+k, from) {
				to[i*r+k] = v
			}
		}
	}
}

func unshuffle(j *job, gx, gy []float32) {
	r := j.factor
	for row := range j.oh {
		from, to, first := gy[row*j.ow:][:j.ow], row/r, row%r*r
		if r == 2 {
			vector.Deinterleave(j.source(gx, first, to), j.source(gx, first+1, to), from)
			continue
		}
		for k := range r {
			line := j.source(gx, first+k, to)
			for i := range line {
				line[i] = from[i*r+k]
			}
		}
	}
}
