package norm

import (
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

var forwardPhases = phases{moments, statistics, normalize}

// moments is the first phase of Forward: the two moments of whole groups, or of a part of
// one.
func moments(c *core, lo, hi int) {
	parts := max(1, (hi-lo)/c.partRows) // the last part of a group may have fewer rows
	at := lo/c.rows*max(1, c.parts) + lo%c.rows/c.partRows
	vector.RowMoments(c.sums[2*at:2*(at+parts)], c.data(c.x, lo, hi), (hi-lo)/parts*c.width)
}

// statistics is the second phase of Forward: it saves the means and deviations of groups.
func statistics(j *job, from, to int) {
	parts := max(j.parts, 1)
	n := float64(j.rows * j.width)
	for group := from; group < to; group++ {
		var sum, squares float64
		for at := 2 * group * parts; at < 2*(group+1)*parts; at += 2 {
			sum += j.sums[at]
			squares += j.sums[at+1]
		}
		mean := sum / n
		rstd := 1 / math.Sqrt(max(squares/n-float64(mean*mean), 0)+j.eps)
		j.mean[group], j.rstd[group] = float32(mean), float32(rstd)
		j.deviation[2*group], j.deviation[2*group+1] = rstd, mean-float64(float32(mean))
	}
}

// normalize is the last phase of Forward.
func normalize(c *core, lo, hi int) {
	c.prepare(lo, hi)
	y, x := c.data(c.y, lo, hi), c.data(c.x, lo, hi)
	if c.act.Kind == kernel.SiLU {
		vector.NormalizeSiLU(y, x, c.width, c.mean, c.scale, c.shift)
		return
	}
	vector.NormalizeLeaky(y, x, c.width, c.mean, c.scale, c.shift, leakySlope(c.act))
	if c.act.Kind == kernel.Tanh {
		vector.Tanh(y, y)
	}
}

// leakySlope returns the slope for negative inputs of a piecewise linear activation. For
// other activations it returns 1, the slope of the identity.
func leakySlope(act kernel.Activation) float32 {
	switch act.Kind {
	case kernel.ReLU:
		return 0
	case kernel.LeakyReLU:
		return act.Slope
	}
	return 1
}
