package resample

import "multiscale/pkg/kernel/pointwise/vector"

// Bilinear resizes x (planes,h,w) to y (planes,oh,ow) by linear interpolation
// between pixel centres, without antialiasing. scaleH and scaleW are the numbers
// of source pixels per target pixel: the reciprocal of the resize factor if there
// is one, otherwise h/oh and w/ow. With a scale of 2 the result is the means of
// blocks of 2x2 pixels.
func Bilinear(y, x []float32, planes, h, w, oh, ow int, scaleH, scaleW float64) {
	j := newJob(bilinear, y, x, planes, h, w, oh, ow, false)
	j.placeBilinear(scaleH, scaleW, bilinearUp2, meanDown2)
	j.run()
}

// BilinearBackward writes gx (planes,h,w), the gradient of Bilinear with
// respect to x, from gy (planes,oh,ow).
func BilinearBackward(gx, gy []float32, planes, h, w, oh, ow int, scaleH, scaleW float64) {
	j := newJob(bilinearBackward, gx, gy, planes, h, w, oh, ow, true)
	j.placeBilinear(scaleH, scaleW, bilinearUp2Backward, meanDown2Backward)
	j.run()
}

// placeBilinear sets the axes. For a factor of 2 it selects a faster kernel.
func (j *job) placeBilinear(scaleH, scaleW float64, up2, down2 func(j *job, y, x []float32)) {
	switch {
	case scaleH == 0.5 && scaleW == 0.5 && j.oh == 2*j.h && j.ow == 2*j.w:
		j.do = up2
	case scaleH == 2 && scaleW == 2 && 2*j.oh <= j.h && 2*j.ow <= j.w:
		j.do = down2 // needs no axes
		return
	}
	j.rows.bilinear(j.h, j.oh, scaleH)
	j.cols.bilinear(j.w, j.ow, scaleW)
}

func bilinear(j *job, y, x []float32) {
	l := line(j.w)
	for i := range j.oh {
		j.blendRows(*l, x, i)
		to := y[i*j.ow:][:j.ow]
		for k, low := range j.cols.low {
			to[k] = float32(j.cols.lowBy[k]*(*l)[low]) + float32(j.cols.highBy[k]*(*l)[j.cols.high[k]])
		}
	}
	lines.Put(l)
}

// blendRows blends the two source rows of target row i and writes them to l.
func (j *job) blendRows(l, x []float32, i int) {
	low, high := int(j.rows.low[i]), int(j.rows.high[i])
	vector.Blend(l, x[low*j.w:][:j.w], x[high*j.w:][:j.w], j.rows.lowBy[i], j.rows.highBy[i])
}

func bilinearBackward(j *job, gx, gy []float32) {
	l := line(j.w)
	clear(gx)
	for i := range j.oh {
		clear(*l)
		for k, g := range gy[i*j.ow:][:j.ow] {
			(*l)[j.cols.low[k]] += float32(j.cols.lowBy[k] * g)
			(*l)[j.cols.high[k]] += float32(j.cols.highBy[k] * g)
		}
		j.spreadRows(gx, *l, i)
	}
	lines.Put(l)
}

// spreadRows is the transpose of blendRows.
func (j *job) spreadRows(gx, l []float32, i int) {
	vector.Axpy(gx[int(j.rows.low[i])*j.w:][:j.w], j.rows.lowBy[i], l)
	vector.Axpy(gx[int(j.rows.high[i])*j.w:][:j.w], j.rows.highBy[i], l)
}

// bilinearUp2 is bilinear for a factor of 2, where the weights of columns are 1/4 and 3/4.
func bilinearUp2(j *job, y, x []float32) {
	l := line(j.w)
	for i := range j.oh {
		j.blendRows(*l, x, i)
		vector.DoubleLine(y[i*j.ow:], *l)
	}
	lines.Put(l)
}

func bilinearUp2Backward(j *job, gx, gy []float32) {
	l := line(j.w)
	clear(gx)
	for i := range j.oh {
		vector.DoubleLineGrad(*l, gy[i*j.ow:])
		j.spreadRows(gx, *l, i)
	}
	lines.Put(l)
}

func meanDown2(j *job, y, x []float32) {
	if j.even() {
		vector.BlockSums(y, x, j.ow, 0.25)
		return
	}
	for i := range j.oh {
		vector.PairSums(y[i*j.ow:][:j.ow], x[2*i*j.w:], x[(2*i+1)*j.w:], 0.25)
	}
}

// even reports whether both sides of the input are even, so that blocks of 2x2 pixels cover it.
func (j *job) even() bool { return 2*j.oh == j.h && 2*j.ow == j.w }

func meanDown2Backward(j *job, gx, gy []float32) {
	if !j.even() {
		clear(gx)
	}
	for i := range j.oh {
		first := gx[2*i*j.w:][:2*j.ow]
		vector.Duplicate(first, gy[i*j.ow:][:j.ow], 0.25)
		copy(gx[(2*i+1)*j.w:], first)
	}
}
