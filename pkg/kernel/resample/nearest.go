package resample

import "multiscale/pkg/kernel/pointwise/vector"

// Nearest resizes x (planes,h,w) to y (planes,oh,ow) by
// y[i,j] = x[floor(i*h/oh), floor(j*w/ow)].
func Nearest(y, x []float32, planes, h, w, oh, ow int) {
	NearestScaled(y, x, planes, h, w, oh, ow, ratio(h, oh), ratio(w, ow))
}

// NearestScaled is Nearest with given numbers of source pixels per target pixel:
// y[i,j] = x[floor(i*scaleH), floor(j*scaleW)]. They differ from h/oh and w/ow if oh
// and ow are h and w times a resize factor, rounded down; then they are the reciprocal
// of that factor.
func NearestScaled(y, x []float32, planes, h, w, oh, ow int, scaleH, scaleW float64) {
	j := newJob(nearest, y, x, planes, h, w, oh, ow, false)
	j.placeNearest(scaleH, scaleW, nearestUp2, nearestDown2)
	j.run()
}

// NearestBackward writes gx (planes,h,w), the gradient of Nearest with respect
// to x, from gy (planes,oh,ow).
func NearestBackward(gx, gy []float32, planes, h, w, oh, ow int) {
	NearestScaledBackward(gx, gy, planes, h, w, oh, ow, ratio(h, oh), ratio(w, ow))
}

// NearestScaledBackward writes gx (planes,h,w), the gradient of NearestScaled with
// respect to x, from gy (planes,oh,ow).
func NearestScaledBackward(gx, gy []float32, planes, h, w, oh, ow int, scaleH, scaleW float64) {
	j := newJob(nearestBackward, gx, gy, planes, h, w, oh, ow, true)
	j.placeNearest(scaleH, scaleW, nearestUp2Backward, nearestDown2Backward)
	j.run()
}

// placeNearest sets the axes. For a factor of 2 it selects a faster kernel instead. A
// reduction by 2 does not use the last row or column of an odd size, whether the scale
// is 2 or h/oh.
func (j *job) placeNearest(scaleH, scaleW float64, up2, down2 func(j *job, y, x []float32)) {
	switch {
	case j.oh == 2*j.h && j.ow == 2*j.w && scaleH == 0.5 && scaleW == 0.5:
		j.do, j.whole = up2, true
	case j.oh > 0 && j.ow > 0 && j.oh == j.h/2 && j.ow == j.w/2 && scaleH >= 2 && scaleW >= 2 &&
		scaleH <= ratio(j.h, j.oh) && scaleW <= ratio(j.w, j.ow):
		j.do = down2
	default:
		j.rows.nearest(j.h, j.oh, scaleH)
		j.cols.nearest(j.w, j.ow, scaleW)
	}
}

func nearest(j *job, y, x []float32) {
	for i, r := range j.rows.low {
		row, to := x[int(r)*j.w:][:j.w], y[i*j.ow:][:j.ow]
		if i > 0 && r == j.rows.low[i-1] {
			copy(to, y[(i-1)*j.ow:])
			continue
		}
		for k, c := range j.cols.low {
			to[k] = row[c]
		}
	}
}

func nearestBackward(j *job, gx, gy []float32) {
	clear(gx)
	for i, r := range j.rows.low {
		to := gx[int(r)*j.w:][:j.w]
		for k, g := range gy[i*j.ow:][:j.ow] {
			to[j.cols.low[k]] += g
		}
	}
}

func nearestUp2(j *job, y, x []float32) { vector.DuplicateRows(y, x, j.w, 1) }

func nearestUp2Backward(j *job, gx, gy []float32) { vector.BlockSums(gx, gy, j.w, 1) }

func nearestDown2(j *job, y, x []float32) {
	for i := range j.oh {
		vector.Evens(y[i*j.ow:][:j.ow], x[2*i*j.w:])
	}
}

func nearestDown2Backward(j *job, gx, gy []float32) {
	clear(gx)
	for i := range j.oh {
		to := gx[2*i*j.w:]
		for k, g := range gy[i*j.ow:][:j.ow] {
			to[2*k] = g
		}
	}
}
