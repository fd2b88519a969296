package pointwise

import "multiscale/pkg/kernel/pointwise/vector"

// MSE returns the mean of (y-target)^2, accumulated in float64.
func MSE(y, target []float32) float64 {
	same("MSE", len(y), len(target))
	j := newJob(mse, nil, y)
	j.z = target
	return j.total(len(y)) / float64(len(y))
}

func mse(j *job, lo, hi int) { j.sums[lo/j.step] = vector.Distance(j.x[lo:hi], j.z[lo:hi]) }

// MSEBackward writes gy = scale*2*(y-target)/len(y), the gradient of
// scale*MSE with respect to y.
func MSEBackward(gy, y, target []float32, scale float32) {
	same("MSEBackward", len(gy), len(y), len(target))
	j := newJob(mseBackward, gy, y)
	j.z, j.a = target, float32(2*float64(scale)/float64(len(y)))
	j.elements(len(y))
}

func mseBackward(j *job, lo, hi int) {
	vector.SubScale(j.y[lo:hi], j.x[lo:hi], j.z[lo:hi], j.a)
}
