package pointwise

import "multiscale/pkg/kernel/pointwise/vector"

// MSE writes the mean of (y-target)^2 of each sample to losses, accumulated in
// float64. y and target hold len(losses) samples.
func MSE(losses, y, target []float32) {
	same("MSE", len(y), len(target), samples(len(losses), len(y)))
	if len(losses) == 0 {
		return
	}
	j := newJob(mse, losses, y)
	j.z = target
	j.byRows(len(losses), len(y)/len(losses))
}

func mse(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		at, end := i*j.width, (i+1)*j.width
		j.y[i] = float32(vector.Distance(j.x[at:end], j.z[at:end]) / float64(j.width))
	}
}

// MSEBackward writes gy, the gradient with respect to y of the sum over samples of
// weights times MSE: gy = weight*2*(y-target)/len(sample).
func MSEBackward(gy, y, target, weights []float32) {
	same("MSEBackward", len(gy), len(y), len(target), samples(len(weights), len(y)))
	if len(weights) == 0 {
		return
	}
	j := newJob(mseBackward, gy, y)
	j.z, j.w = target, weights
	j.byRows(len(weights), len(y)/len(weights))
}

func mseBackward(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		at, end := i*j.width, (i+1)*j.width
		scale := float32(2 * float64(j.w[i]) / float64(j.width))
		vector.SubScale(j.y[at:end], j.x[at:end], j.z[at:end], scale)
	}
}

// samples returns length, rounded down to a multiple of n, or 0 if n is 0. The result
// equals length if length elements can be divided into n samples of equal size.
func samples(n, length int) int {
	if n == 0 {
		return 0
	}
	return length / n * n
}
