package norm

import (
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

var forwardPhases = phases{moments, statistics, normalize}

// moments leaves the two moments of the rows in the sums of the first.
func moments(j *job, group, lo, hi int) {
	at := 2 * (group*j.rows + lo)
	j.sums[at], j.sums[at+1] = vector.Moments(j.data(j.x, group, lo, hi))
}

// statistics saves the mean and the deviation of a group and prepares its rows.
func statistics(j *job, group int) {
	var sum, squares float64
	for r := 0; r < j.rows; r += j.partRows {
		at := 2 * (group*j.rows + r)
		sum += j.sums[at]
		squares += j.sums[at+1]
	}
	n := float64(j.rows * j.width)
	mean := sum / n
	rstd := 1 / math.Sqrt(max(squares/n-mean*mean, 0)+j.eps)
	j.mean[group], j.rstd[group] = float32(mean), float32(rstd)
	j.coefficients(group, 0, j.rows, rstd, mean-float64(float32(mean)))
}

// normalize is the last phase of Forward.
func normalize(j *job, group, lo, hi int) {
	at := group * j.rows
	scale, shift, mean := j.scale[at+lo:at+hi], j.shift[at+lo:at+hi], j.mean[group]
	y, x := j.data(j.y, group, lo, hi), j.data(j.x, group, lo, hi)
	if j.act.Kind == kernel.SiLU {
		vector.NormalizeSiLU(y, x, j.width, mean, scale, shift)
		return
	}
	vector.NormalizeLeaky(y, x, j.width, mean, scale, shift, leakySlope(j.act))
	if j.act.Kind == kernel.Tanh {
		vector.Tanh(y, y)
	}
}

// coefficients fills in scale and shift of rows [lo, hi) so that the output
// before the activation is (x-float32(mean))*scale + shift; rest is what
// rounding the mean to float32 left over.
func (j *job) coefficients(group, lo, hi int, rstd, rest float64) (scale, shift []float32) {
	at, c := group*j.rows, group%j.groups*j.perGroup
	scale, shift = j.scale[at+lo:at+hi], j.shift[at+lo:at+hi]
	gamma, beta := j.gamma, j.beta
	if gamma != nil {
		gamma = gamma[c+lo:]
	}
	if beta != nil {
		beta = beta[c+lo:]
	}
	vector.AffineRows(scale, shift, gamma, beta, rstd, rest)
	return scale, shift
}

// leakySlope is the slope below zero of the activations that are linear on
// both sides; the identity's is also used before a tanh.
func leakySlope(act kernel.Activation) float32 {
	switch act.Kind {
	case kernel.ReLU:
		return 0
	case kernel.LeakyReLU:
		return act.Slope
	}
	return 1
}
