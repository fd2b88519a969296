package pointwise

import "multiscale/pkg/kernel/pointwise/vector"

// Softmax writes y = exp(x) / sum(exp(x)) for each row; x and y have shape
// (rows, cols), cols at least 1. y may be x.
func Softmax(y, x []float32, rows, cols int) {
	same("Softmax", rows*cols, len(y), len(x))
	newJob(softmax, y, x).byRows(rows, cols)
}

func softmax(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		y, x := j.y[i*j.width:][:j.width], j.x[i*j.width:][:j.width]
		sum := vector.ExpShift(y, x, 1, vector.Maximum(x))
		vector.Scale(y, float32(1/sum), y)
	}
}

// SoftmaxBackward writes gx = y * (gy - sum(gy*y)) for each row, from the
// output y of Softmax. gx may be gy.
func SoftmaxBackward(gx, gy, y []float32, rows, cols int) {
	same("SoftmaxBackward", rows*cols, len(gx), len(gy), len(y))
	j := newJob(softmaxBackward, gx, y)
	j.z = gy
	j.byRows(rows, cols)
}

func softmaxBackward(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		gx, gy, y := j.y[i*j.width:][:j.width], j.z[i*j.width:][:j.width], j.x[i*j.width:][:j.width]
		vector.SoftGrad(gx, gy, y, float32(vector.Dot(gy, y)), 1)
	}
}
