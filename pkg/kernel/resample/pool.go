package resample

import "multiscale/pkg/kernel/pointwise/vector"

// AveragePool writes the means of the k x k blocks of x (planes,h,w) to y
// (planes,h/k,w/k). Rows and columns beyond the last whole block are dropped.
func AveragePool(y, x []float32, planes, h, w, k int) {
	j := newJob(averagePool, y, x, planes, h, w, h/k, w/k, false)
	j.factor = k
	if k == 2 {
		j.do = meanDown2
	}
	j.run()
}

// AveragePoolBackward writes gx (planes,h,w), the gradient of AveragePool with
// respect to x, from gy (planes,h/k,w/k).
func AveragePoolBackward(gx, gy []float32, planes, h, w, k int) {
	j := newJob(averagePoolBackward, gx, gy, planes, h, w, h/k, w/k, true)
	j.factor = k
	if k == 2 {
		j.do = meanDown2Backward
	}
	j.run()
}

func averagePool(j *job, y, x []float32) {
	k := j.factor
	l := line(j.w)
	for i := range j.oh {
		copy(*l, x[k*i*j.w:][:j.w])
		for r := k*i + 1; r < k*(i+1); r++ {
			vector.Add(*l, *l, x[r*j.w:][:j.w])
		}
		for c := range j.ow {
			var s float32
			for _, v := range (*l)[c*k:][:k] {
				s += v
			}
			y[i*j.ow+c] = s / float32(k*k)
		}
	}
	lines.Put(l)
}

func averagePoolBackward(j *job, gx, gy []float32) {
	k := j.factor
	clear(gx)
	for i := range j.oh {
		first := gx[k*i*j.w:][:j.w]
		for c, g := range gy[i*j.ow:][:j.ow] {
			g /= float32(k * k)
			for b := range k {
				first[c*k+b] = g
			}
		}
		for r := k*i + 1; r < k*(i+1); r++ {
			copy(gx[r*j.w:][:j.w], first)
		}
	}
}
